// What real clients see of a server, in words by which two servers can be compared: everything but dates, chosen
// boundaries and the text of large bodies, which their length and digest stand for.

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { connect } from 'node:net';

export const port = Number(process.argv[2]);
export const origin = `http://127.0.0.1:${port}`;

const SHOWN_BYTES_MAX = 2000;

export const digest = (bytes) => `${bytes.length} bytes, sha256 ${createHash('sha256').update(bytes).digest('hex')}`;

/** Text as it is, if it is short and nothing but text. */
export function body(bytes) {
  const text = bytes.toString('utf8');
  const isText = Buffer.from(text).equals(bytes) && !/[^\P{Cc}\t\r\n]/u.test(text);
  return isText && bytes.length <= SHOWN_BYTES_MAX ? text : `(${digest(bytes)})`;
}

/** For comparing: without dates, returns, this machine's port, and what a terminal cannot show. */
const plain = (text) => text
  .replace(/^(date): .*$/gim, '$1: …')
  .replaceAll('\r', '')
  .replaceAll(`:${port}`, ':PORT')
  .replace(/[^\n\t\x20-\x7e\u00a1-\uffff]/g, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`);

/** HTTP/1 as bytes: heads as they are, what follows the last as a body. */
export function message(bytes) {
  const heads = [];
  let rest = bytes;
  while (/^HTTP\/1\.\d \d{3}/.test(rest.subarray(0, 12).toString('latin1'))) {
    const end = rest.indexOf('\r\n\r\n');
    if (end < 0) break;
    heads.push(rest.subarray(0, end).toString('latin1'));
    rest = rest.subarray(end + 4);
  }
  return `${heads.join('\n\n')}\n\n${body(rest)}`;
}

export function show(title, text) {
  console.log(`--- ${title}\n${plain(String(text)).trim().replace(/[ \t]+$/gm, '')}\n`);
}

/** Real curl, with these options and paths of the server; what it says and how it ends. */
export async function curl(title, ...options) {
  const words = options.map((option) => (option.startsWith('/') ? origin + option : option));
  const { stdout, stderr, code } = await new Promise((resolve) => {
    const settings = { encoding: 'buffer', maxBuffer: 1 << 28 };
    execFile('curl', ['--silent', '--show-error', '--include', '--max-time', '60', ...words], settings,
      (error, stdout, stderr) => resolve({ stdout, stderr, code: error?.code ?? 0 }));
  });
  const complaint = code === 0 ? '' : `\n(curl ends with ${code}: ${stderr.toString().trim()})`;
  show(title, message(stdout) + complaint);
}

/** These bytes on a connection of their own, then everything that comes until the server ends it. */
export async function raw(title, ...parts) {
  const chunks = [];
  const how = await new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', async () => {
      for (const part of parts) {
        socket.write(part, 'latin1');
        await new Promise((done) => setTimeout(done, 100));
      }
    });
    socket.setTimeout(20_000, () => { resolve('nothing for 20 s'); socket.destroy(); });
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('end', () => resolve('the server ends it'));
    socket.on('error', (error) => resolve(error.code));
  });
  show(title, `${Buffer.concat(chunks).toString('latin1')}\n(${how})`);
}

export const sleep = (time_ms) => new Promise((done) => setTimeout(done, time_ms));
