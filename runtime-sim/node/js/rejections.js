// Promises that are rejected and nobody handles, after Node's lib/internal/process/promises.js (v20.20.2): the default
// mode, which throws. Called when the nextTick and microtask queues have run dry.
const { codes } = require('internal/errors');
const maybeUnhandled = new WeakMap();
let pending = new Map();
const handledLate = [];
let lastId = 0;
let mainPromise;

class UnhandledPromiseRejection extends Error {
  code = 'ERR_UNHANDLED_REJECTION';
  constructor(reason) {
    let text;
    try {
      text = typeof reason === 'object' && reason !== null ? '#<Object>' : String(reason);
      if (typeof reason === 'object' && reason !== null && reason.constructor?.name) text = `#<${reason.constructor.name}>`;
    } catch { text = '#<Object>'; }
    super('This error originated either by throwing inside of an async function without a catch block, or by rejecting a ' +
      `promise which was not handled with .catch(). The promise rejected with the reason "${text}".`);
    Object.defineProperty(this, 'name', { value: 'UnhandledPromiseRejection', enumerable: false, writable: true, configurable: true });
    this.stack = `UnhandledPromiseRejection: ${this.message}
    at throwUnhandledRejectionsMode (node:internal/process/promises:389:7)
    at processPromiseRejections (node:internal/process/promises:470:17)
    at process.processTicksAndRejections (node:internal/process/task_queues:96:32)`;
    Object.defineProperty(this, 'stack', { enumerable: false });
  }
}

binding.onRejection((isHandled, promise, reason) => {
  if (!isHandled) {
    pending.set(promise, { reason, id: ++lastId, warned: false });
    binding.rejectionToWarn();
    return;
  }
  if (pending.delete(promise)) return;
  const info = maybeUnhandled.get(promise);
  if (info?.warned) {
    maybeUnhandled.delete(promise);
    handledLate.push({ promise, id: info.id });
    binding.rejectionToWarn();
  }
});

// V8 gives each error a stack of its own; here it is inherited, so the engine's class decides.
const isErrorLike = (value) => typeof value === 'object' && value !== null &&
  (binding.classOf(value) === 'Error' || Object.hasOwn(value, 'stack'));

// Returns whether code of the program may have run, so that the queues must be emptied again.
function processRejections() {
  let again = handledLate.length > 0;
  while (handledLate.length > 0) {
    const { promise, id } = handledLate.shift();
    if (!process.emit('rejectionHandled', promise)) {
      const warning = new Error(`Promise rejection was handled asynchronously (rejection id: ${id})`);
      warning.name = 'PromiseRejectionHandledWarning';
      process.emitWarning(warning);
    }
  }
  const now = pending;
  pending = new Map();
  for (const [promise, info] of now) {
    maybeUnhandled.set(promise, info);
    info.warned = true;
    const { reason } = info;
    if (promise === mainPromise) {
      trigger(reason, false);
    } else if (!process.emit('unhandledRejection', reason, promise)) {
      trigger(isErrorLike(reason) ? reason : new UnhandledPromiseRejection(reason), true);
    }
    again = true;
  }
  return again || pending.size !== 0;
}

function trigger(error, fromPromise) {
  const fatal = require('internal/fatal');
  let handled;
  try {
    handled = fatal.uncaught(error, fromPromise);
  } catch (second) {
    fatal.describeError(second, 7);
    return;
  }
  if (!handled) fatal.describeError(error, 0);
}

// The ES main module's promise: its rejection is an uncaught error and not an unhandled rejection.
function mainRejected(promise) { mainPromise = promise; }

module.exports = { processRejections, mainRejected };
