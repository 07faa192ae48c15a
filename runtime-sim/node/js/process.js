// The `process` object.
const EventEmitter = require('events');
const { codes: { ERR_INVALID_ARG_TYPE, ERR_NOT_SIMULATED } } = require('internal/errors');
const { validateFunction } = require('internal/validators');

function process() {}
Object.setPrototypeOf(process.prototype, EventEmitter.prototype);
const self = Object.create(Object.create(EventEmitter.prototype, {
  constructor: { value: process, writable: true, configurable: true },
  [Symbol.toStringTag]: { value: 'process', configurable: true },
}));
EventEmitter.call(self);
globalThis.process = self;

self.title = 'node';
self.version = 'v20.20.2';
self.versions = { node: '20.20.2', v8: '11.3.244.8-node.38', uv: '1.46.0', modules: '115' };
self.arch = 'x64';
self.platform = 'linux';
self.release = { name: 'node', lts: 'Iron' };
self.argv = ['/usr/local/bin/node', binding.entry, ...binding.args];
self.argv0 = 'node';
self.execArgv = [];
self.execPath = '/usr/local/bin/node';
self.env = Object.fromEntries(binding.env);
self.pid = 4242;
self.ppid = 4241;
self.exitCode = undefined;
self.features = {};
self.config = { target_defaults: {}, variables: {} };
Object.defineProperty(self, '_exiting', { value: false, writable: true, enumerable: false, configurable: true });

self.cwd = () => binding.cwd;
self.uptime = () => binding.now() / 1e9;
self.umask = () => 0o22;
self.abort = () => binding.exit(134);
self.nextTick = function nextTick(callback, ...args) {
  validateFunction(callback, 'callback');
  if (self._exiting) return;
  binding.nextTick(callback, ...args);
};
function hrtime(time) {
  const now = binding.now() + 1e12;
  let seconds = Math.floor(now / 1e9), nanos = now % 1e9;
  if (time !== undefined) {
    if (!Array.isArray(time)) throw new ERR_INVALID_ARG_TYPE('time', 'Array', time);
    seconds -= time[0];
    nanos -= time[1];
    if (nanos < 0) { seconds--; nanos += 1e9; }
  }
  return [seconds, nanos];
}
hrtime.bigint = () => BigInt(binding.now()) + 1000000000000n;
self.hrtime = hrtime;
self.memoryUsage = function memoryUsage() {
  const heapUsed = binding.heapUsed();
  return { rss: heapUsed + 40 * 2 ** 20, heapTotal: Math.ceil(heapUsed / 2 ** 20) * 2 ** 20, heapUsed, external: 0, arrayBuffers: 0 };
};
self.memoryUsage.rss = () => self.memoryUsage().rss;
self.cpuUsage = () => ({ user: Math.floor(binding.now() / 1000), system: 0 });
self.exit = function exit(code) {
  if (code !== undefined) self.exitCode = code;
  if (!self._exiting) {
    self._exiting = true;
    self.emit('exit', Number(self.exitCode ?? 0));
  }
  self.reallyExit(Number(self.exitCode ?? 0));
};
self.reallyExit = (code) => binding.exit(code ?? 0);
self.emitWarning = function emitWarning(warning, type, code) {
  let detail;
  if (type !== null && typeof type === 'object') ({ type, code, detail } = type);
  if (typeof warning === 'string') {
    const error = new Error(warning);
    error.name = String(type || 'Warning');
    if (code !== undefined) error.code = code;
    if (detail !== undefined) error.detail = detail;
    warning = error;
  } else if (!(warning instanceof Error)) throw new ERR_INVALID_ARG_TYPE('warning', ['Error', 'string'], warning);
  self.nextTick(doEmitWarning, warning);
};
function doEmitWarning(warning) { self.emit('warning', warning); }
let told = false;
self.on('warning', function onWarning(warning) {
  const code = warning.code ? `[${warning.code}] ` : '';
  let text = `(node:${self.pid}) ${code}${warning.name}: ${warning.message}\n`;
  if (!told) {
    told = true;
    text += '(Use `node --trace-warnings ...` to show where the warning was created)\n';
  }
  binding.write(2, text);
});
self.binding = () => { throw new ERR_NOT_SIMULATED('process.binding'); };

function stream(fd) {
  const out = new EventEmitter();
  out.fd = fd;
  out.writable = true;
  out.isTTY = undefined;
  out.columns = undefined;
  out.write = (chunk, encoding, callback) => {
    if (typeof encoding === 'function') callback = encoding;
    if (typeof chunk !== 'string' && !(chunk instanceof Uint8Array))
      throw new ERR_INVALID_ARG_TYPE('chunk', ['string', 'Buffer', 'Uint8Array'], chunk);
    binding.write(fd, String(chunk));
    if (typeof callback === 'function') self.nextTick(callback);
    return true;
  };
  out.end = (chunk) => { if (chunk !== undefined) out.write(chunk); return out; };
  return out;
}
for (const [name, fd] of [['stdout', 1], ['stderr', 2]]) {
  let value;
  Object.defineProperty(self, name, { get: () => value ??= stream(fd), enumerable: true, configurable: true });
}
Object.defineProperty(self, 'stdin', {
  get() { throw new ERR_NOT_SIMULATED('process.stdin'); }, enumerable: true, configurable: true,
});

// For the loop. Events sent by it, after src/api/hooks.cc.
process.beforeExit = () => { self.emit('beforeExit', Number(self.exitCode ?? 0)); };
process.atExit = (unsettled) => {
  // The code that 'exit' is told is taken before the main module's own listener sets 13.
  const told = Number(self.exitCode ?? 0);
  if (unsettled) self.exitCode ??= 13;
  self._exiting = true;
  self.emit('exit', told);
  return Number(self.exitCode ?? 0);
};

module.exports = self;
