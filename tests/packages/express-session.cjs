const express = require('express');
const session = require('express-session');
const { rateLimit } = require('express-rate-limit');
const app = express();
let ids = 0;
app.use(session({ secret: 'keyboard cat', resave: false, saveUninitialized: false, name: 'sid', genid: () => `session-${++ids}`, cookie: { maxAge: null } }));
app.get('/views', (request, response) => {
  request.session.views = (request.session.views ?? 0) + 1;
  response.json({ id: request.sessionID, views: request.session.views });
});
app.get('/leave', (request, response, next) => request.session.destroy((error) => (error ? next(error) : response.send('left'))));
app.get('/new', (request, response, next) => request.session.regenerate((error) => (error ? next(error) : response.send(request.sessionID))));
app.get('/limited', rateLimit({ windowMs: 1000, limit: 2, standardHeaders: 'draft-6', legacyHeaders: false, message: { error: 'too many' } }), (request, response) => response.send('in'));
const server = app.listen(0, '127.0.0.1', async () => {
  let cookie = '';
  const ask = async (path) => {
    const response = await fetch(`http://127.0.0.1:${server.address().port}${path}`, { headers: { cookie } });
    const set = response.headers.get('set-cookie');
    if (set) cookie = set.split(';')[0];
    console.log(path, response.status, set, await response.text(), response.headers.get('ratelimit-remaining'), response.headers.get('retry-after'));
  };
  for (const path of ['/views', '/views', '/views', '/new', '/views', '/leave', '/views']) await ask(path);
  cookie = 'sid=s%3Asession-1.forged';
  await ask('/views');
  for (let count = 0; count < 3; count++) await ask('/limited');
  server.close();
  server.closeAllConnections();
  setTimeout(() => process.exit(), 10);
});
