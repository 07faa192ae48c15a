const express = require('express');
const { body, query, param, validationResult, matchedData, checkSchema } = require('express-validator');
const app = express();
app.use(express.json());
const answer = (request, response) => {
  const errors = validationResult(request);
  response.status(errors.isEmpty() ? 200 : 422).json(errors.isEmpty() ? matchedData(request) : errors.mapped());
};
app.post('/users', body('email').isEmail().normalizeEmail(), body('age').toInt().isInt({ min: 18 }).withMessage('too young'), body('tags.*').trim().notEmpty(), body('name').custom(async (name) => { if (name === 'taken') throw new Error('is taken'); }), answer);
app.get('/search/:page', param('page').isInt(), query('q').escape().isLength({ min: 2 }), answer);
app.post('/schema', checkSchema({ password: { isStrongPassword: true, errorMessage: 'weak' }, when: { optional: true, isISO8601: true } }), answer);
const server = app.listen(0, '127.0.0.1', async () => {
  const ask = async (path, data) => {
    const response = await fetch(`http://127.0.0.1:${server.address().port}${path}`, data && { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(data) });
    console.log(path, response.status, await response.json());
  };
  await ask('/users', { email: 'Some.One@GMAIL.com', age: '21', tags: [' a ', 'b'], name: 'free' });
  await ask('/users', { email: 'nobody', age: 7, tags: ['', 'b'], name: 'taken' });
  await ask('/search/2?q=<b>');
  await ask('/search/x?q=a');
  await ask('/schema', { password: 'weak', when: 'soon' });
  await ask('/schema', { password: 'Str0ng!Passw', when: '2026-01-01' });
  server.close();
});
