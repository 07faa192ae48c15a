// A thread's life: data in, messages both ways, output, its end.
const { Worker, isMainThread, parentPort, workerData, threadId, resourceLimits } = require('node:worker_threads');

if (isMainThread) {
  console.log('main', threadId, resourceLimits);
  const worker = new Worker(__filename, {
    argv: ['x', 1],
    env: { NAME: 'value' },
    workerData: { list: [1, , 3], when: new Date(0), map: new Map([['a', { deep: new Set([1n]) }]]), text: 'é Ж \ud800', re: /x/gi },
  });
  worker.on('online', () => console.log('online'));
  worker.on('message', (message) => {
    console.log('main hears', message);
    if (message === 'ready') worker.postMessage({ bytes: new Uint8Array([1, 2, 3]), error: new RangeError('far') });
  });
  worker.on('error', (error) => {
    console.log('error', error.name, error.message, error.code, error instanceof TypeError, error.extra);
  });
  worker.on('exit', (code) => {
    console.log('exit', code, worker.threadId);
    worker.postMessage('nobody hears');
    next();
  });
} else {
  console.log('thread', threadId, workerData, process.argv.slice(2), process.env.NAME, process.pid > 0);
  console.error('to stderr');
  parentPort.postMessage('ready');
  parentPort.once('message', ({ bytes, error }) => {
    console.log('thread hears', bytes, error.name, error.message);
    process.on('exit', (code) => console.log('thread exits', code));
    throw Object.assign(new TypeError('thrown in a thread'), { code: 'E_MINE', extra: 1 });
  });
}

function next() {
  const ends = [
    ['process.exit(5)', {}],
    ['process.exitCode = 3', {}],
    ['process.once("beforeExit", () => console.log("before"))', {}],
    ['Promise.reject(new Error("rejected"))', {}],
    ['throw null', {}],
    ['throw { not: "an error" }', {}],
    ['this is no program', {}],
    ['const a = []; for (;;) a.push(new Array(1000).fill({}))', { resourceLimits: { maxOldGenerationSizeMb: 16 } }],
    ['require("./nowhere.js")', {}],
    ['process.chdir("/")', {}],
    ['process.stdout.write("a"); process.stdout.write("b\\n")', {}],
    ['setInterval(() => {}, 1000)', { stop: true }],
    ['for (;;);', { stop: true }],
    ['process.stdin.on("data", (d) => console.log("stdin", String(d)))', { stdin: true }],
  ];
  (function one() {
    const end = ends.shift();
    if (end === undefined) return;
    const [source, options] = end;
    const worker = new Worker(source, { eval: true, ...options });
    if (options.stdin) worker.stdin.end('given');
    worker.on('error', (error) => {
      const text = String(error?.message ?? JSON.stringify(error)).split('\n')[0];
      console.log(source.slice(0, 30), '->', error?.name, text, error?.code);
    });
    worker.on('exit', (code) => {
      console.log(source.slice(0, 30), 'exit', code);
      one();
    });
    if (options.stop) worker.once('online', () => worker.terminate().then((code) => console.log('terminated', code)));
  })();
}
