import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { curl, digest, origin, port, show, sleep } from '../seen.mjs';

const folder = mkdtempSync(join(tmpdir(), 'files-'));
const large = Buffer.alloc(32 << 20);
for (let index = 0, word = 1; index < large.length; index += 4) {
  word = (Math.imul(word, 1664525) + 1013904223) >>> 0;
  large.writeUInt32LE(word, index);
}
const path = join(folder, 'large');
writeFileSync(path, large);

try {
  await curl('nothing yet', '/large');
  await curl('32 MB there', `-T${path}`, '/large');
  await curl('32 MB back', '/large');
  await curl('32 MB there in chunks', '--header', 'Transfer-Encoding: chunked', `-T${path}`, '/chunked');
  await curl('its head', '--head', '/chunked');
  await curl('a part', '--range', '1000-1999', '/large');
  await curl('the end', '--range', '-10', '/large');
  await curl('from the middle', '--range', `${16 << 20}-`, '/large');
  await curl('beyond', '--range', `${64 << 20}-`, '/large');
  await curl('not again', '--header', 'If-None-Match: *', `-T${path}`, '/large');
  await curl('a folder', '/');
  await curl('out of the folder', '--path-as-is', '/../../etc/passwd');
  await curl('out of it, encoded', '--path-as-is', '/%2e%2e/%2e%2e/etc/passwd');
  await curl('a nul', '/a%00b');
  await curl('half a character', '/%E0%A4%A');

  const all = await Promise.all(Array.from({ length: 8 }, async () => {
    const answer = await fetch(`${origin}/large`);
    return digest(Buffer.from(await answer.arrayBuffer()));
  }));
  show('eight at once', [...new Set(all)].join('\n'));
  const put = await Promise.all(Array.from({ length: 4 }, async (_, index) => {
    const answer = await fetch(`${origin}/part-${index}`, { method: 'PUT', body: large.subarray(index << 20, (index + 1) << 20) });
    return `${answer.status} ${(await answer.text()).trim()}`;
  }));
  show('four there at once', put.join('\n'));

  // Half a body, and gone: the server must not keep waiting, nor fall.
  const socket = connect(port, '127.0.0.1');
  socket.write('PUT /half HTTP/1.1\r\nHost: here\r\nContent-Length: 100000\r\n\r\nnot all');
  await sleep(200);
  socket.destroy();
  await sleep(200);
  await curl('half a body', '/half');
  await curl('away', '--request', 'DELETE', '/large');
  await curl('gone', '/large');
} finally {
  rmSync(folder, { recursive: true });
}
