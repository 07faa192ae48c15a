const { EventEmitter }: typeof import('node:events') = require('node:events');
const { double } = require('./double.cts') as { double(x: number): number };

const emitter: InstanceType<typeof EventEmitter> = new EventEmitter();
emitter.on('number', (x: number): void => console.log(double(x)));
emitter.emit('number', 21);
console.log(__filename.endsWith('main.cts'), require.main === module);
