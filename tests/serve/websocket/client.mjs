import { createRequire } from 'node:module';
import { connect } from 'node:net';
import { curl, digest, port, raw, show } from '../seen.mjs';

const WebSocket = createRequire(new URL('../../../packages/npm/package.json', import.meta.url))('ws');

/** All that happens on one connection until it is closed. */
function live(title, path, act, options = {}) {
  return new Promise((resolve) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, options.protocols, options);
    const lines = [];
    socket.on('open', () => { lines.push(`open protocol=${socket.protocol} extensions=${socket.extensions}`); act?.(socket); });
    socket.on('message', (data, isBinary) => {
      lines.push(`${isBinary ? 'binary' : 'text'} ${isBinary || data.length > 100 ? digest(data) : data}`);
      options.heard?.(socket, lines);
    });
    socket.on('ping', (data) => lines.push(`ping ${data}`));
    socket.on('pong', (data) => { lines.push(`pong ${data}`); options.heard?.(socket, lines); });
    socket.on('unexpected-response', (_, answer) => { lines.push(`answer ${answer.statusCode}`); answer.resume(); answer.on('end', () => { show(title, lines.join('\n')); resolve(); }); });
    socket.on('error', (error) => lines.push(`error ${error.message}`));
    socket.on('close', (code, reason) => { lines.push(`close ${code} ${reason}`); show(title, lines.join('\n')); resolve(); });
  });
}
const after = (count, act) => (socket, lines) => { if (lines.length === count + 1) act(socket); };
const leave = (socket) => socket.close(1000, 'done');
const pattern = (count) => Buffer.from({ length: count }, (_, index) => (index * 31 + (index >> 7)) & 255);

await live('text', '/', (socket) => { socket.send('grüß Gott'); socket.send(''); }, { heard: after(2, leave) });
await live('bytes', '/', (socket) => socket.send(pattern(100)), { heard: after(1, leave), perMessageDeflate: false });
await live('a megabyte, packed', '/', (socket) => socket.send(pattern(1 << 20)), { heard: after(1, leave) });
await live('a megabyte, plain', '/', (socket) => socket.send(pattern(1 << 20)), { heard: after(1, leave), perMessageDeflate: false });
await live('fragments', '/', (socket) => { socket.send('one ', { fin: false }); socket.send('two ', { fin: false }); socket.send('three', { fin: true }); }, { heard: after(1, leave) });
await live('a ping of ours', '/', (socket) => socket.ping('hello'), { heard: after(1, leave) });
await live('a ping of theirs', '/ping', null, { heard: after(2, leave) });
await live('a hundred answers', '/', (socket) => socket.send('count'), { heard: after(100, leave) });
await live('a protocol', '/', leave, { protocols: ['echo.v1', 'echo.v2'] });
await live('a protocol that is not spoken', '/', leave, { protocols: ['echo.v9'] });
await live('closed by the server', '/close');
await live('cut off by the server', '/terminate');
await live('forbidden', '/forbidden');
await live('more than it takes', '/', (socket) => socket.send(Buffer.alloc((4 << 20) + 1)), { perMessageDeflate: false });
await live('no code', '/', (socket) => socket.close());

await Promise.all(Array.from({ length: 200 }, (_, index) => new Promise((resolve, reject) => {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/`);
  socket.on('open', () => socket.send(`I am ${index}`));
  socket.on('message', (data) => { if (String(data) === `I am ${index}`) socket.close(); else reject(new Error(`${index} heard ${data}`)); });
  socket.on('close', resolve);
  socket.on('error', reject);
}))).then((all) => show('two hundred at once', `${all.length} were answered`));

await curl('plain HTTP', '/');
const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
const upgrade = 'GET / HTTP/1.1\r\nHost: here\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n';
await raw('no key', `${upgrade}Sec-WebSocket-Version: 13\r\n\r\n`);
await raw('an old version', `${upgrade}${key}Sec-WebSocket-Version: 7\r\n\r\n`);
await raw('a frame without a mask', `${upgrade}${key}Sec-WebSocket-Version: 13\r\n\r\n`, '\x81\x02hi');
await raw('text that is none', `${upgrade}${key}Sec-WebSocket-Version: 13\r\n\r\n`, '\x81\x82\0\0\0\0\xff\xfe');
await raw('an opcode to come', `${upgrade}${key}Sec-WebSocket-Version: 13\r\n\r\n`, '\x83\x80\0\0\0\0');
await new Promise((resolve) => {
  const socket = connect(port, '127.0.0.1', () => socket.write(`${upgrade}${key}Sec-WebSocket-Version: 13\r\n\r\n\x81\x82\0\0\0\0hi`, 'latin1'));
  const chunks = [];
  socket.on('data', (chunk) => {
    chunks.push(chunk);
    if (Buffer.concat(chunks).includes('\x02hi')) { socket.destroy(); show('a frame with the handshake', Buffer.concat(chunks).toString('latin1').replaceAll('\r', '')); resolve(); }
  });
});
