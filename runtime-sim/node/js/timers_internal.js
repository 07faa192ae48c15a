// Timers and immediates, after Node's lib/internal/timers.js (v20.20.2; MIT, see node/LICENSE). The data and the rules
// are Node's: one first-in-first-out list for each delay, lists ordered by when they expire. What differs is who walks:
// Node's `processTimers` and `processImmediate` are loops, here the simulated loop asks for one callback at a time.
const { validateFunction } = require('internal/validators');
const TIMEOUT_MAX = 2 ** 31 - 1;
const kRefed = Symbol('refed');
const kHasPrimitive = Symbol('kHasPrimitive');
const asyncIdSymbol = Symbol('asyncId');
const triggerIdSymbol = Symbol('triggerId');

let nextExpiry = Infinity;
let listId = Number.MIN_SAFE_INTEGER;
let timerRefs = 0;
let asyncId = 1;
const lists = { __proto__: null };
const known = { __proto__: null };
// Few delays are in use at a time, so a sorted array serves as the queue of lists.
const listQueue = [];
const byExpiry = (a, b) => a.expiry - b.expiry || a.id - b.id;

function unlink(item) {
  if (item._idleNext) item._idleNext._idlePrev = item._idlePrev;
  if (item._idlePrev) item._idlePrev._idleNext = item._idleNext;
  item._idleNext = null;
  item._idlePrev = null;
}
function append(list, item) {
  if (item._idleNext || item._idlePrev) unlink(item);
  item._idleNext = list._idleNext;
  item._idlePrev = list;
  list._idleNext._idlePrev = item;
  list._idleNext = item;
}
const isEmpty = (list) => list._idleNext === list;
const first = (list) => list._idlePrev === list ? null : list._idlePrev;

class TimersList {
  constructor(expiry, msecs) {
    this._idleNext = this;
    this._idlePrev = this;
    this.expiry = expiry;
    this.id = listId++;
    this.msecs = msecs;
    this.priorityQueuePosition = null;
  }
  [Symbol.for('nodejs.util.inspect.custom')](_, options, inspect) {
    return inspect(this, { ...options, depth: 0, customInspect: false });
  }
}

function enqueue(list) {
  let at = listQueue.length;
  while (at > 0 && byExpiry(listQueue[at - 1], list) > 0) at--;
  listQueue.splice(at, 0, list);
}
function dequeue(list) {
  const at = listQueue.indexOf(list);
  if (at !== -1) listQueue.splice(at, 1);
}
function incRef() { if (timerRefs++ === 0) binding.toggleTimerRef(true); }
function decRef() { if (--timerRefs === 0) binding.toggleTimerRef(false); }

function insert(item, msecs, start = binding.loopNow()) {
  msecs = Math.trunc(msecs);
  item._idleStart = start;
  let list = lists[msecs];
  if (list === undefined) {
    const expiry = start + msecs;
    lists[msecs] = list = new TimersList(expiry, msecs);
    enqueue(list);
    if (nextExpiry > expiry) {
      binding.scheduleTimer(msecs);
      nextExpiry = expiry;
    }
  }
  append(list, item);
  Timeout.announce(item, start + msecs);
}

function insertGuarded(item, refed, start) {
  const msecs = item._idleTimeout;
  if (msecs < 0 || msecs === undefined) return;
  Timeout.retract(item);
  const wasDestroyed = item._destroyed;
  insert(item, msecs, start);
  if (wasDestroyed) {
    item._destroyed = false;
    if (refed) incRef();
  } else if (refed === !item[kRefed]) {
    if (refed) incRef();
    else decRef();
  }
  item[kRefed] = refed;
}

class Timeout {
  #task = 0;
  constructor(callback, after, args, isRepeat, isRefed) {
    after *= 1;
    if (!(after >= 1 && after <= TIMEOUT_MAX)) {
      if (after > TIMEOUT_MAX) {
        process.emitWarning(`${after} does not fit into a 32-bit signed integer.\nTimeout duration was set to 1.`,
          'TimeoutOverflowWarning');
      }
      after = 1;
    }
    this._idleTimeout = after;
    this._idlePrev = this;
    this._idleNext = this;
    this._idleStart = null;
    this._onTimeout = callback;
    this._timerArgs = args;
    this._repeat = isRepeat ? after : null;
    this._destroyed = false;
    if (isRefed) incRef();
    this[kRefed] = isRefed;
    this[kHasPrimitive] = false;
    this[asyncIdSymbol] = ++asyncId;
    this[triggerIdSymbol] = 1;
  }
  static announce(timer, dueMs) {
    if (timer._onTimeout) timer.#task = binding.taskQueued(true, timer._onTimeout, dueMs, timer._repeat ?? 0, !timer[kRefed]);
  }
  static retract(timer) {
    if (timer.#task !== 0) binding.taskCancelled(timer.#task);
    timer.#task = 0;
  }
  static take(timer) {
    const task = timer.#task;
    timer.#task = 0;
    return task;
  }
  [Symbol.for('nodejs.util.inspect.custom')](_, options, inspect) {
    return inspect(this, { ...options, depth: 0, customInspect: false });
  }
  refresh() { insertGuarded(this, !!this[kRefed]); return this; }
  unref() {
    if (this[kRefed]) {
      this[kRefed] = false;
      if (!this._destroyed) decRef();
    }
    return this;
  }
  ref() {
    if (!this[kRefed]) {
      this[kRefed] = true;
      if (!this._destroyed) incRef();
    }
    return this;
  }
  hasRef() { return this[kRefed]; }
  close() { clearTimeout(this); return this; }
  [Symbol.toPrimitive]() {
    const id = this[asyncIdSymbol];
    if (!this[kHasPrimitive]) {
      this[kHasPrimitive] = true;
      known[id] = this;
    }
    return id;
  }
}

function forget(timer) { if (timer[kHasPrimitive]) delete known[timer[asyncIdSymbol]]; }

function unenroll(item) {
  if (item._destroyed) return;
  item._destroyed = true;
  forget(item);
  if (item._idleNext !== item) unlink(item);
  if (item[kRefed]) {
    const list = lists[Math.trunc(item._idleTimeout)];
    if (list !== undefined && isEmpty(list)) {
      dequeue(list);
      delete lists[list.msecs];
    }
    decRef();
  }
  item._idleTimeout = -1;
}

function setTimeout(callback, after, ...args) {
  validateFunction(callback, 'callback');
  const timeout = new Timeout(callback, after, args.length ? args : undefined, false, true);
  insert(timeout, timeout._idleTimeout);
  return timeout;
}
function clearTimeout(timer) {
  if (timer?._onTimeout) {
    timer._onTimeout = null;
    Timeout.retract(timer);
    unenroll(timer);
    return;
  }
  if (typeof timer === 'number' || typeof timer === 'string') {
    const found = known[timer];
    if (found !== undefined) clearTimeout(found);
  }
}
function setInterval(callback, repeat, ...args) {
  validateFunction(callback, 'callback');
  const timeout = new Timeout(callback, repeat, args.length ? args : undefined, true, true);
  insert(timeout, timeout._idleTimeout);
  return timeout;
}
const clearInterval = (timer) => clearTimeout(timer);
Object.defineProperty(clearInterval, 'name', { value: 'clearInterval' });

// ---- one timer at a time ----
let walked = null;

// The next timer to run, or when to come back: 0 never, negative when no timer of the next list keeps the loop alive.
function peekTimer(now) {
  for (;;) {
    if (walked === null) {
      const list = listQueue[0];
      if (list === undefined) { nextExpiry = Infinity; return 0; }
      if (list.expiry > now) {
        nextExpiry = list.expiry;
        return timerRefs > 0 ? nextExpiry : -nextExpiry;
      }
      nextExpiry = Infinity;
      walked = list;
    }
    const timer = first(walked);
    if (timer === null) {
      if (walked === lists[walked.msecs]) {
        delete lists[walked.msecs];
        dequeue(walked);
      }
      walked = null;
      continue;
    }
    if (now - timer._idleStart < walked.msecs) {
      dequeue(walked);
      walked.expiry = Math.max(timer._idleStart + walked.msecs, now + 1);
      walked.id = listId++;
      enqueue(walked);
      walked = null;
      continue;
    }
    return timer;
  }
}
// [task, callback, args], or nothing when it has been cleared meanwhile.
function startTimer(timer) {
  unlink(timer);
  if (!timer._onTimeout) {
    if (!timer._destroyed) {
      timer._destroyed = true;
      forget(timer);
      if (timer[kRefed]) timerRefs--;
    }
    return undefined;
  }
  return [Timeout.take(timer), timer._onTimeout, timer._timerArgs ?? []];
}
function finishTimer(timer, start) {
  if (timer._repeat && timer._idleTimeout !== -1) {
    timer._idleTimeout = timer._repeat;
    insert(timer, timer._idleTimeout, start);
  } else if (!timer._idleNext && !timer._idlePrev && !timer._destroyed) {
    timer._destroyed = true;
    forget(timer);
    if (timer[kRefed]) timerRefs--;
  }
}

// ---- immediates ----
let head = null, tail = null, outstanding = null, hasOutstanding = false, immediateRefs = 0;

class Immediate {
  #task = 0;
  constructor(callback, args) {
    this._idleNext = null;
    this._idlePrev = null;
    this._onImmediate = callback;
    this._argv = args;
    this._destroyed = false;
    this[kRefed] = false;
    this[asyncIdSymbol] = ++asyncId;
    this[triggerIdSymbol] = 1;
    this.ref();
    if (tail !== null) { tail._idleNext = this; this._idlePrev = tail; } else head = this;
    tail = this;
    this.#task = binding.taskQueued(false, callback, 0, 0, false);
  }
  static take(immediate) { const task = immediate.#task; immediate.#task = 0; return task; }
  ref() {
    if (this[kRefed] === false) {
      this[kRefed] = true;
      if (immediateRefs++ === 0) binding.toggleImmediateRef(true);
    }
    return this;
  }
  unref() {
    if (this[kRefed] === true) {
      this[kRefed] = false;
      if (--immediateRefs === 0) binding.toggleImmediateRef(false);
    }
    return this;
  }
  hasRef() { return !!this[kRefed]; }
}
function setImmediate(callback, ...args) {
  validateFunction(callback, 'callback');
  return new Immediate(callback, args.length ? args : undefined);
}
function clearImmediate(immediate) {
  if (!immediate?._onImmediate || immediate._destroyed) return;
  binding.taskCancelled(Immediate.take(immediate));
  if (immediate[kRefed] && --immediateRefs === 0) binding.toggleImmediateRef(false);
  immediate[kRefed] = null;
  immediate._destroyed = true;
  immediate._onImmediate = null;
  const { _idleNext: next, _idlePrev: previous } = immediate;
  if (next) next._idlePrev = previous;
  if (previous) previous._idleNext = next;
  if (immediate === head) head = next;
  if (immediate === tail) tail = previous;
  if (immediate === outstanding) outstanding = next;
}
// The check phase takes what is queued now; immediates made meanwhile wait for the next turn.
function beginImmediates() {
  if (outstanding === null) {
    outstanding = head;
    head = tail = null;
  }
}
function peekImmediate() {
  while (outstanding !== null && outstanding._destroyed) outstanding = outstanding._idleNext;
  if (outstanding === null && immediateRefs === 0) binding.toggleImmediateRef(false);
  return outstanding;
}
function startImmediate(immediate) {
  if (immediate._destroyed) return undefined;
  immediate._destroyed = true;
  if (immediate[kRefed]) immediateRefs--;
  immediate[kRefed] = null;
  return [Immediate.take(immediate), immediate._onImmediate, immediate._argv ?? []];
}
function finishImmediate(immediate) {
  immediate._onImmediate = null;
  if (outstanding === immediate) outstanding = immediate._idleNext;
}

const promisified = Symbol.for('nodejs.util.promisify.custom');
Object.defineProperty(setTimeout, promisified, { enumerable: true, get: () => require('timers/promises').setTimeout });
Object.defineProperty(setImmediate, promisified, { enumerable: true, get: () => require('timers/promises').setImmediate });

module.exports = {
  setTimeout, clearTimeout, setInterval, clearInterval, setImmediate, clearImmediate, Timeout, Immediate,
  peekTimer, startTimer, finishTimer, beginImmediates, peekImmediate, startImmediate, finishImmediate,
};
