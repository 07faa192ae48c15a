// Short names for what a module imports: every kind of import, and a script that follows.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { renamed, shorten } from '../imports.js';

const text = (name) => [name.length, ...Buffer.from(name)];
const entries = [
  [...text('./page_bg.js'), ...text('__wbg_call_0123456789abcdef'), 0, 0],
  [...text('./page_bg.js'), ...text('__wbindgen_throw'), 0, 0],
  [...text('./else.js'), ...text('__wbg_call_0123456789abcdef'), 0, 0],
  [...text('./page_bg.js'), ...text('table'), 1, 0x70, 0, 1],
  [...text('./page_bg.js'), ...text('memory'), 2, 1, 1, 2],
  [...text('./page_bg.js'), ...text('global'), 3, 0x7f, 0],
];
const section = (id, bytes) => [id, bytes.length & 0x7f | 0x80, bytes.length >> 7, ...bytes];
const MODULE = Buffer.from([
  0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
  ...section(1, [1, 0x60, 0, 0]),
  ...section(2, [entries.length, ...entries.flat()]),
  ...section(7, [1, ...text('run'), 0, 0]),
]);

test('what is imported from one place has short names', () => {
  const { module, names } = shorten(MODULE, './page_bg.js');
  const imports = WebAssembly.Module.imports(new WebAssembly.Module(module));
  assert.deepEqual(imports.map(({ module: from, name, kind }) => `${from} ${name} ${kind}`), [
    './page_bg.js a function', './page_bg.js b function', './else.js __wbg_call_0123456789abcdef function',
    './page_bg.js c table', './page_bg.js d memory', './page_bg.js e global',
  ]);
  assert.deepEqual(WebAssembly.Module.exports(new WebAssembly.Module(module)), [{ name: 'run', kind: 'function' }]);
  assert.equal(names.get('__wbindgen_throw'), 'b');
});

test('there are as many short names as are asked for', () => {
  const many = Array.from({ length: 3_000 }, (_, index) => [...text('x'), ...text(`long_${index}`), 0, 0]);
  const body = [...[many.length & 0x7f | 0x80, many.length >> 7], ...many.flat()];
  const bytes = [body.length & 0x7f | 0x80, body.length >> 7 & 0x7f | 0x80, body.length >> 14];
  const module = Buffer.from([...MODULE.subarray(0, 8), ...section(1, [1, 0x60, 0, 0]), 2, ...bytes, ...body]);
  const { names } = shorten(module, 'x');
  assert.equal(new Set(names.values()).size, 3_000);
});

test('a script calls them by the same names', () => {
  const names = new Map([['__wbg_get_01', 'a'], ['$b', 'c']]);
  assert.equal(renamed('({__wbg_get_01:()=>x.__wbg_get_012+$b})', names), '({a:()=>x.__wbg_get_012+c})');
});
