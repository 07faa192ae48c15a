const Fastify = require('fastify');
const app = Fastify();
app.addHook('onRequest', async (request, reply) => { reply.header('x-id', request.id); });
app.get('/books/:id', { schema: { params: { type: 'object', properties: { id: { type: 'integer' } } }, response: { 200: { type: 'object', properties: { id: { type: 'integer' }, title: { type: 'string' } } } } } }, async (request) => ({ id: request.params.id, title: 'Emma', secret: true }));
app.post('/books', { schema: { body: { type: 'object', required: ['title'], properties: { title: { type: 'string', minLength: 2 } } } } }, async (request, reply) => reply.code(201).send(request.body));
app.get('/broken', async () => { throw new Error('broken'); });
app.register(async (inner) => { inner.decorate('greeting', 'hello'); inner.get('/', async () => inner.greeting); }, { prefix: '/inner' });
(async () => {
  await app.listen({ port: 0, host: '127.0.0.1' });
  const base = `http://127.0.0.1:${app.server.address().port}`;
  const show = async (path, options) => {
    const response = await fetch(base + path, options);
    console.log(response.status, response.headers.get('content-type'), response.headers.get('content-length'), response.headers.get('x-id'), await response.text());
  };
  const post = (body) => ({ method: 'POST', headers: { 'content-type': 'application/json' }, body });
  await show('/books/7');
  await show('/books/x');
  await show('/books', post('{"title":"Emma"}'));
  await show('/books', post('{"title":"E"}'));
  await show('/books', post('{'));
  await show('/broken');
  await show('/inner');
  await show('/nowhere');
  const injected = await app.inject({ method: 'GET', url: '/books/9' });
  console.log('injected', injected.statusCode, injected.json());
  await app.close();
  console.log('closed');
})();
