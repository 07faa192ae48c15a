const async = require('async');
const queue = async.queue((task, done) => setTimeout(() => { console.log('did', task); done(); }, 20), 2);
queue.drain(() => console.log('drained'));
queue.push(['a', 'b', 'c']);
async.series([(next) => next(null, 1), (next) => setTimeout(next, 50, null, 2)], (error, results) => console.log(error, results));
async.waterfall([(next) => next(null, 2), (value, next) => next(null, value * 2)], (error, value) => console.log(value));
async.mapLimit([3, 1, 2], 2, async (value) => value * 10).then((values) => console.log(values));
async.parallel({ one: (next) => setTimeout(next, 130, null, 1), bad: (next) => setTimeout(next, 100, new Error('no')) }, (error) => console.log(error.message));
