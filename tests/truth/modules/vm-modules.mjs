// vm.SourceTextModule and vm.SyntheticModule, and what import() in other code of vm asks.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import vm from 'node:vm';

if (process.execArgv.length === 0) {
  console.log(typeof vm.Module, typeof vm.SourceTextModule, typeof vm.SyntheticModule);
  const missing = (code) => vm.runInThisContext(code, { filename: 'missing.js', importModuleDynamically() {} })();
  await missing('() => import("x")').catch((error) => console.log(error.code));
  const args = ['--experimental-vm-modules', '--no-warnings', fileURLToPath(import.meta.url)];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  console.log(`${stdout}${stderr}${status}`);
  process.exit();
}

const { SourceTextModule: Source, SyntheticModule: Synthetic } = vm;
const attempt = (label, act) => {
  try {
    console.log(label, act());
  } catch (error) {
    console.log(label, error.name, error.code, error.message);
  }
};
const refused = (label) => (error) => console.log(label, error.name, error.code, error.message);

const values = new Synthetic(['x', 'default'], function (...args) {
  console.log('steps', args.length, this === values);
  this.setExport('x', 1);
  values.setExport('default', 2);
});
console.log(values.status, values.identifier);
attempt('before it is linked', () => values.setExport('x', 5));
await values.link(() => {});
attempt('unknown', () => values.setExport('nope', 5));
await values.evaluate();
console.log(values.status, values.namespace);
values.setExport('x', 7);
console.log(values.namespace.x);

const wanting = new Source('import {y} from "values"; export default y');
attempt('namespace', () => wanting.namespace);
attempt('error', () => wanting.error);
console.log(wanting.dependencySpecifiers, wanting.status, wanting.identifier);
await wanting.link(() => values).catch(refused('link'));
console.log(wanting.status);
const throwing = new Source('import {x} from "values"; throw new RangeError("boo" + x)', { identifier: 'file:///two.mjs' });
await throwing.link(() => values);
await throwing.evaluate().catch((error) => console.log(error.stack.split('\n').slice(0, 2)));
console.log(throwing.status, throwing.error.message);
await throwing.evaluate().catch(refused('again'));
attempt('syntax', () => new Source('let x = ;', { identifier: 'bad.mjs' }));
const steps = new Synthetic([], () => { throw new Error('in the steps'); });
await steps.link(() => {});
await steps.evaluate().catch(refused('steps'));
console.log(steps.status, steps.error.message);

// A graph that is linked only in part.
const a = new Source('import "b"; export let a = 1', { identifier: 'a' });
const b = new Source('import "c"; export let b = 1', { identifier: 'b' });
const c = new Source('export let c = 1', { identifier: 'c' });
let go;
const linking = b.link(() => new Promise((done) => { go = done; }));
await a.link(() => b).catch(refused('in part'));
console.log(a.status, b.status);
go(c);
await linking;
console.log(a.status, b.status, c.status);
await a.link(() => b);
await a.evaluate();
console.log(a.status, b.status, c.status);
await a.link(() => b).catch(refused('twice'));

// Cycles.
const one = new Source('import { g } from "two"; export let value = 1; export function f() { return g() }', { identifier: 'one' });
const two = new Source('import { f, value } from "one"; console.log(typeof f); export const g = () => value + 1', { identifier: 'two' });
await one.link((specifier) => (specifier === 'two' ? two : one));
console.log(one.status, two.status);
await one.evaluate();
console.log(one.namespace.f(), two.status, Object.keys(one.namespace));
const early = new Source('import { late } from "late"; late; export {}', { identifier: 'early' });
const late = new Source('import "early"; export const late = 1', { identifier: 'late' });
await late.link((specifier) => (specifier === 'early' ? early : late));
await late.evaluate().catch(refused('early'));
console.log(early.status, late.status);

// Contexts.
const context = vm.createContext({ console, out: [] });
const inner = new Source('out.push(typeof process); export const list = []; export const meta = () => import.meta', {
  context,
  initializeImportMeta(meta, module) {
    console.log('import.meta of', module === inner);
    meta.z = 1;
  },
});
await inner.link(() => {});
await inner.evaluate();
console.log(context.out, inner.namespace.list instanceof Array, inner.identifier, inner.context === context);
console.log(inner.namespace.meta(), inner.namespace.meta() === inner.namespace.meta());
const linked = (result) => new Source('import "x"').link(() => result).catch(refused('linked to'));
await linked(inner);
await linked({});
await linked(throwing);
console.log(new Source('1', { identifier: 'shown' }));

// import()
const asking = new Source('export const asked = import("q", { with: { type: "json" } }); export const { url } = import.meta', {
  importModuleDynamically(specifier, referrer, attributes) {
    console.log(specifier, referrer === asking, attributes);
    return values;
  },
});
await asking.link(() => {});
await asking.evaluate();
console.log(await asking.namespace.asked, asking.namespace.url);
const scriptOf = (code) => {
  const script = new vm.Script(code, {
    importModuleDynamically(specifier, referrer) {
      console.log(code, specifier, referrer === script);
      return values;
    },
  });
  return script;
};
const [first, second] = [scriptOf('import("one")'), scriptOf('() => import("two")')];
console.log(await first.runInThisContext(), await second.runInThisContext()());
await new vm.Script('import("three")').runInThisContext().catch(refused('no callback'));
await first.runInNewContext();
const compiled = vm.compileFunction('return import(x)', ['x'], {
  importModuleDynamically(specifier, referrer) {
    console.log(specifier, referrer === compiled);
    return {};
  },
});
await compiled('four').catch(refused('no module'));
const byDefault = new vm.Script('import("node:path")', { importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER });
console.log((await byDefault.runInThisContext()).sep);

// Time.
const slow = new Source('export let v = 0; await new Promise((done) => setTimeout(done, 5)); v = 1; throw new Error("late")', { context: vm.createContext({ setTimeout }) });
await slow.link(() => {});
const evaluated = slow.evaluate();
console.log(slow.status, slow.namespace.v);
await evaluated.catch(refused('awaits'));
console.log(slow.status, slow.namespace.v);
const endless = new Source('for (;;);');
await endless.link(() => {});
await endless.evaluate({ timeout: 20 }).catch(refused('endless'));
console.log(endless.status);

// Cached data.
const data = new Source('export let c = 1').createCachedData();
console.log(Buffer.isBuffer(data), data.length > 0);
attempt('its own', () => new Source('export let c = 1', { cachedData: data }).status);
attempt('of another', () => new Source('export let longer = 1', { cachedData: data }).status);
const cached = new vm.Script('1 + 1', { produceCachedData: true });
console.log(cached.cachedDataProduced, new vm.Script('1 + 1', { cachedData: cached.cachedData }).cachedDataRejected);
console.log(new vm.Script('"another"', { cachedData: cached.cachedData }).cachedDataRejected);

attempt('Module', () => new vm.Module({}));
attempt('twice', () => new Synthetic(['a', 'a'], () => {}));
attempt('evaluate', () => Source.prototype.evaluate.length);
await new Source('1').evaluate().catch(refused('unlinked'));
