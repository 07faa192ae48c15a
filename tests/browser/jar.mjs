// The jar in this process's V8, given encoded commands; every run in a fresh instance with the memory of one that has
// booted.

import { readFileSync } from 'node:fs';

const STEPPED = 2; // Reply::Stepped
const RUNNING = 0; // Status::Running
const MEMORY_PAGE_BYTES = 64 * 1024;

function call(instance, bytes) {
  const at = instance.terrarium_input(bytes.length) >>> 0;
  new Uint8Array(instance.memory.buffer, at, bytes.length).set(bytes);
  const place = instance.terrarium_call();
  const pointer = Number(BigInt.asUintN(32, place >> 32n));
  return new Uint8Array(instance.memory.buffer, pointer, Number(BigInt.asUintN(32, place)));
}

/** Boots the wasm; `run(start)` gives the milliseconds from the start command to the world's end. */
export function boot(path, boots, step) {
  const jar = new WebAssembly.Module(readFileSync(path));
  const booted = new WebAssembly.Instance(jar).exports;
  for (const command of boots) call(booted, command);
  const image = new Uint8Array(booted.memory.buffer.slice(0));
  return function run(start) {
    const instance = new WebAssembly.Instance(jar).exports;
    instance.memory.grow((image.length - instance.memory.buffer.byteLength) / MEMORY_PAGE_BYTES);
    new Uint8Array(instance.memory.buffer).set(image);
    const began = performance.now();
    call(instance, start);
    for (;;) {
      const [kind, status] = call(instance, step);
      if (kind !== STEPPED) throw new Error(`The jar answers with a reply of kind ${kind}.`);
      if (status !== RUNNING) return performance.now() - began;
    }
  };
}
