// JSON with __proto__ in it, merged by hand, as a library would.
const merge = (to, from) => { for (const key of Object.keys(from)) typeof from[key] === 'object' ? merge(to[key] ??= {}, from[key]) : to[key] = from[key]; return to; };
merge({}, JSON.parse('{"__proto__": {"polluted": true, "toString": 1, "then": 2}}'));
console.error({}.polluted);
const { Worker } = require('worker_threads');
const { spawnSync } = require('child_process');
new Worker('console.error("worker", {}.polluted)', { eval: true }).on('exit', (code) => {
  console.error('exit', code);
  console.error(spawnSync(process.execPath, ['-p', '({}).polluted']).stdout + '');
});
