// Records the shape of the bindings that Node's own library stands on: every name, and every value that is data
// (numbers, strings, tables). Run on the Node of exactly the version that lib/ comes from:
//     node --expose-internals record.cjs runtime-sim/node/src/bindings
// surface.json is for every program; surface_whole.json, of what few programs come to (the bindings in whole_only.txt), is
// in the whole jar only.
// Functions and classes are recorded by name only: what the simulation lacks then says so by name.
'use strict';
const { internalBinding } = require('internal/test/binding');
const { isMap } = require('node:util').types;
const names = `async_wrap blob block_list buffer builtins cares_wrap config constants contextify credentials crypto
  encoding_binding errors fs fs_dir fs_event_wrap heap_utils http2 http_parser icu inspector
  js_stream js_udp_wrap messaging mksnapshot module_wrap modules options os performance permission pipe_wrap
  process_methods process_wrap profiler report sea serdes signal_wrap spawn_sync stream_pipe stream_wrap
  string_decoder symbols task_queue tcp_wrap timers tls_wrap trace_events tty_wrap types udp_wrap url util uv v8
  wasi wasm_web_api watchdog worker zlib`.split(/\s+/);
const { readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const folder = process.argv[2];
const WHOLE = readFileSync(join(folder, 'whole_only.txt'), 'utf8').trim().split('\n');

function data(value, depth) {
  switch (typeof value) {
    case 'number': return Number.isFinite(value) ? value : { $: 'number', v: String(value) };
    case 'boolean': case 'string': return value;
    case 'undefined': return { $: 'undefined' };
    case 'bigint': return { $: 'bigint', v: String(value) };
    case 'symbol': return { $: 'symbol', v: value.description };
    case 'function': {
      const methods = value.prototype ? Object.getOwnPropertyNames(value.prototype).filter((n) => n !== 'constructor') : [];
      const statics = Object.getOwnPropertyNames(value).filter((n) => !['length', 'name', 'prototype', 'arguments', 'caller'].includes(n));
      return { $: 'function', methods, statics };
    }
  }
  if (value === null) return null;
  if (ArrayBuffer.isView(value)) return { $: value.constructor.name, v: value.length };
  if (isMap(value)) return { $: 'map', v: [...Map.prototype.entries.call(value)].map(([k, v]) => [data(k, depth + 1), data(v, depth + 1)]) };
  if (Array.isArray(value)) return value.map((v) => data(v, depth + 1));
  const object = {};
  if (depth > 4) return object;
  for (const key of Reflect.ownKeys(value)) {
    if (typeof key === 'symbol') continue;
    object[key] = data(value[key], depth + 1);
  }
  return object;
}
const surface = {};
const LARGE = { builtins: ['natives', 'builtinIds', 'builtinCategories', 'config'] , contextify: [], async_wrap: ['execution_async_resources'] };
for (const name of names) {
  let binding;
  try { binding = internalBinding(name); } catch { continue; }
  const object = {};
  for (const key of Object.getOwnPropertyNames(binding)) {
    if (LARGE[name]?.includes(key)) continue;
    object[key] = data(binding[key], 0);
  }
  surface[name] = object;
}
// Not for tests, so it cannot be looked at.
surface.internal_only_v8 = { queryObjects: data(() => {}, 0) };
surface.builtins.config = process.config;
const options = internalBinding('options');
surface.options.values = data(options.getCLIOptionsValues ? options.getCLIOptionsValues() : options.getCLIOptions().options, 0);
surface.uv.errorMap = data(internalBinding('uv').getErrorMap(), 0);
surface.util.privateSymbols = Reflect.ownKeys(internalBinding('util').privateSymbols).map(String);
surface.util.perIsolateSymbols = Reflect.ownKeys(internalBinding('symbols')).map(String);
surface.process = { versions: process.versions, release: process.release, features: process.features, config: process.config };
const whole = { command_line_options: data(options.getCLIOptionsInfo(), 0) };
for (const name of WHOLE) {
  whole[name] = surface[name];
  delete surface[name];
}
for (const [file, record] of Object.entries({ surface, surface_whole: whole })) {
  writeFileSync(join(folder, `${file}.json`), JSON.stringify(record));
}
