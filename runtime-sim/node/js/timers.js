const { setTimeout, clearTimeout, setInterval, clearInterval, setImmediate, clearImmediate } = require('internal/timers');
const promisified = require('timers/promises');
const custom = Symbol.for('nodejs.util.promisify.custom');
Object.defineProperty(setTimeout, custom, { enumerable: true, get: () => promisified.setTimeout });
Object.defineProperty(setImmediate, custom, { enumerable: true, get: () => promisified.setImmediate });
module.exports = { setTimeout, clearTimeout, setImmediate, clearImmediate, setInterval, clearInterval, promises: promisified };
