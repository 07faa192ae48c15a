// What nobody catches of a script ends the process with Node's code; unreachable contexts are collected.
const vm = require('vm');
for (let i = 0; i < 200; i++) {
  const context = vm.createContext({ i });
  vm.runInContext('var a = new Array(1000).fill(i)', context);
}
console.log(process.memoryUsage().heapUsed < 60e6);
process.on('uncaughtException', (error) => {
  console.log(error.stack.split('\n').slice(0, 7).join('\n'));
  process.exitCode = 3;
});
vm.runInNewContext('\n\nfunction f() { throw new TypeError("boo") }\nf()', {}, 'my.vm');
