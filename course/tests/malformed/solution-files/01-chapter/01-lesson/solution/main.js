console.log('two')
