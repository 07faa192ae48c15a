const pino = require('pino');
const lines = [];
const logger = pino({ base: { service: 'books' }, timestamp: false }, { write: (line) => lines.push(line) });
logger.info({ id: 7 }, 'lent %s', 'Emma');
logger.child({ request: 'r1' }).error(new RangeError('too many'), 'refused');
logger.debug('not shown');
for (const line of lines) { const { err, ...rest } = JSON.parse(line); console.log(rest, err?.type, err?.message); }
pino({ base: null, timestamp: false }, pino.destination({ dest: 1, sync: true })).warn('to standard output');
