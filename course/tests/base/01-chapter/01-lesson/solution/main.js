console.log('one')
