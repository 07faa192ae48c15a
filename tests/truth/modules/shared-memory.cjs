// Threads that count in shared memory, wait for one another and pass buffers on.
const { Worker, isMainThread, parentPort, workerData } = require('node:worker_threads');

const THREADS = 4;
if (isMainThread) {
  const memory = new SharedArrayBuffer(64);
  const cells = new Int32Array(memory);
  let left = THREADS;
  for (let i = 0; i < THREADS; i++) {
    const worker = new Worker(__filename, { workerData: { memory, i } });
    worker.on('exit', () => {
      if (--left === 0) then(cells);
    });
  }
  setTimeout(() => {
    Atomics.store(cells, 1, 1);
    console.log('notified', Atomics.notify(cells, 1));
  }, 1500);
} else {
  const cells = new Int32Array(workerData.memory);
  const before = Date.now();
  const answers = [Atomics.wait(cells, 1, 1), Atomics.wait(cells, 1, 0)];
  if (answers.join() !== 'not-equal,ok') throw new Error(answers.join());
  if (Date.now() - before < 50) throw new Error('it did not wait');
  for (let i = 0; i < 1000; i++) Atomics.add(cells, 0, 1);
}

async function then(cells) {
  console.log('count', cells[0]);
  const small = new Int8Array(new SharedArrayBuffer(4));
  console.log(Atomics.add(small, 0, 100), Atomics.sub(small, 0, 1), Atomics.and(small, 0, 3), Atomics.or(small, 0, 4),
    Atomics.xor(small, 0, 1), Atomics.exchange(small, 0, 127), Atomics.compareExchange(small, 0, 127, -1), Atomics.load(small, 0),
    Atomics.store(small, 1, 3.7), Atomics.isLockFree(4));
  const wide = new BigInt64Array(new SharedArrayBuffer(8));
  console.log(Atomics.add(wide, 0, 5n), Atomics.load(wide, 0), Atomics.wait(wide, 0, 0n), Atomics.wait(wide, 0, 5n, 5));
  for (const wrong of [
    () => Atomics.wait([], 0, 0),
    () => Atomics.wait(new Int32Array(1), 0, 0),
    () => Atomics.wait(cells, 99, 0),
    () => Atomics.notify(small, 0),
    () => Atomics.add([], 0, 1),
    () => Atomics.load(new Int32Array(1), 2),
    () => Atomics.load(new Float64Array(1), 0),
  ]) {
    try {
      console.log(wrong());
    } catch (error) {
      console.log(`${error}`);
    }
  }
  console.log(Atomics.notify(new Int32Array(1), 0), Atomics.waitAsync(cells, 0, 0));
  const { async, value } = Atomics.waitAsync(cells, 2, 0);
  const late = Atomics.waitAsync(cells, 3, 0, 10);
  const { port1, port2 } = new (require('node:worker_threads').MessageChannel)();
  new Worker(`
    const { workerData: { cells, port } } = require('node:worker_threads');
    port.on('message', (buffer) => {
      const bytes = new Uint8Array(buffer);
      bytes[0] = 9;
      port.postMessage(buffer, [buffer]);
      port.postMessage(buffer.byteLength);
      Atomics.store(cells, 2, 1);
      Atomics.notify(cells, 2);
      port.close();
    });`, { eval: true, workerData: { cells, port: port2 }, transferList: [port2] });
  const buffer = new Uint8Array([1, 2, 3]).buffer;
  port1.on('message', (back) => console.log('back', typeof back === 'number' ? back : new Uint8Array(back)));
  port1.on('close', async () => console.log('closed', await value, await late.value));
  port1.postMessage(buffer, [buffer]);
  console.log('gone', buffer.byteLength, async);
}
