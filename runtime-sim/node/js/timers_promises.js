// After lib/timers/promises.js, without abort signals' events (there are none yet).
const { Timeout, setTimeout: callbackTimeout, setImmediate: callbackImmediate, setInterval: callbackInterval, clearInterval } =
  require('internal/timers');

function setTimeout(after, value, { ref = true } = {}) {
  return new Promise((resolve) => {
    const timer = callbackTimeout(() => resolve(value), after);
    if (!ref) timer.unref();
  });
}
function setImmediate(value, { ref = true } = {}) {
  return new Promise((resolve) => {
    const immediate = callbackImmediate(() => resolve(value));
    if (!ref) immediate.unref();
  });
}
async function* setInterval(after, value, { ref = true } = {}) {
  let notYielded = 0, callback;
  const interval = callbackInterval(() => {
    notYielded++;
    if (callback) {
      callback();
      callback = undefined;
    }
  }, after);
  if (!ref) interval.unref();
  try {
    while (true) {
      if (notYielded === 0) await new Promise((resolve) => { callback = resolve; });
      for (; notYielded > 0; notYielded--) yield value;
    }
  } finally {
    clearInterval(interval);
  }
}
module.exports = { setTimeout, setImmediate, setInterval, scheduler: { wait: (delay, options) => setTimeout(delay, undefined, options), yield: () => setImmediate() } };
