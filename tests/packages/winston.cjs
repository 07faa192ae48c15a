const winston = require('winston');
const { combine, label, printf, json, errors } = winston.format;
const logger = winston.createLogger({ level: 'verbose', format: combine(label({ label: 'books' }), printf(({ level, message, label }) => `[${label}] ${level}: ${message}`)), transports: [new winston.transports.Console()] });
logger.info('lent Emma');
logger.verbose('looked at the shelf');
logger.debug('not shown');
winston.createLogger({ format: json(), defaultMeta: { service: 'books' }, transports: [new winston.transports.Console()] }).warn('late', { days: 3 });
logger.on('finish', () => console.log('finished'));
logger.end();
