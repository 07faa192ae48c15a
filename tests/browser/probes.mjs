// The engine's speed against quickjs-emscripten's, both in this process's V8: each program of ../probes in turn, by
// turns. Of ours what an empty program takes is taken off. Run by `cargo xtask bench`, which writes the encoded commands.
//
//     node probes.mjs JAR COMMANDS

import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import variant from '@jitl/quickjs-wasmfile-release-sync';
import { newQuickJSWASMModuleFromVariant } from 'quickjs-emscripten-core';
import { boot } from './jar.mjs';

const [jarPath, commands] = process.argv.slice(2);
const ROUNDS = 15;
const RATIO_MAX = 1.1;
const command = (name) => readFileSync(join(commands, name));
// The first part of Node's library is all that these programs need.
const ours = boot(jarPath, [command('boot-0.bin')], command('step.bin'));

const quickjs = await newQuickJSWASMModuleFromVariant(variant);
function theirs(source) {
  const context = quickjs.newContext();
  const began = performance.now();
  const result = context.evalCode(source);
  const took = performance.now() - began;
  context.unwrapResult(result).dispose();
  context.dispose();
  return took;
}

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
const probes = readdirSync(commands).filter((name) => name.endsWith('.js')).sort();
const empty = command('empty.bin');

console.log(`${'in V8, ms'.padEnd(24)} ${'ours'.padStart(11)} ${'emscripten'.padStart(11)} ${'ratio'.padStart(11)} ${'at most'.padStart(11)}`);
let logarithms = 0;
for (const probe of probes) {
  const source = command(probe).toString();
  const start = command(probe.replace(/\.js$/, '.bin'));
  const times = { ours: [], empty: [], theirs: [] };
  for (let round = 0; round < ROUNDS; round++) {
    times.empty.push(ours(empty));
    times.ours.push(ours(start));
    times.theirs.push(theirs(source));
  }
  const took = Math.max(median(times.ours) - median(times.empty), 0.01);
  const reference = median(times.theirs);
  logarithms += Math.log(took / reference);
  console.log(`${probe.replace('.js', '').padEnd(24)} ${took.toFixed(1).padStart(11)} ${reference.toFixed(1).padStart(11)} ${(took / reference).toFixed(2).padStart(11)}`);
}
const mean = Math.exp(logarithms / probes.length);
console.log(`${'geometric mean'.padEnd(24)} ${''.padStart(11)} ${''.padStart(11)} ${mean.toFixed(2).padStart(11)} ${RATIO_MAX.toFixed(2).padStart(11)}`);
