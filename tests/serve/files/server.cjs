// Large files, both ways, through the file system.
const { createHash } = require('node:crypto');
const fs = require('node:fs');
const fsp = require('node:fs/promises');
const http = require('node:http');
const path = require('node:path');
const { pipeline } = require('node:stream/promises');

const root = process.env.ROOT ?? '/tmp/store';
fs.mkdirSync(root, { recursive: true });

const server = http.createServer(async (request, response) => {
  try {
    const name = path.posix.normalize(decodeURIComponent(new URL(request.url, 'http://host').pathname));
    const file = path.join(root, name);
    if (request.method === 'PUT') {
      const hash = createHash('sha256');
      request.on('data', (chunk) => hash.update(chunk));
      await pipeline(request, fs.createWriteStream(file, { flags: request.headers['if-none-match'] === '*' ? 'wx' : 'w' }));
      response.writeHead(201).end(`${hash.digest('hex')}\n`);
      return;
    }
    if (request.method === 'DELETE') { await fsp.unlink(file); response.writeHead(204).end(); return; }
    const { size } = await fsp.stat(file);
    if (name.endsWith('/')) { response.end(`${(await fsp.readdir(file)).sort().join('\n')}\n`); return; }
    const range = /^bytes=(\d*)-(\d*)$/.exec(request.headers.range ?? '');
    if (!range) {
      response.writeHead(200, { 'Content-Length': size, 'Accept-Ranges': 'bytes' });
      if (request.method === 'HEAD') { response.end(); return; }
      await pipeline(fs.createReadStream(file), response);
      return;
    }
    const start = range[1] === '' ? size - Number(range[2]) : Number(range[1]);
    const end = range[1] === '' || range[2] === '' ? size - 1 : Math.min(Number(range[2]), size - 1);
    if (start > end || start < 0) { response.writeHead(416, { 'Content-Range': `bytes */${size}` }).end(); return; }
    response.writeHead(206, { 'Content-Range': `bytes ${start}-${end}/${size}`, 'Content-Length': end - start + 1 });
    await pipeline(fs.createReadStream(file, { start, end }), response);
  } catch (error) {
    if (response.headersSent) { response.destroy(); return; }
    const status = { ENOENT: 404, EEXIST: 412, ERR_INVALID_ARG_VALUE: 400, EISDIR: 409 }[error.code] ?? 500;
    response.writeHead(status).end(`${error.code ?? error.name}\n`);
  }
});
server.requestTimeout = 60_000;
server.listen(Number(process.env.PORT ?? 3000), () => console.log('ready'));
