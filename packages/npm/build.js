// Packs each npm package that package.json names, with all that it depends on, into one file: `node build.js --out DIR`.
//
// The files are as published and lie as npm laid them out, so Node's own resolution finds its way: subpaths, `exports`,
// `require` against `import`, and the paths in stack traces. Left out is what no program loads or serves: types, source
// maps, tests, documents, and of a package with `exports` what these do not reach under Node's conditions. Of a native addon
// only the name of its file is packed: its machine code runs nowhere here (runtime-sim/node/src/bindings/addons.rs).
//
// DIR/NAME.bin is a `protocol::packages::Archive`, DIR/catalog.bin a `protocol::packages::Catalog`: postcard, which is a
// length before each list and each text, in varints.

import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, posix, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { brotliCompressSync, constants } from 'node:zlib';

const HERE = dirname(fileURLToPath(import.meta.url));
const MODULES = join(HERE, 'node_modules');
const CODE = /(?:\.(?:js|cjs|mjs|json|node|wasm|css|png)|\/LICEN[CS]E[^/]*)$/i;
const OTHER_PLATFORM = /(?:^|\/)prebuilds\/(?!linux-x64\/)/;
const NO_CODE = /(?:^|\/)(?:tests?|__tests__|docs?|examples?|benchmarks?|bench|coverage|\.[^/]+)\/|(?:^|\/)dist\/[^/]*\.min\.[cm]?js$|(?:^|\/)[^/]*\.(?:test|spec|config)\.[cm]?js$/i;
const ONLY_FOR_TYPES = /^(?:typescript|@types\/.*)$/;

const { values } = parseArgs({ options: { out: { type: 'string' } } });
if (!values.out) {
  console.error('usage: node build.js --out DIR');
  process.exit(2);
}
const target = resolve(process.env.INIT_CWD ?? process.cwd(), values.out);
rmSync(target, { recursive: true, force: true });
mkdirSync(target, { recursive: true });

const wanted = Object.keys(json(join(HERE, 'package.json')).dependencies).sort();
const catalog = [];
for (const name of wanted) {
  const files = [...withDependencies(name)].sort().flatMap(filesOf);
  const archive = Buffer.concat([varint(files.length), ...files.flatMap((path) => [text(path), bytes(contentOf(path))])]);
  const file = join(target, `${name}.bin`);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, archive);
  catalog.push([name, json(join(MODULES, name, 'package.json')).version]);
  const brotli = brotliCompressSync(archive, { params: { [constants.BROTLI_PARAM_QUALITY]: 9, [constants.BROTLI_PARAM_LGWIN]: 24 } });
  console.log(`${`${name}@${catalog.at(-1)[1]}`.padEnd(28)} ${String(files.length).padStart(5)} files ${String(archive.length).padStart(9)} bytes ${String(brotli.length).padStart(8)} brotli`);
}
writeFileSync(join(target, 'catalog.bin'), Buffer.concat([varint(catalog.length), ...catalog.flat().map(text)]));

/** Where the package and all that it depends on lie below node_modules, except for what its `leftOut` names. */
function withDependencies(location, seen = new Set(), leftOut = json(join(MODULES, location, 'package.json')).leftOut ?? {}) {
  if (seen.has(location)) return seen;
  seen.add(location);
  const { dependencies, optionalDependencies, peerDependencies = {}, peerDependenciesMeta = {} } = json(join(MODULES, location, 'package.json'));
  const peers = Object.keys(peerDependencies).filter((name) => !peerDependenciesMeta[name]?.optional);
  for (const name of [...Object.keys({ ...dependencies, ...optionalDependencies }), ...peers]) {
    const found = name in leftOut || ONLY_FOR_TYPES.test(name) ? undefined : installed(name, location);
    if (found) withDependencies(found, seen, leftOut);
  }
  return seen;
}

/** As Node looks for it: in the package's own node_modules, then in those above. */
function installed(name, from) {
  for (let at = from; ; at = at.slice(0, at.lastIndexOf('/node_modules/'))) {
    const nested = `${at}/node_modules/${name}`;
    if (existsSync(join(MODULES, nested, 'package.json'))) return nested;
    if (!at.includes('/node_modules/')) break;
  }
  return existsSync(join(MODULES, name, 'package.json')) ? name : undefined;
}

function contentOf(path) {
  return path.endsWith('.node') ? Buffer.alloc(0) : readFileSync(join(MODULES, path));
}

function filesOf(location) {
  const all = list(location, '').filter((path) => CODE.test(`/${path}`) && !NO_CODE.test(path) && !OTHER_PLATFORM.test(path));
  const { exports } = json(join(MODULES, location, 'package.json'));
  const kept = exports === undefined ? all : reached(location, exports, all);
  return kept.map((path) => `${location}/${path}`).sort();
}

function list(location, folder) {
  return readdirSync(join(MODULES, location, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = posix.join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : list(location, path);
    return statSync(join(MODULES, location, path)).isFile() ? [path] : [];
  });
}

/** What `exports` name for Node, and what these files load of their own package. All of it where that cannot be read. */
function reached(location, exports, all) {
  const kept = new Set(all.filter((path) => /(?:^|\/)(?:package\.json|LICEN[CS]E[^/]*)$/i.test(path)));
  const open = [];
  for (const condition of ['require', 'import']) {
    for (const pattern of targets(exports, condition)) {
      const [before, after] = pattern.replace(/^\.\//, '').split('*');
      open.push(...all.filter((path) => (after === undefined ? path === before : path.startsWith(before) && path.endsWith(after))));
    }
  }
  const here = new Set(all);
  while (open.length > 0) {
    const path = open.pop();
    if (kept.has(path)) continue;
    kept.add(path);
    if (!/\.[cm]?js$/.test(path)) continue;
    const source = readFileSync(join(MODULES, location, path), 'utf8');
    for (const [, specifier] of source.matchAll(/(?:\bfrom|\bimport|\brequire|\bimport\()\s*\(?\s*['"](\.[^'"\n]*)['"]/g)) {
      const base = posix.join(posix.dirname(path), specifier);
      const found = ['', '.js', '.json', '.cjs', '.mjs', '/index.js', '/index.cjs', '/package.json'].map((ending) => posix.normalize(base + ending)).filter((candidate) => here.has(candidate));
      open.push(...found);
    }
    if (/\brequire\(\s*(?!['"`)])|__dirname|import\.meta\.url/.test(source)) return all;
  }
  return [...kept];
}

function* targets(value, condition) {
  if (typeof value === 'string') yield value;
  else if (Array.isArray(value)) for (const item of value) yield* targets(item, condition);
  else if (value !== null && typeof value === 'object') {
    for (const [key, inner] of Object.entries(value)) {
      if (key.startsWith('.')) yield* targets(inner, condition);
      else if (['node', 'default', 'module-sync', condition].includes(key)) {
        const found = [...targets(inner, condition)];
        yield* found;
        if (found.length > 0) return;
      }
    }
  }
}

function json(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}

function varint(number) {
  const out = [];
  for (; number >= 128; number = Math.floor(number / 128)) out.push((number % 128) | 128);
  return Buffer.from([...out, number]);
}

function bytes(content) {
  return Buffer.concat([varint(content.length), content]);
}

function text(content) {
  return bytes(Buffer.from(content));
}
