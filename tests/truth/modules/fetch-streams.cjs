// Bodies that come and go in pieces.
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
  if (request.url === '/echo') return response.end(body);
  response.write('one');
  setTimeout(() => response.write('two'), 5);
  setTimeout(() => response.end('three'), 10);
}, async (base) => {
  const response = await fetch(base);
  let text = '';
  for await (const chunk of response.body) text += Buffer.from(chunk).toString();
  console.log(text);
  const reader = (await fetch(base)).body.getReader();
  let length = 0;
  for (let each; !(each = await reader.read()).done;) length += each.value.length;
  console.log(length);
  const decoded = (await fetch(base)).body.pipeThrough(new TextDecoderStream());
  const pieces = [];
  for await (const piece of decoded) pieces.push(piece);
  console.log(pieces.join(''));
  const [left, right] = (await fetch(base)).body.tee();
  console.log(await new Response(left).text(), await new Response(right).text());
  const stream = new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode('up'));
      setTimeout(() => {
        controller.enqueue(new TextEncoder().encode('stream'));
        controller.close();
      }, 5);
    },
  });
  console.log(await (await fetch(`${base}/echo`, { method: 'POST', body: stream, duplex: 'half' })).text());
  async function* generate() {
    yield 'gen';
    yield Buffer.from('erated');
  }
  console.log(await (await fetch(`${base}/echo`, { method: 'POST', body: generate(), duplex: 'half' })).text());
  await fetch(base, { method: 'POST', body: new ReadableStream() }).catch((error) => console.log(String(error)));
  const cancelled = await fetch(base);
  await cancelled.body.cancel();
  console.log(cancelled.bodyUsed);
});
