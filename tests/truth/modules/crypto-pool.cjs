// The pool has four threads: of five long tasks, the fifth begins when the first has ended.
const { pbkdf2 } = require('node:crypto');

const begun = Date.now();
const took = [];
for (let index = 0; index < 5; index++) {
  pbkdf2('secret', 'salt', 500_000, 64, 'sha512', (error, key) => {
    took.push(Date.now() - begun);
    if (took.length < 5) return;
    console.log(error, key.toString('hex').slice(0, 16));
    console.log('the fifth had to wait:', took[4] > 1.2 * took[0]);
  });
}
setImmediate(() => console.log('the loop goes on'));
