const express = require('express');
const { createProxyMiddleware, fixRequestBody, responseInterceptor } = require('http-proxy-middleware');
const http = require('node:http');
const listen = (app) => new Promise((resolve) => { const server = app.listen(0, '127.0.0.1', () => resolve(server)); });
const url = (server) => `http://127.0.0.1:${server.address().port}`;
(async () => {
  const upstream = await listen(http.createServer(async (request, response) => {
    let body = '';
    for await (const piece of request) body += piece;
    response.setHeader('x-upstream', 'yes');
    response.end(JSON.stringify({ method: request.method, url: request.url, forwarded: request.headers['x-forwarded-host'] !== undefined, added: request.headers['x-added'], body }));
  }));
  const app = express();
  app.use('/api', createProxyMiddleware({ target: url(upstream), pathRewrite: { '^/old': '/new' }, xfwd: true, on: { proxyReq: (outgoing) => outgoing.setHeader('x-added', '1') } }));
  app.use('/changed', createProxyMiddleware({ target: url(upstream), selfHandleResponse: true, on: { proxyRes: responseInterceptor(async (bytes) => bytes.toString().toUpperCase()) } }));
  app.use('/json', express.json(), createProxyMiddleware({ target: url(upstream), on: { proxyReq: fixRequestBody } }));
  app.use('/gone', createProxyMiddleware({ target: 'http://127.0.0.1:1', on: { error: (error, request, response) => response.writeHead(502).end(error.code) } }));
  const front = await listen(app);
  const ask = async (path, options) => {
    const response = await fetch(url(front) + path, options);
    console.log(path, response.status, response.headers.get('x-upstream'), await response.text());
  };
  await ask('/api/old/things?q=1');
  await ask('/api/things', { method: 'POST', body: 'piped through' });
  await ask('/changed/x');
  await ask('/json', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{ "a": 1 }' });
  await ask('/gone');
  for (const server of [front, upstream]) { server.close(); server.closeAllConnections(); }
})();
