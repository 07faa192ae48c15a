// Says which modules of its library real Node has loaded once a program has printed, slept and come back, and required
// the modules that are named behind it; with any, it has imported too. Run by build.js, with standard output going
// nowhere: to where a program writes decides what Node loads for it, and the simulation writes without a socket.
'use strict';
const named = process.argv.slice(2);
for (const id of named) require(id);
console.log('');
(async () => {
  if (named.length > 0) await import('node:fs');
  await new Promise((resolve) => setTimeout(resolve, 1));
  await new Promise(setImmediate);
  await Promise.reject(0).catch(() => {});
  const loaded = process.moduleLoadList.map((entry) => entry.match(/^NativeModule (.*)/)?.[1]).filter(Boolean);
  require('fs').writeFileSync(3, JSON.stringify(loaded));
})();
