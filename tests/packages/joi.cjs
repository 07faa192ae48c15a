const Joi = require('joi');
const schema = Joi.object({ name: Joi.string().alphanum().min(3).required(), born: Joi.number().integer().min(1900), email: Joi.string().email({ minDomainSegments: 2 }) });
console.log(schema.validate({ name: 'abc', born: '1994' }));
const { error } = schema.validate({ name: 'a!', born: 1800, email: 'x' }, { abortEarly: false });
console.log(error.name, error.message);
console.log(error.details.map(({ message, path, type }) => ({ message, path, type })));
