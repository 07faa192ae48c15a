import { inspect, promisify } from 'node:util';
import EventEmitter, { once } from 'events';
import path, { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import assert from 'node:assert';
console.log(inspect({ a: [1] }), join('/a', '../b'), path.extname('x.tar.gz'), path.relative('/a/b', '/a/c'));
const emitter = new EventEmitter();
setTimeout(() => emitter.emit('ready', 1, 2), 5);
console.log(await once(emitter, 'ready'));
console.log(await sleep(3, 'slept'));
console.log(await promisify((x, callback) => callback(null, x + 1))(1));
try { assert.strictEqual(1, 1); assert.deepStrictEqual({ a: 1 }, { a: 1 }); assert.throws(() => { throw new TypeError('x') }, TypeError); console.log('fine') } catch (error) { console.log(error) }
const { default: again } = await import('node:util');
console.log(again.inspect === inspect, import.meta.url.startsWith('file:///'), typeof require, this);
try { await import('./missing.mjs') } catch (error) { console.log(error.code) }
