// The same again, in a worker: the thread ends, and the program hears of it and goes on.
const { Worker } = require('worker_threads');
const bad = [
  'eval("for (;;) {}")', 'const all = []; for (;;) all.push(new Array(1000).fill(0))', 'function f() { return f() + 1 } f()',
  'setImmediate(function again() { setImmediate(again) })', 'process.binding("no_such")', 'for (let i = 0; i < 1e5; i++) setTimeout(() => {}, 1)', 'process.exit(7)', 'Promise.reject(new Error("nobody"))',
];
(async () => {
  for (const text of bad) {
    const worker = new Worker(text, { eval: true, resourceLimits: { maxOldGenerationSizeMb: 16 } });
    const timer = setTimeout(() => worker.terminate(), 500);
    await new Promise((resolve) => worker.on('error', (error) => console.error(error.code ?? error.name, error.message.split('\n')[0])).on('exit', (code) => { console.error(text.slice(0, 40), code); resolve(); }));
    clearTimeout(timer);
  }
  console.error('still here');
})();
