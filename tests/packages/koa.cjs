const Koa = require('koa');
const app = new Koa();
app.silent = true;
app.keys = ['a secret'];
app.use(async (context, next) => {
  const order = ['outer in'];
  context.state.order = order;
  await next();
  order.push('outer out');
  context.set('X-Order', order.join(', '));
});
app.use(async (context, next) => {
  context.state.order.push('inner in');
  await next();
  context.state.order.push('inner out');
});
app.use(async (context) => {
  if (context.path === '/json') context.body = { host: context.hostname, query: context.query, ip: context.ip };
  else if (context.path === '/buffer') context.body = Buffer.from('bytes');
  else if (context.path === '/stream') context.body = require('node:stream').Readable.from(['a', 'b', 'c']);
  else if (context.path === '/cookie') { context.cookies.set('n', '1', { signed: true }); context.body = 'cookie'; }
  else if (context.path === '/throw') context.throw(418, 'a teapot');
  else if (context.path === '/fail') throw new Error('hidden');
});
const server = app.listen(0, '127.0.0.1', async () => {
  for (const path of ['/json?a=1', '/buffer', '/stream', '/cookie', '/throw', '/fail', '/nowhere']) {
    const response = await fetch(`http://127.0.0.1:${server.address().port}${path}`);
    console.log(path, response.status, response.headers.get('content-type'), response.headers.get('content-length'), response.headers.get('x-order'), response.headers.get('set-cookie'));
    console.log('  ', await response.text());
  }
  server.close(() => console.log('closed'));
});
