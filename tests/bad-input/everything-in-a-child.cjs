// The same again, in child processes.
const { spawnSync } = require('child_process');
const bad = [
  'function f() { return f() + 1 } f()', 'process.binding("no_such")', 'process.exit(7)', 'Promise.reject(new Error("nobody"))',
  'require("fs").writeFileSync("/big", Buffer.alloc(1 << 20)); for (let i = 0; i < 300; i++) require("fs").appendFileSync("/big", Buffer.alloc(1 << 20))', 'Object.prototype.polluted = 1', 'process.kill(process.pid)', 'JSON.parse("[".repeat(1e5))',
];
for (const text of bad) {
  const { status, signal, stderr } = spawnSync(process.execPath, ['-e', text]);
  console.error(text.slice(0, 40), status, signal, String(stderr).split('\n').find((line) => /Error|limit/.test(line)) ?? '');
}
console.error({}.polluted, 'still here');
