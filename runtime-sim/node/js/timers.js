const { setTimeout, clearTimeout, setInterval, clearInterval, setImmediate, clearImmediate } = require('internal/timers');
const promisified = require('timers/promises');
module.exports = { setTimeout, clearTimeout, setImmediate, clearImmediate, setInterval, clearInterval, promises: promisified };
