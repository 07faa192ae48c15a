// Express with what an upload needs: forms, files, JSON, cookies and errors.
const { createHash } = require('node:crypto');
const compression = require('compression');
const cookieParser = require('cookie-parser');
const cors = require('cors');
const express = require('express');
const helmet = require('helmet');
const multer = require('multer');

const app = express();
const upload = multer({ storage: multer.memoryStorage(), limits: { fileSize: 1 << 20, files: 3 } });
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

app.use(cookieParser('a secret'));
app.use(express.json({ limit: '10kb' }));
app.use(express.urlencoded({ extended: true }));

app.post('/upload', upload.array('files'), (request, response) => {
  const files = request.files.map(({ originalname, mimetype, size, buffer }) => ({ originalname, mimetype, size, sha256: sha256(buffer) }));
  response.status(201).json({ fields: request.body, files });
});
app.post('/raw', express.raw({ type: '*/*', limit: '20mb' }), (request, response) => {
  response.json({ type: request.headers['content-type'], length: request.body.length, sha256: sha256(request.body) });
});
app.post('/json', (request, response) => response.json({ got: request.body ?? null }));
app.get('/cookies', (request, response) => {
  response.cookie('plain', 'a b', { httpOnly: true, sameSite: 'lax' });
  response.cookie('signed', { deep: true }, { signed: true });
  response.json({ plain: request.cookies, signed: request.signedCookies });
});
app.get('/long', compression(), (request, response) => response.type('text').send('all the same '.repeat(1000)));
app.get('/safe', helmet(), cors({ origin: 'http://friend.example' }), (request, response) => response.send('<p>safe</p>'));
app.get('/etag', (request, response) => response.json({ fixed: true }));
app.get('/types', (request, response) => response.format({
  json: () => response.json({ type: 'json' }),
  html: () => response.send('<p>html</p>'),
}));
app.get('/users/:id', (request, response) => response.json({ ...request.params, query: request.query }));
app.get('/jump', (request, response) => response.redirect('/etag'));
app.get('/late', async () => { throw Object.assign(new Error('a rejected handler'), { status: 503 }); });
app.use((error, request, response, next) => {
  if (response.headersSent) return next(error);
  response.status(error.status ?? error.statusCode ?? 400).json({ name: error.name, code: error.code, type: error.type, message: error.message });
});

app.listen(Number(process.env.PORT ?? 3000), () => console.log('ready'));
