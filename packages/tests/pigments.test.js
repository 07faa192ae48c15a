// Each case is a program in which every scheduling call is written between brackets with its queue:
// `⟦tick:nextTick⟧`. The brackets are taken out, the finder runs, and it must put them back in the same places.
import assert from 'node:assert/strict';
import test from 'node:test';

import { parser } from '@lezer/javascript';

import { findPigments } from '../src/pigments.js';

const CASES = {
  'the five ways of the first lesson': `
    ⟦timers:setTimeout⟧(() => console.log('timeout'), 0)
    ⟦check:setImmediate⟧(() => console.log('immediate'))
    process.⟦tick:nextTick⟧(() => console.log('tick'))
    Promise.resolve().⟦microtask:then⟧(() => console.log('promise'))
    console.log('sync')`,
  'chains, one pigment a link': `
    load()
      .⟦microtask:then⟧(a).⟦microtask:catch⟧(b)
      .⟦microtask:finally⟧(c)`,
  'await in its forms': `
    async function f() {
      const [a, b] = ⟦microtask:await⟧ Promise.all([x(), y()])
      for ⟦microtask:await⟧ (const line of lines) ⟦microtask:await⟧ line
    }`,
  'calls inside calls': `new Promise((done) => ⟦timers:setTimeout⟧(done, 10)).⟦microtask:then⟧(() => ⟦check:setImmediate⟧(go))`,
  'through globalThis, and imported by name': `globalThis.⟦timers:setInterval⟧(f, 1); ⟦tick:nextTick⟧(f); ⟦microtask:queueMicrotask⟧(f)`,
  'optional calls': `promise?.⟦microtask:then⟧(f); globalThis.⟦check:setImmediate⟧?.(f)`,
  'names that are not calls, and other objects': `const t = setTimeout; vue.nextTick(f); obj.then; clearTimeout(t); 'setTimeout(f)' // await f`,
  'a definition is not a call': `class A { then(f) { return f } }`,
  'code that is not finished yet': `⟦timers:setTimeout⟧(async () => {\n  const x = ⟦microtask:await⟧ load(`,
  'TypeScript': `const f = async <T>(x: T): Promise<T> => ⟦microtask:await⟧ (g(x) as Promise<T>).⟦microtask:then⟧(h)`,
};

for (const [name, marked] of Object.entries(CASES)) {
  test(name, () => {
    const source = marked.replace(/⟦\w+:(\w+)⟧/g, '$1');
    const dialect = name === 'TypeScript' ? parser.configure({ dialect: 'ts' }) : parser;
    let answer = source;
    for (const { from, to, queue } of findPigments(dialect.parse(source), (a, b) => source.slice(a, b)).reverse()) {
      answer = `${answer.slice(0, from)}⟦${queue}:${answer.slice(from, to)}⟧${answer.slice(to)}`;
    }
    assert.equal(answer, marked);
  });
}

test('only what touches the asked range is found', () => {
  const source = 'setTimeout(f)\nsetImmediate(f)\nawait f';
  const found = findPigments(parser.parse(source), (a, b) => source.slice(a, b), 14, 29);
  assert.deepEqual(found, [{ from: 14, to: 26, queue: 'check' }]);
});
