// Makes the page of the module that Cargo has built: `node page.js MODULE FOLDER`, where FOLDER is where Trunk has just
// put the page with that module in one piece.
//
// - The module is split in two (playground/src/page/further.rs), and what wasm-bindgen writes for the first is put in
//   the place of what Trunk had it write for the whole.
// - Scripts and modules are made smaller.
// - Trunk has written the hashes of both into index.html, for the browser to compare; they become those of the new ones.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { build } from 'esbuild';

import { renamed, shorten } from './imports.js';
import { optimize } from './optimize.js';

const FURTHER = 'split_further.wasm';

const [whole, folder] = process.argv.slice(2);
if (!folder) {
  console.error('usage: node page.js MODULE FOLDER');
  process.exit(2);
}
const script = readdirSync(folder).find((name) => /^page-\w+\.js$/.test(name));
const name = script.slice(0, -'.js'.length);
const further = `${name}_further.wasm`;
const aside = mkdtempSync(join(dirname(whole), 'split-'));
try {
  run('wasm-split-cli', whole, aside, '--out-name', name);
  const made = readdirSync(aside).filter((file) => file.endsWith('.wasm'));
  if (made.toSorted().join() !== [`${name}.wasm`, FURTHER].toSorted().join()) throw new Error(`the page was split into ${made.join(', ')}`);
  // The second is linked with all that the first exports, under the names that it had.
  run('wasm-bindgen', '--target', 'web', '--no-typescript', '--keep-lld-exports', '--out-dir', aside, join(aside, `${name}.wasm`));

  const index = join(folder, 'index.html');
  let html = readFileSync(index, 'utf8');
  let names;
  await replace(`${name}_bg.wasm`, (path) => {
    optimize(join(aside, `${name}_bg.wasm`), path);
    const shortened = shorten(readFileSync(path), `./${name}_bg.js`);
    writeFileSync(path, shortened.module);
    names = shortened.names;
  });
  await replace(script, async (path) => {
    await bundle(path);
    writeFileSync(path, renamed(readFileSync(path, 'utf8'), names));
  });
  optimize(join(aside, FURTHER), join(folder, further));
  writeFileSync(index, html);

  async function replace(file, make) {
    const path = join(folder, file);
    const before = integrity(path);
    if (!html.includes(before)) throw new Error(`index.html does not name the hash of ${file}`);
    await make(path);
    html = html.replaceAll(before, integrity(path));
  }
} finally {
  rmSync(aside, { recursive: true });
}

/** The script with the one that loads the second module; each calls the other. */
async function bundle(path) {
  const loader = join(aside, '__wasm_split.js');
  // A server may not know what a module is, and then says that it is text.
  const code = once(once(readFileSync(loader, 'utf8'), `./${FURTHER}`, `./${further}`),
    'WebAssembly.instantiateStreaming(src, imports)',
    'src.then((answer) => answer.ok ? answer.arrayBuffer() : Promise.reject(new Error(`${answer.url}: ${answer.status}`))).then((bytes) => WebAssembly.instantiate(bytes, imports))');
  writeFileSync(loader, code);
  await build({
    entryPoints: [join(aside, script)],
    outfile: path,
    allowOverwrite: true,
    bundle: true,
    external: ['./snippets/*'],
    format: 'esm',
    legalComments: 'none',
    minify: true,
    target: 'es2022',
  });
}

/** `text` with one thing in place of another, which must be there once. */
function once(text, from, to) {
  const parts = text.split(from);
  if (parts.length !== 2) throw new Error(`${parts.length - 1} times in what loads the second module: ${from}`);
  return parts.join(to);
}

function run(program, ...words) {
  execFileSync(program, words, { stdio: 'inherit' });
}

function integrity(path) {
  return `sha384-${createHash('sha384').update(readFileSync(path)).digest('base64')}`;
}
