const error = new Error('cannot connect')
error.code = 'ECONNREFUSED'
throw error
