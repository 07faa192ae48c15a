// Answers that take their time: events, backpressure, clients that leave, and a shutdown that waits for them.
const http = require('node:http');
const { Readable, Transform, pipeline } = require('node:stream');
const zlib = require('node:zlib');

const seen = { left: 0, finished: 0, waitedForDrain: false };

const server = http.createServer((request, response) => {
  response.on('close', () => { if (response.writableFinished) seen.finished += 1; else seen.left += 1; });
  const path = request.url;
  if (path === '/events') {
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' });
    let id = 0;
    const timer = setInterval(() => {
      id += 1;
      response.write(`id: ${id}\nevent: tick\ndata: ${JSON.stringify({ id })}\n\n`);
      if (id === 5) { clearInterval(timer); response.end(); }
    }, 40);
  } else if (path === '/forever') {
    response.writeHead(200);
    const timer = setInterval(() => response.write('again\n'), 20);
    response.on('close', () => clearInterval(timer));
  } else if (path === '/large') {
    const chunk = Buffer.alloc(64 << 10, 'terrarium ');
    let left = 256;
    const write = () => {
      while (left > 0) {
        left -= 1;
        if (!response.write(chunk)) { seen.waitedForDrain = true; response.once('drain', write); return; }
      }
      response.end();
    };
    write();
  } else if (path === '/lines') {
    pipeline(Readable.from((function* lines() { for (let i = 0; i < 2000; i += 1) yield `line ${i}\n`; })()), response, () => {});
  } else if (path === '/gzip') {
    response.setHeader('Content-Encoding', 'gzip');
    pipeline(Readable.from(['packed ', 'in ', 'parts\n']), zlib.createGzip(), response, () => {});
  } else if (path === '/upper') {
    const upper = new Transform({ transform(chunk, _, done) { done(null, chunk.toString('latin1').toUpperCase()); } });
    pipeline(request, upper, response, () => {});
  } else if (path === '/fails') {
    pipeline(Readable.from((async function* fails() { yield 'the beginning\n'; throw new Error('half way'); })()), response, () => {});
  } else if (path === '/slow') {
    setTimeout(() => response.end('slow, but whole\n'), 600);
  } else {
    response.end(`${JSON.stringify(seen)}\n`);
  }
});
process.on('SIGTERM', (name, number) => {
  console.log('closing by', name, number);
  server.close(() => { console.log('closed'); process.exitCode = 7; });
});
server.listen(Number(process.env.PORT ?? 3000), () => console.log('ready'));
