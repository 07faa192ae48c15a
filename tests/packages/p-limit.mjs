import pLimit from 'p-limit';
import { setTimeout as sleep } from 'node:timers/promises';
const limit = pLimit(2);
const order = [];
const task = (name, ms) => limit(async () => { order.push(`${name} starts`); await sleep(ms); order.push(`${name} ends`); return name; });
const promises = [task('a', 300), task('b', 100), task('c', 400)];
console.log(limit.activeCount, limit.pendingCount);
console.log(await Promise.all(promises), order);
