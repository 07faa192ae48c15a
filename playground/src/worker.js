// The worker in which the jar lives: a few lines between two queues, started from a Blob so that a sandboxed frame can
// have it. It imports nothing and knows only the first bytes of a reply.
//
// The page sends { module, boot } once: encoded Load commands with Node's library. The worker carries them out in an
// instance and keeps what its memory then has more than a fresh one's, the image; each run begins in a fresh instance
// with the image written into it, so no run can leave anything behind but what it compiled of the library and of
// packages. It posts { image } for the page to keep: another worker is then sent { module, image } and boots nothing.
//
// { typescript }, a module, comes before the first run that has TypeScript in it (`translate`): its Start command goes
// through that module and comes out with JavaScript added.
//
// { job, start, translate, steps, grade } is a run and { stop } ends it. `start` and `grade` are encoded commands, `steps` the same
// Step command in growing sizes; the worker takes the size that lasts about one frame. Between two slices it goes round
// its own queue, so a message is heard within a slice. When a run wants a part of the library that is not there, the
// worker answers { job, wanting } and waits for { part }, a Load command, or for another { module, boot } that has more;
// with that the run begins anew.
// It answers { ready }, { job, reply }, { job, wanting }, { job, ended } and { job, trap }; a trap ends that instance.

const LOAD = 0; // Command::Load
const COMPILED = new Uint8Array([5]); // Command::Compiled
const COMPILED_NOTHING_BYTES = 2; // Reply::Compiled with nothing in it
const LOADED = 0; // Reply::Loaded
const STEPPED = 2; // Reply::Stepped
const WANTING = 3; // Reply::Wanting
const RUNNING = 0; // Status::Running
const SLICE_MS_MAX = 16;
const MEMORY_PAGE_BYTES = 64 * 1024; // WebAssembly's
const IMAGE_PAGE_BYTES = 4 * 1024; // the operating system's, mostly
const REPLY_BYTES_MAX = 96 * 1024; // more than the page reads within a frame

// A jar's answer is one i64, where it lies and how long it is, and no BigInt may come of it: a worker that is terminated
// just then takes WebKit's whole page down. So it is taken apart before JavaScript sees it:
//   (import "jar" "call" (func $call (result i64))) (global $length (mut i32) (i32.const 0))
//   (func (export "at") (result i32) (local $answer i64)
//     (global.set $length (i32.wrap_i64 (local.tee $answer (call $call))))
//     (i32.wrap_i64 (i64.shr_u (local.get $answer) (i64.const 32))))
//   (func (export "length") (result i32) (global.get $length))
const HALVES = new WebAssembly.Module(new Uint8Array([
  0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 9, 2, 0x60, 0, 1, 0x7e, 0x60, 0, 1, 0x7f, 2, 12, 1, 3, 0x6a, 0x61, 0x72, 4, 0x63, 0x61,
  0x6c, 0x6c, 0, 0, 3, 3, 2, 1, 1, 6, 6, 1, 0x7f, 1, 0x41, 0, 0x0b, 7, 15, 2, 2, 0x61, 0x74, 0, 1, 6, 0x6c, 0x65, 0x6e, 0x67,
  0x74, 0x68, 0, 2, 10, 24, 2, 17, 1, 1, 0x7e, 0x10, 0, 0x22, 0, 0xa7, 0x24, 0, 0x20, 0, 0x42, 32, 0x88, 0xa7, 0x0b, 4, 0, 0x23,
  0, 0x0b,
]));

let module;
let image;
let refusal; // the reply of a jar that does not take the library
let typescript;
let jar;
let run;

const turn = new MessageChannel();
turn.port1.onmessage = () => run && guarded(slice);

onmessage = ({ data }) => {
  if (data.module) {
    ({ module, image } = data);
    guarded(() => {
      load(data.boot ?? []);
      if (run) begin();
    });
    postMessage({ ready: true });
  } else if (data.part) {
    guarded(() => {
      load([data.part]);
      if (run) begin();
    });
  } else if (data.typescript) {
    typescript = data.typescript;
  } else if (data.start) {
    run = { ...data };
    guarded(begin);
  } else if (run && data.stop === run.job) {
    end();
  }
};

/** Carries out Load commands on top of the image, and takes the next. */
function load(commands) {
  if (commands.length === 0) return;
  open();
  for (const command of commands) {
    const bytes = call(command);
    if (new Uint8Array(bytes, 0, 1)[0] !== LOADED) refusal = bytes;
  }
  image = difference(opened(module).memory.buffer, jar.memory.buffer);
  postMessage({ image });
}

function open() {
  jar = opened(module);
  if (!image) return;
  const missing = image.bytes - jar.memory.buffer.byteLength;
  if (missing > 0) jar.memory.grow(missing / MEMORY_PAGE_BYTES);
  const memory = new Uint8Array(jar.memory.buffer);
  for (const { at, bytes } of image.stretches) memory.set(new Uint8Array(bytes), at);
}

/** What makes a fresh memory equal to a booted one: its size, and stretches of it with their places. */
function difference(fresh, booted) {
  const before = new Int32Array(fresh);
  const after = new Int32Array(booted);
  const pageWords = IMAGE_PAGE_BYTES / 4;
  const differing = [];
  for (let start = 0; start < after.length; start += pageWords) {
    const end = start + pageWords;
    let at = start;
    if (start < before.length) while (at < end && after[at] === before[at]) at += 1;
    else while (at < end && after[at] === 0) at += 1;
    if (at === end) continue;
    if (differing.at(-1)?.end === start) differing.at(-1).end = end;
    else differing.push({ start, end });
  }
  const stretches = differing.map(({ start, end }) => ({ at: 4 * start, bytes: booted.slice(4 * start, 4 * end) }));
  return { bytes: booted.byteLength, stretches };
}

function opened(sealed) {
  const { memory, terrarium_input: input, terrarium_call: call } = new WebAssembly.Instance(sealed, {}).exports;
  const { at, length } = new WebAssembly.Instance(HALVES, { jar: { call } }).exports;
  return { memory, input, at, length };
}

function begin() {
  if (refusal) {
    reply(refusal.slice(0));
    end();
    return;
  }
  open();
  run.size = 0;
  const start = run.translate ? new Uint8Array(call(run.start, opened(typescript))) : run.start;
  reply(call(start));
  slice();
}

function slice() {
  const began = performance.now();
  const bytes = call(run.steps[run.size]);
  const took = performance.now() - began;
  if (wants(bytes)) return;
  const [kind, next] = new Uint8Array(bytes, 0, 2);
  const length = bytes.byteLength;
  reply(bytes);
  if (kind === STEPPED && next === RUNNING) {
    const load = Math.max(took / SLICE_MS_MAX, length / REPLY_BYTES_MAX);
    if (load < 1 / 3 && run.size < run.steps.length - 1) run.size += 1;
    if (load > 1 && run.size > 0) run.size -= 1;
    turn.port2.postMessage(null);
    return;
  }
  if (kind === STEPPED && run.grade) {
    const graded = call(run.grade);
    if (wants(graded)) return;
    reply(graded);
  }
  end();
}

/** Whether that is the answer of a jar which lacks something: it is asked for, and nothing of this attempt is needed any more. */
function wants(bytes) {
  const [kind, length] = new Uint8Array(bytes, 0, 2);
  if (kind !== WANTING) return false;
  jar = undefined;
  postMessage({ job: run.job, wanting: new TextDecoder().decode(new Uint8Array(bytes, 2, length)) });
  return true;
}

function end() {
  const { job } = run;
  run = undefined;
  postMessage({ job, ended: true });
  keepCompiled();
}

/** Puts what the run has compiled into the image, for the next. */
function keepCompiled() {
  if (!jar) return;
  try {
    const command = new Uint8Array(call(COMPILED));
    if (command.length <= COMPILED_NOTHING_BYTES) return;
    command[0] = LOAD;
    load([command]);
  } catch {
    // The next run compiles for itself, and says what is wrong.
    jar = undefined;
  }
}

function reply(bytes) {
  postMessage({ job: run.job, reply: bytes }, [bytes]);
}

/** Gives one encoded command to the jar, or to another sealed module, and returns a copy of the answer's bytes. */
function call(command, sealed = jar) {
  const place = sealed.input(command.length) >>> 0;
  new Uint8Array(sealed.memory.buffer, place, command.length).set(command);
  const at = sealed.at() >>> 0;
  return sealed.memory.buffer.slice(at, at + (sealed.length() >>> 0));
}

function guarded(work) {
  try {
    work();
  } catch (error) {
    const job = run?.job ?? 0;
    run = undefined;
    jar = undefined;
    postMessage({ job, trap: String(error?.stack || error) });
  }
}
