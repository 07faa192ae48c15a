import http from 'node:http';
import { connect } from 'node:net';
import { body, curl, digest, origin, port, show, sleep } from '../seen.mjs';

await curl('events', '--no-buffer', '/events');
await curl('two thousand lines', '/lines');
await curl('packed', '--compressed', '/gzip');
await curl('sixteen megabytes', '/large');
await curl('sent back in capitals', '--header', 'Transfer-Encoding: chunked', '--data-binary', 'some words '.repeat(10_000), '/upper');
await curl('an answer that fails half way', '/fails');

const answer = await fetch(`${origin}/events`);
const decoder = new TextDecoder();
let text = '';
for await (const chunk of answer.body) text += decoder.decode(chunk, { stream: true });
show('events by fetch', `${answer.status} ${answer.headers.get('content-type')}\n${text}`);

const leaving = new AbortController();
const forever = await fetch(`${origin}/forever`, { signal: leaving.signal });
const reader = forever.body.getReader();
await reader.read();
leaving.abort();
show('a client that leaves', await reader.read().then(() => 'nothing', (error) => error.name));
await sleep(300);

const socket = connect(port, '127.0.0.1');
socket.write('GET /forever HTTP/1.1\r\nHost: here\r\n\r\n');
await new Promise((done) => socket.once('data', done));
socket.resetAndDestroy();
await sleep(300);

const slow = await new Promise((resolve, reject) => http.get(`${origin}/large`, resolve).on('error', reject));
await sleep(500);
const chunks = [];
for await (const chunk of slow) chunks.push(chunk);
show('a client that reads late', digest(Buffer.concat(chunks)));

await curl('who left and who stayed', '/seen');

const late = fetch(`${origin}/slow`);
await sleep(200);
process.kill(Number(process.argv[3]), 'SIGTERM');
await sleep(200);
show('a newcomer while it closes', await fetch(`${origin}/seen`).then((answer) => answer.status, (error) => error.cause.code));
const whole = await late;
show('an answer that is waited for', `${whole.status} ${whole.headers.get('connection')}\n${body(Buffer.from(await whole.arrayBuffer()))}`);
