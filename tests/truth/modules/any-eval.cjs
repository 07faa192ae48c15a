// What Promise.any rejects with, and the frames of what eval and Function compiled.
const first = (error, count = 3) => console.log(error.stack.split('\n').slice(0, count).join('\n'));
const attempt = (run) => { try { run(); } catch (error) { first(error); } };

attempt(() => eval('function inner() { null.x }\n inner()'));
attempt(() => (0, eval)('function inner() { null.x }\n inner()'));
attempt(function outer() { return eval('(() => { throw new Error("x") })()'); });
attempt(() => eval('eval("null.y")'));
attempt(() => new Function('a', 'b', 'return a.b.c')({}));
attempt(Function('return function named() { null.w }')());
class Generated {
  static *values() { yield 1; null.v }
  static #hidden() { null.u }
  static hidden() { Generated.#hidden(); }
}
attempt(() => { for (const value of Generated.values()); });
attempt(() => [...Generated.values()]);
attempt(() => Generated.hidden());
attempt(() => new Array(-1));
attempt(() => new Proxy({}, null));

Error.prepareStackTrace = (error, sites) => sites.slice(0, 2).map((site) => [
  site.getFileName(), site.isEval(), site.getEvalOrigin(), site.getFunctionName(), site.getLineNumber(), String(site),
]);
for (const run of [() => eval('null.x'), () => new Function('null.x')()]) {
  try { run(); } catch (error) { console.log(error.stack); }
}
delete Error.prepareStackTrace;

Promise.any([]).catch((error) => console.log(error.message, Object.getOwnPropertyNames(error), error));
(async function waits() {
  try {
    await Promise.any([1, 2].map(async function fails(n) { await null; throw new TypeError(`no ${n}`); }));
  } catch (error) {
    console.log(error instanceof AggregateError, error.stack);
    for (const inner of error.errors) first(inner, 5);
  }
  try {
    for await (const value of (async function* slow() { yield 1; null.t })());
  } catch (error) {
    first(error, 5);
  }
})();
