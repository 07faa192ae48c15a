'use strict';
// Both ends of HTTP/2: streams and the request and response of old, pushes, trailers, pings, settings, resets, files,
// TLS with ALPN, and what is said of mistakes.
const http2 = require('http2');
const fs = require('fs');
const { once } = require('events');
const { constants } = http2;

const shown = (headers) => JSON.stringify({ ...headers, date: undefined });

async function text(stream) {
  stream.setEncoding('utf8');
  let all = '';
  for await (const piece of stream) all += piece;
  return all;
}

async function listening(server) {
  server.listen(0);
  await once(server, 'listening');
  return server.address().port;
}

async function streams() {
  const server = http2.createServer({ settings: { maxConcurrentStreams: 10 } });
  server.on('stream', async (stream, headers, flags) => {
    const path = headers[':path'];
    if (path === '/push') {
      stream.pushStream({ ':path': '/pushed' }, (error, push, sent) => {
        console.log('promises', error, sent[':path'], sent[':method']);
        push.respond({ ':status': 200, 'content-type': 'text/plain' });
        push.end('pushed');
      });
      stream.respond({ ':status': 200 });
      stream.end('asked');
    } else if (path === '/trailers') {
      stream.additionalHeaders({ ':status': 103, link: '</x>' });
      stream.respond({ ':status': 200 }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '3' }));
      stream.end('abc');
    } else if (path === '/reset') {
      stream.on('error', (error) => console.log('server', error.code));
      stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    } else if (path === '/file') {
      stream.respondWithFile('/tmp/h2.txt', { 'content-type': 'text/plain' }, { offset: 2, length: 5 });
    } else if (path === '/missing') {
      stream.respondWithFile('/tmp/none.txt', {}, {
        onError(error) {
          stream.respond({ ':status': 404 });
          stream.end(error.code);
        },
      });
    } else {
      const body = await text(stream);
      stream.respond({ ':status': 200, 'x-flags': flags, secret: 's', [http2.sensitiveHeaders]: ['secret'] });
      stream.end(`${headers[':method']} ${body.length}`);
    }
  });
  fs.writeFileSync('/tmp/h2.txt', '0123456789');
  const port = await listening(server);
  const client = http2.connect(`http://localhost:${port}`);
  let pushed;
  client.on('stream', (push, headers) => {
    console.log('promised', headers[':path']);
    push.on('push', (answer) => console.log('push', shown(answer)));
    pushed = text(push);
  });
  client.on('goaway', (code, last) => console.log('goaway', code, last));
  await once(client, 'remoteSettings');
  console.log('remote', client.remoteSettings.maxConcurrentStreams, client.alpnProtocol, client.encrypted);

  const ask = async (headers, body) => {
    const request = client.request(headers);
    request.on('headers', (early) => console.log('early', shown(early)));
    request.on('trailers', (trailers) => console.log('trailers', shown(trailers)));
    request.on('response', (answer) => console.log(headers[':path'], shown(answer), answer[http2.sensitiveHeaders]));
    request.end(body);
    try {
      console.log(headers[':path'], 'says', await text(request), request.rstCode);
    } catch (error) {
      console.log(headers[':path'], error.code, error.message);
    }
  };
  await ask({ ':path': '/echo', ':method': 'POST' }, 'x'.repeat(200_000));
  await ask({ ':path': '/trailers' });
  await ask({ ':path': '/push' });
  console.log('push says', await pushed);
  await ask({ ':path': '/reset' });
  await ask({ ':path': '/file' });
  await ask({ ':path': '/missing' });

  await new Promise((resolve) => {
    client.ping(Buffer.from('12345678'), (error, took, payload) => {
      console.log('ping', error, typeof took, payload.toString());
      resolve();
    });
  });
  client.settings({ initialWindowSize: 1000 }, (error, settings) => console.log('settings', error, settings.initialWindowSize));
  await once(client, 'localSettings');
  console.log('state', client.state.nextStreamID, client.state.effectiveLocalWindowSize, client.destroyed);

  for (const [what, act] of Object.entries({
    'a field of the connection': () => client.request({ connection: 'close' }),
    'an unknown pseudo field': () => client.request({ ':odd': 1 }),
    'a bad ping': () => client.ping(Buffer.alloc(3), () => {}),
    'a bad setting': () => client.settings({ maxFrameSize: 1 }),
    'no function': () => http2.createServer({ unknownProtocolTimeout: 'x' }),
  })) {
    try {
      act();
      console.log(what, 'is taken');
    } catch (error) {
      console.log(what, error.name, error.code, error.message);
    }
  }
  client.close(() => console.log('client closed'));
  await once(client, 'close');
  server.close();
  await once(server, 'close');
  try {
    client.request();
  } catch (error) {
    console.log('afterwards', error.code);
  }
}

async function compatible() {
  const server = http2.createServer(async (request, response) => {
    console.log(request.method, request.url, request.httpVersion, request.headers['x-a'], request.scheme, request.authority !== '');
    response.setHeader('X-B', ['1', '2']);
    response.statusCode = 201;
    response.addTrailers({ t: 'u' });
    response.write('got ');
    response.end(await text(request));
  });
  const port = await listening(server);
  const client = http2.connect(`http://localhost:${port}`);
  const request = client.request({ ':method': 'PUT', ':path': '/c', 'x-a': ['1', '2'] });
  request.on('response', (headers) => console.log(shown(headers)));
  request.on('trailers', (headers) => console.log(shown(headers)));
  request.write('hel');
  request.end('lo');
  console.log(await text(request));
  client.destroy();
  server.close();
  await once(server, 'close');
}

async function refused() {
  const server = http2.createServer();
  server.on('sessionError', (error) => console.log('session', error.code, error.message));
  const port = await listening(server);
  const socket = require('net').connect(port);
  socket.on('error', () => {}).resume();
  socket.write('GET / HTTP/1.1\r\n\r\n');
  await once(socket, 'close');
  server.close();
}

streams().then(compatible).then(refused).then(() => console.log('done'));
