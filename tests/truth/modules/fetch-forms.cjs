// Forms, there and back.
const http = require('node:http');
const serve = (answer, run) => {
  const server = http.createServer((request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => answer(request, response, Buffer.concat(chunks)));
    request.on('error', () => {});
  });
  server.listen(0, async () => {
    await run(`http://localhost:${server.address().port}`);
    server.closeAllConnections();
    server.close();
  });
};
serve((request, response, body) => {
  if (request.url === '/form') {
    response.setHeader('content-type', request.headers['content-type']);
    return response.end(body);
  }
  const boundary = /boundary=(.*)$/.exec(request.headers['content-type'])[1];
  response.end(body.toString().replaceAll(boundary, 'BOUNDARY'));
}, async (base) => {
  const form = new FormData();
  form.append('name', 'value');
  form.append('file', new Blob(['content'], { type: 'text/plain' }), 'a.txt');
  form.append('list', '1');
  form.append('list', '2');
  console.log(await (await fetch(base, { method: 'POST', body: form })).text());
  const back = await (await fetch(`${base}/form`, { method: 'POST', body: form })).formData();
  console.log([...back.keys()], back.get('name'), back.getAll('list'), await back.get('file').text(), back.get('file').name, back.get('file').type);
  const search = await (await fetch(`${base}/form`, { method: 'POST', body: new URLSearchParams('a=1&b=2&a=3') })).formData();
  console.log([...search]);
});
