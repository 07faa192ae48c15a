process.on('exit', (code) => console.log('exit', code))
setTimeout(() => {
  Promise.reject(new TypeError('nobody listens'))
}, 3)
