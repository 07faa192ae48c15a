console.log('one')
console.log('café')
