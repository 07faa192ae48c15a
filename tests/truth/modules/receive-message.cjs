// receiveMessageOnPort takes what is posted before any event does.
const { MessageChannel, receiveMessageOnPort } = require('node:worker_threads');
const { port1, port2 } = new MessageChannel();
port1.postMessage({ a: 1 });
port1.postMessage(undefined);
for (let turn = 0; turn < 3; turn++) console.log(receiveMessageOnPort(port2));
for (const wrong of [undefined, 1, {}]) {
  try { receiveMessageOnPort(wrong); } catch (error) { console.log(error.code, error.message); }
}
port2.on('message', (message) => { console.log('event', message); port2.close(); });
port1.postMessage('taken');
port1.postMessage('left');
console.log(receiveMessageOnPort(port2));
