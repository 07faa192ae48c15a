// What Node words in JavaScript: codes in stacks, call sites, the source of a failed assertion; and names that Node 20 lacks.
const assert = require('assert');
try { assert.ok('') } catch (error) { console.log(error.message) }
try { assert(0 == 1) } catch (error) { console.log(error.message) }
for (const fails of [() => require('fs').readFileSync(3.5), () => Buffer.alloc('x'), () => new (require('events'))().emit('error', 5)]) {
  try {
    fails();
  } catch (error) {
    console.log(error.stack.split('\n')[0]);
  }
}
const short = (stack) => stack.split('\n').map((line) => line.replace(__dirname, '')).join('|');
const holder = {};
holder['a b'] = function () { return new Error('here') };
holder.method = () => Reflect.apply(holder['a b'], holder, []);
console.log(short(holder.method().stack).replace(/ at Module\._compile.*/, ''));
console.log(/at Module\._extensions\.\.js \(node:internal/.test(new Error('').stack));
Error.prepareStackTrace = (error, sites) => sites.slice(0, 1).map((site) => [site.getFunctionName(), site.getLineNumber(), site.getColumnNumber()].join());
function named() { return new Error('x').stack }
console.log(named());
Error.prepareStackTrace = undefined;
console.log(named().split('\n')[0]);
console.log(typeof Object.groupBy, typeof Promise.withResolvers, typeof Iterator, typeof Array.fromAsync, 'union' in Set.prototype, 'isError' in Error);
console.log(process instanceof process.constructor, process.constructor.name);
