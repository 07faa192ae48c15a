const EventEmitter = require('eventemitter3');
const emitter = new EventEmitter();
emitter.on('a', function (x) { console.log('on', x, this.tag); }, { tag: 't' });
emitter.once('a', (x) => console.log('once', x));
console.log(emitter.emit('a', 1), emitter.emit('a', 2), emitter.emit('b'), emitter.listenerCount('a'), emitter.eventNames());
