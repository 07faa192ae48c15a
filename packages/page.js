// Makes what wasm-bindgen wrote for the page smaller, its script and its module: `node page.js FOLDER`, where Trunk has
// just put the page.
//
// Trunk has written the hashes of both into index.html, for the browser to compare; they become those of the new ones.

import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';

import { transform } from 'esbuild';

import { optimize } from './optimize.js';

const folder = process.argv[2];
if (!folder) {
  console.error('usage: node page.js FOLDER');
  process.exit(2);
}
const index = join(folder, 'index.html');
let html = readFileSync(index, 'utf8');
for (const name of readdirSync(folder)) {
  const make = name.startsWith('page-') && { '.js': minify, '.wasm': optimize }[extname(name)];
  if (!make) continue;
  const path = join(folder, name);
  const before = integrity(path);
  if (!html.includes(before)) throw new Error(`index.html does not name the hash of ${name}`);
  await make(path, path);
  html = html.replaceAll(before, integrity(path));
}
writeFileSync(index, html);

async function minify(path, to) {
  const options = { format: 'esm', minify: true, target: 'es2022', legalComments: 'none' };
  const { code } = await transform(readFileSync(path), options);
  writeFileSync(to, code);
}

function integrity(path) {
  return `sha384-${createHash('sha384').update(readFileSync(path)).digest('base64')}`;
}
