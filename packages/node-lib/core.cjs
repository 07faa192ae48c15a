// Says which modules of its library real Node has loaded once a program has printed, slept, imported and required what
// the lessons on plain JavaScript use. Run by build.js, with standard output going nowhere: to where a program writes
// decides what Node loads for it, and the simulation writes without a socket.
'use strict';
for (const id of ['assert', 'async_hooks', 'buffer', 'diagnostics_channel', 'events', 'fs', 'fs/promises', 'module', 'os',
  'path', 'perf_hooks', 'querystring', 'stream', 'stream/promises', 'string_decoder', 'timers', 'timers/promises', 'url',
  'util']) require(id);
console.log('');
(async () => {
  await import('node:fs');
  await new Promise((resolve) => setTimeout(resolve, 1));
  await new Promise(setImmediate);
  await Promise.reject(0).catch(() => {});
  const loaded = process.moduleLoadList.map((entry) => entry.match(/^NativeModule (.*)/)?.[1]).filter(Boolean);
  require('fs').writeFileSync(3, JSON.stringify(loaded));
})();
