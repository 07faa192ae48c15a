// Digests, keyed digests, derived keys and ciphers, whose results are the same everywhere.
const crypto = require('node:crypto');

for (const name of ['md5', 'sha1', 'sha256', 'sha384', 'sha512', 'sha512-256', 'sha3-256', 'ripemd160', 'blake2b512', 'RSA-SHA256']) {
  console.log(name, crypto.createHash(name).update('terra').update(Buffer.from('rium')).digest('hex'));
}
console.log(crypto.createHash('shake128', { outputLength: 8 }).update('x').digest('hex'));
console.log(crypto.createHmac('sha256', 'key').update('data').digest('base64url'));
const hash = crypto.createHash('sha1').update('a');
console.log(hash.copy().update('b').digest('hex'), hash.digest('hex'));
console.log(crypto.pbkdf2Sync('password', 'salt', 1000, 32, 'sha512').toString('hex'));
console.log(crypto.scryptSync('password', 'salt', 16, { N: 1024 }).toString('hex'));
console.log(Buffer.from(crypto.hkdfSync('sha256', 'key', 'salt', 'info', 20)).toString('hex'));
console.log(crypto.timingSafeEqual(Buffer.from('abc'), Buffer.from('abc')));

const key = Buffer.alloc(32, 7);
for (const name of ['aes-256-cbc', 'aes-256-ctr', 'aes-256-ecb', 'aes-256-gcm', 'chacha20-poly1305']) {
  const iv = name.endsWith('ecb') ? null : Buffer.alloc(name.endsWith('gcm') || name.startsWith('cha') ? 12 : 16, 9);
  const options = { authTagLength: 16 };
  const cipher = crypto.createCipheriv(name, key, iv, options);
  const sealed = cipher.update('What must not be read.', 'utf8', 'hex') + cipher.final('hex');
  const opener = crypto.createDecipheriv(name, key, iv, options);
  if (cipher.getAuthTag && /gcm|poly/.test(name)) {
    console.log(cipher.getAuthTag());
    opener.setAuthTag(cipher.getAuthTag());
  }
  console.log(name, sealed, opener.update(sealed, 'hex', 'utf8') + opener.final('utf8'));
}

const complains = (f) => {
  try {
    console.log(f());
  } catch (error) {
    console.log(error.name, error.code, error.message);
  }
};
complains(() => crypto.createHash('sha0'));
complains(() => hash.update('late'));
complains(() => crypto.createCipheriv('aes-128-cbc', 'short', 'iv'));
complains(() => crypto.createCipheriv('aes-1-cbc', 'short', 'iv'));
complains(() => crypto.createDecipheriv('aes-128-cbc', Buffer.alloc(16), Buffer.alloc(16)).final());
complains(() => crypto.timingSafeEqual(Buffer.alloc(1), Buffer.alloc(2)));
complains(() => crypto.pbkdf2Sync('a', 'b', 1, 1, 'none'));
complains(() => crypto.scryptSync('a', 'b', 1, { N: 3 }));
complains(() => crypto.randomBytes(-1));
complains(() => {
  const opener = crypto.createDecipheriv('aes-128-gcm', Buffer.alloc(16), Buffer.alloc(12));
  opener.setAuthTag(Buffer.alloc(16));
  opener.update('00', 'hex');
  opener.final();
});

console.log(crypto.randomBytes(12).length, crypto.randomUUID().length, crypto.randomInt(1), crypto.randomInt(5, 6));
crypto.randomBytes(4, (error, bytes) => console.log('randomBytes', error, bytes.length));
crypto.subtle.digest('SHA-256', Buffer.from('abc')).then((digest) => {
  console.log(digest.byteLength, crypto.createHash('sha256').update('abc').digest().equals(Buffer.from(digest)));
});
