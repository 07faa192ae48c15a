// Minifies the script that wasm-bindgen wrote for the page: `node page.js FOLDER`, where Trunk has just put the page.
//
// Trunk has written the script's hash into index.html, for the browser to compare; it becomes that of the new text.

import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { transform } from 'esbuild';

const folder = process.argv[2];
if (!folder) {
  console.error('usage: node page.js FOLDER');
  process.exit(2);
}
const index = join(folder, 'index.html');
let html = readFileSync(index, 'utf8');
for (const name of readdirSync(folder).filter((name) => /^page-[0-9a-f]+\.js$/.test(name))) {
  const path = join(folder, name);
  const long = readFileSync(path, 'utf8');
  const { code } = await transform(long, { format: 'esm', minify: true, target: 'es2022', legalComments: 'none' });
  if (!html.includes(integrity(long))) throw new Error(`index.html does not name the hash of ${name}`);
  html = html.replaceAll(integrity(long), integrity(code));
  writeFileSync(path, code);
}
writeFileSync(index, html);

function integrity(text) {
  return `sha384-${createHash('sha384').update(text).digest('base64')}`;
}
