const express = require('express');
const swagger = require('swagger-ui-express');
const app = express();
const document = { openapi: '3.0.0', info: { title: 'Books', version: '1.0.0' }, paths: { '/books': { get: { responses: { 200: { description: 'all' } } } } } };
app.use('/docs', swagger.serve, swagger.setup(document, { customSiteTitle: 'The books' }));
const server = app.listen(0, '127.0.0.1', async () => {
  for (const path of ['/docs', '/docs/', '/docs/swagger-ui-init.js', '/docs/swagger-ui.css', '/docs/swagger-ui-bundle.js', '/docs/favicon-32x32.png', '/docs/package.json']) {
    const response = await fetch(`http://127.0.0.1:${server.address().port}${path}`, { redirect: 'manual' });
    const text = await response.text();
    console.log(path, response.status, response.headers.get('content-type'), text.length, /<title>.*<\/title>/.exec(text)?.[0], text.includes('"title": "Books"'));
  }
  server.close();
});
