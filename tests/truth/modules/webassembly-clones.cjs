// A WebAssembly.Module is cloned, for this thread and for others; what belongs to an instance is not.
const { Worker, MessageChannel, isMainThread, parentPort, workerData } = require('node:worker_threads');

if (!isMainThread) {
  const { exports } = new WebAssembly.Instance(workerData.module);
  parentPort.postMessage([exports.add(40, 2), workerData.module instanceof WebAssembly.Module]);
  parentPort.once('message', ({ module }) => {
    parentPort.postMessage(WebAssembly.Module.exports(module));
    parentPort.close();
  });
} else {
  const bytes = Uint8Array.from([0, 97, 115, 109, 1, 0, 0, 0, 1, 7, 1, 96, 2, 127, 127, 1, 127, 3, 2, 1, 0, 5, 3, 1, 0, 1, 7, 16, 2, 3, 97, 100, 100, 0, 0, 6, 109, 101, 109, 111, 114, 121, 2, 0, 10, 9, 1, 7, 0, 32, 0, 32, 1, 106, 11]);
  const module = new WebAssembly.Module(bytes);
  const [copy, again] = structuredClone([module, module]);
  console.log(copy instanceof WebAssembly.Module, copy === module, copy === again);
  console.log(new WebAssembly.Instance(copy).exports.add(1, 2), WebAssembly.Module.exports(copy));
  const { exports } = new WebAssembly.Instance(module);
  for (const what of [exports.add]) {
    try {
      structuredClone(what);
    } catch (error) {
      console.log(error.name, error.message);
    }
  }
  const { port1, port2 } = new MessageChannel();
  port2.once('message', (got) => {
    console.log(got.name, new WebAssembly.Instance(got.module).exports.add(2, 2));
    port1.close();
    const worker = new Worker(__filename, { workerData: { module } });
    worker.once('message', (sum) => {
      console.log(sum);
      worker.once('message', (list) => console.log(list));
      worker.postMessage({ module: copy });
    });
  });
  port1.postMessage({ name: 'by a port', module });
}
