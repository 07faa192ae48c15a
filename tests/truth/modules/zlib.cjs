// Compression there and back. Compressed bytes are not shown: they are not the same everywhere.
const zlib = require('node:zlib');
const { pipeline, Readable, Writable } = require('node:stream');

const text = 'The quick brown fox jumps over the lazy dog. '.repeat(200);
for (const [pack, unpack] of [['gzip', 'gunzip'], ['deflate', 'inflate'], ['deflateRaw', 'inflateRaw'], ['gzip', 'unzip']]) {
  const packed = zlib[`${pack}Sync`](text);
  console.log(pack, packed.length < 300, zlib[`${unpack}Sync`](packed).toString() === text);
}
const damaged = Buffer.from('H4sIAAAAAAAAA0tMSk5JTQMA7zmPSwYAAAA=', 'base64');
console.log(zlib.crc32('abc'));
const complains = (f) => {
  try {
    console.log(f());
  } catch (error) {
    console.log(error.name, error.code, error.errno, error.message);
  }
};
complains(() => zlib.gunzipSync(damaged).toString());
complains(() => zlib.gunzipSync(Buffer.from('no archive')));
complains(() => zlib.inflateSync(zlib.deflateSync(text).subarray(0, 20)));
complains(() => zlib.inflateSync(zlib.deflateSync('a', { dictionary: Buffer.from('abc') })));
complains(() => zlib.createGzip({ level: 99 }));
const brotli = Buffer.from('GyoA+B2pU587dCn0JlcsdBmSxpaDKAJP4nDTTnLquWdIIg==', 'base64');
console.log(zlib.brotliDecompressSync(brotli).toString());
complains(() => zlib.brotliDecompressSync(brotli.subarray(0, 9)));
complains(() => zlib.brotliDecompressSync(Buffer.from('no brotli')));

zlib.gzip(text, (error, packed) => {
  zlib.gunzip(packed, (error, unpacked) => {
    console.log('callbacks', unpacked.toString() === text);
    streams();
  });
});
let length = 0;
const streams = () => pipeline(
  Readable.from([text, text]),
  zlib.createGzip({ level: 1 }),
  zlib.createGunzip(),
  new Writable({ write(chunk, encoding, done) { length += chunk.length; done(); } }),
  (error) => console.log('streams', error, length === 2 * text.length),
);
