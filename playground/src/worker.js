// The worker in which the jar lives: a few lines between two queues, started from a Blob so that a sandboxed frame can
// have it. It imports nothing and knows only the first two bytes of a reply.
//
// The page sends { module } once, { typescript } before the first run that has TypeScript in it, then { job, start,
// steps, grade } for a run and { stop } to end it. `start` and `grade` are encoded commands, `steps` the same Step
// command in growing sizes; the worker takes the size that lasts about one frame, here and to read in the page. Between
// two slices it goes round its own queue, so a message is heard within a slice.
// It answers { ready }, { job, reply }, { job, ended } and { job, trap }; a trap ends that instance and opens another.

const STEPPED = 1; // Reply::Stepped
const RUNNING = 0; // Status::Running
const SLICE_MS_MAX = 16;
const REPLY_BYTES_MAX = 96 * 1024; // more than the page reads within a frame
const MEMORY_BYTES_MAX = 64 * 1024 * 1024; // a larger memory is not kept for the next run: it cannot shrink

let module;
let typescript;
let jar;
let run;

const turn = new MessageChannel();
turn.port1.onmessage = () => run && guarded(slice);

onmessage = ({ data }) => {
  if (data.module) {
    module = data.module;
    guarded(open);
    postMessage({ ready: true });
  } else if (data.typescript) {
    typescript = data.typescript;
  } else if (data.start) {
    run = { ...data, size: 0 };
    guarded(begin);
  } else if (run && data.stop === run.job) {
    end();
  }
};

function open() {
  jar = opened(module);
}

function opened(sealed) {
  return new WebAssembly.Instance(sealed, {}).exports;
}

function begin() {
  if (!jar || jar.memory.buffer.byteLength > MEMORY_BYTES_MAX) open();
  // A command goes through the module that reads TypeScript and comes out with JavaScript added.
  const start = run.translate ? new Uint8Array(call(run.start, opened(typescript))) : run.start;
  reply(call(start));
  slice();
}

function slice() {
  const began = performance.now();
  const bytes = call(run.steps[run.size]);
  const took = performance.now() - began;
  const [kind, status] = new Uint8Array(bytes, 0, 2);
  const length = bytes.byteLength;
  reply(bytes);
  if (kind === STEPPED && status === RUNNING) {
    const load = Math.max(took / SLICE_MS_MAX, length / REPLY_BYTES_MAX);
    if (load < 1 / 3 && run.size < run.steps.length - 1) run.size += 1;
    if (load > 1 && run.size > 0) run.size -= 1;
    turn.port2.postMessage(null);
    return;
  }
  if (kind === STEPPED && run.grade) reply(call(run.grade));
  end();
}

function end() {
  const { job } = run;
  run = undefined;
  postMessage({ job, ended: true });
}

function reply(bytes) {
  postMessage({ job: run.job, reply: bytes }, [bytes]);
}

/** Gives one encoded command to the jar, or to another sealed module, and returns a copy of the answer's bytes. */
function call(command, sealed = jar) {
  const at = sealed.terrarium_input(command.length) >>> 0;
  new Uint8Array(sealed.memory.buffer, at, command.length).set(command);
  const place = sealed.terrarium_call();
  const pointer = Number(BigInt.asUintN(32, place >> 32n));
  const length = Number(BigInt.asUintN(32, place));
  return sealed.memory.buffer.slice(pointer, pointer + length);
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
