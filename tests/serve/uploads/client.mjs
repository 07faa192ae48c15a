import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { curl, origin, show, body } from '../seen.mjs';

const folder = mkdtempSync(join(tmpdir(), 'uploads-'));
const file = (name, bytes) => { writeFileSync(join(folder, name), bytes); return join(folder, name); };
const bytes = (count) => Buffer.from({ length: count }, (_, index) => (index * 7 + (index >> 8)) & 255);
const small = file('small.txt', 'a small file\n');
const picture = file('größe.png', bytes(300_000));
const large = file('large.bin', bytes((1 << 20) + 1));

try {
  await curl('a file', '--form', `files=@${small}`, '/upload');
  await curl('fields and files', '--form', 'title=Pictures', '--form', 'tags=a', '--form', 'tags=b', '--form', `files=@${small};type=text/x-mine`, '--form', `files=@${picture}`, '/upload');
  await curl('a file that is too large', '--form', `files=@${large}`, '/upload');
  await curl('too many files', ...Array(4).fill(['--form', `files=@${small}`]).flat(), '/upload');
  await curl('a field with another name', '--form', `others=@${small}`, '/upload');
  await curl('a form that ends too soon', '--header', 'Content-Type: multipart/form-data; boundary=x', '--data-binary', '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nno end', '/upload');
  await curl('a form without a boundary', '--header', 'Content-Type: multipart/form-data', '--data-binary', 'x', '/upload');
  await curl('bytes', '--header', 'Content-Type: application/octet-stream', '--data-binary', `@${large}`, '/raw');
  await curl('bytes packed', '--header', 'Content-Encoding: br', '--header', 'Content-Type: a/b', '--data-binary', 'not brotli', '/raw');
  await curl('JSON', '--json', '{"a":[1,2,{"b":null}]}', '/json');
  await curl('JSON that is none', '--json', '{"a":', '/json');
  await curl('JSON beyond the limit', '--json', JSON.stringify('x'.repeat(20_000)), '/json');
  await curl('JSON in an unknown charset', '--header', 'Content-Type: application/json; charset=x', '--data', '{}', '/json');
  await curl('a form', '--data', 'a[b]=1&a[c][]=2&d=%20', '/json');
  await curl('no body', '--request', 'POST', '/json');
  await curl('cookies', '--cookie', 'plain=x%20y; signed=s%3Aforged.sig', '/cookies');
  await curl('packed by gzip', '--compressed', '/long');
  await curl('not packed', '/long');
  await curl('safe headers', '--header', 'Origin: http://friend.example', '/safe');
  await curl('a first answer', '/etag');
  await curl('not modified', '--header', 'If-None-Match: W/"e-iPbiBAoTUAj2Fx6nvpqspBBM+K0"', '/etag');
  await curl('JSON is wanted', '--header', 'Accept: application/json', '/types');
  await curl('HTML is wanted', '--header', 'Accept: text/html', '/types');
  await curl('a picture is wanted', '--header', 'Accept: image/png', '/types');
  await curl('parameters', '/users/4%202?a=1&a=2&b[c]=3');
  await curl('a parameter that cannot be decoded', '/users/%E0%A4%A');
  await curl('a redirect', '/jump');
  await curl('a rejected handler', '/late');
  await curl('nothing there', '--request', 'DELETE', '/nowhere');
  await curl('what it allows', '--request', 'OPTIONS', '/etag');

  const form = new FormData();
  form.append('title', 'by fetch');
  form.append('files', new Blob([bytes(70_000)], { type: 'image/gif' }), 'x.gif');
  const answer = await fetch(`${origin}/upload`, { method: 'POST', body: form });
  show('a form by fetch', `${answer.status}\n${body(Buffer.from(await answer.arrayBuffer()))}`);
} finally {
  rmSync(folder, { recursive: true });
}
