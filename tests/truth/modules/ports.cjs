// Ports within one thread: order, closing, what cannot travel.
const { BroadcastChannel, MessageChannel, MessagePort, receiveMessageOnPort, markAsUntransferable, Worker } = require('node:worker_threads');
const { serialize, deserialize } = require('node:v8');

const attempt = (f) => {
  try {
    console.log(f());
  } catch (error) {
    console.log(error.name, error.code, error.message);
  }
};
for (const value of [() => 1, Symbol('a'), new WeakMap(), Promise.resolve(), new Proxy({}, {}), function named() {}, Object(Symbol('q')),
  (function* () {})(), { deep: [{ deeper() {} }] }, new (class Own { a = 1; #b = 2; })(), Object(5n), [1, , 3], new Error('e', { cause: 1 }).cause]) {
  attempt(() => structuredClone(value));
}
const loop = { self: null, twice: {} };
loop.self = loop;
loop.again = loop.twice;
const copy = structuredClone(loop);
console.log(copy, copy.self === copy, copy.again === copy.twice);
const view = new Float64Array([1, 2, 3]).subarray(1);
console.log(structuredClone([view, view.buffer, new DataView(view.buffer, 8)]));
const transferred = new ArrayBuffer(8);
console.log(structuredClone({ transferred }, { transfer: [transferred] }), transferred.byteLength);
attempt(() => structuredClone(transferred));
attempt(() => structuredClone(1, { transfer: [{}] }));
attempt(() => structuredClone());
const kept = new ArrayBuffer(2);
markAsUntransferable(kept);
attempt(() => structuredClone(kept, { transfer: [kept] }));
console.log(kept.byteLength);
console.log(serialize({ a: 1, 2: [1, , 'é', 'Ж'], d: new Date(0), m: new Map([[1, 2]]), s: new Set([1]), r: /x/gi, b: 1n, n: -5.5,
  u: Buffer.from('hi'), big: -123456789012345678901234567890n, f: new Float32Array(2) }).toString('hex'));
console.log(deserialize(serialize([null, undefined, true, -0, NaN, 2 ** 40, 'x'.repeat(3), [,], Object('s')])));
attempt(() => deserialize(Buffer.from('ff0f6f22', 'hex')));
attempt(() => deserialize(Buffer.from('ffff', 'hex')));

const { port1, port2 } = new MessageChannel();
attempt(() => port1.postMessage());
attempt(() => port1.postMessage(1, 1));
attempt(() => port1.postMessage(port2));
attempt(() => port1.postMessage(1, [port1]));
attempt(() => port1.postMessage(1, [port2, port2]));
attempt(() => new MessagePort());
attempt(() => MessageChannel());
attempt(() => receiveMessageOnPort({}));
console.log(port1, port1.hasRef());
port1.postMessage('one');
port1.postMessage({ two: 2 });
console.log(receiveMessageOnPort(port2), receiveMessageOnPort(port2), receiveMessageOnPort(port2));

port2.on('message', (message) => {
  console.log('port2', message);
  process.nextTick(() => console.log('tick after', message));
  Promise.resolve().then(() => console.log('microtask after', message));
  if (message === 'last') port2.close(() => console.log('port2 closed by callback'));
});
port1.on('close', () => console.log('port1 closed', port1.hasRef()));
port2.on('close', () => console.log('port2 closed'));
setImmediate(() => console.log('immediate'));
for (const message of ['a', 'b', 'last', 'never']) port1.postMessage(message);

const channel = new MessageChannel();
channel.port2.onmessage = ({ data, ports, target }) => {
  console.log('event', data, ports.length, target === channel.port2);
  ports[0].postMessage('through');
  channel.port2.close();
};
const inner = new MessageChannel();
inner.port1.once('message', (message) => {
  console.log('inner', message);
  inner.port1.close();
});
channel.port1.postMessage('with a port', [inner.port2]);

const [from, to, other] = ['name', 'name', 'another'].map((name) => new BroadcastChannel(name));
to.onmessage = ({ data, type }) => {
  console.log('broadcast', type, data);
  from.close();
  to.close();
  other.close();
  attempt(() => from.postMessage('late'));
  last();
};
other.onmessage = () => console.log('never');
from.postMessage([1, 2]);

function last() {
  const heard = new BroadcastChannel('from a thread');
  heard.onmessage = ({ data }) => {
    console.log('heard', data);
    heard.close();
  };
  new Worker(`const { BroadcastChannel } = require('node:worker_threads');
    const channel = new BroadcastChannel('from a thread');
    channel.postMessage({ said: 'this' });
    channel.close();`, { eval: true });
}
