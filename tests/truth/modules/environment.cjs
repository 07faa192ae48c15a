// process.env, signals, who the process is, what keeps it alive, the machine.
const os = require('os');
const fs = require('fs');
process.env.NUMBER = 5;
process.env.NOTHING = undefined;
console.log(process.env.NUMBER === '5', process.env.NOTHING, 'NUMBER' in process.env, delete process.env.NUMBER, process.env.NUMBER);
for (const fails of [() => { process.env[Symbol('s')] = 1 }, () => Object.defineProperty(process.env, 'x', { value: 'y' }),
  () => Object.defineProperty(process.env, 'x', { get() {} }), () => process.setuid('nobody at all'), () => process.kill(process.pid, 'SIGNOTHING'),
  () => process.kill(99999999, 0)]) {
  try {
    fails();
  } catch (error) {
    console.log(error.code, error.message);
  }
}
process.env.TMPDIR = '/elsewhere/';
console.log(os.tmpdir(), Object.keys(os.networkInterfaces()).includes('lo'), os.userInfo().username, os.getPriority());
console.log(require('util').parseEnv('A=1\nB="two\\nlines" # no\nexport C=three # yes\nD=\n'));
process.on('SIGTERM', (signal, number) => {
  console.log('signal', signal, number);
  clearInterval(waits);
});
const waits = setInterval(() => {}, 1000);
console.log(process.kill(process.pid, 'SIGTERM'), process.kill(process.pid, 0));
console.log(process.getActiveResourcesInfo().filter((name) => /Timeout|FSReq/.test(name)));
fs.stat('.', () => {});
console.log(process.getActiveResourcesInfo().filter((name) => /Timeout|FSReq/.test(name)));
new Blob(['one', new Uint8Array([32]), new Blob(['two'])]).slice(2, 6).text().then((text) => console.log('blob', text));
console.log(require('url').format(new URL('https://user:word@xn--espaol-zwa.example/path?query#hash'), { auth: false, unicode: true, search: false }));
process.on('multipleResolves', (type, promise, value) => console.log('again', type, value));
new Promise((resolve, reject) => {
  resolve(1);
  reject(2);
  resolve(3);
});
