// The first work decides how many threads the pool has. With one, tasks end one after the other.
const { pbkdf2 } = require('node:crypto');

process.env.UV_THREADPOOL_SIZE = '1';
const begun = Date.now();
const took = [];
for (let index = 0; index < 3; index++) {
  pbkdf2('secret', 'salt', 300_000, 64, 'sha512', () => {
    took.push(Date.now() - begun);
    if (took.length < 3) return;
    console.log(took[1] > 1.6 * took[0], took[2] > 2.4 * took[0]);
    process.env.UV_THREADPOOL_SIZE = '4';
  });
}
