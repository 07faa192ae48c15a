const { EventEmitter } = require('node:events');
const emitter = new EventEmitter();
emitter.on('data', function onData(value) { value.trim(); });
emitter.emit('data', 5);
