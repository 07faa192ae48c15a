// Key pairs made, written, read, and used. Signatures by chance are shown by their lengths.
const crypto = require('node:crypto');
const { generateKeyPairSync, createPrivateKey, createPublicKey, sign, verify } = crypto;

const message = Buffer.from('Pay Ada 5 coins');
const pairs = {
  rsa: generateKeyPairSync('rsa', { modulusLength: 1024 }),
  'rsa-pss': generateKeyPairSync('rsa-pss', { modulusLength: 1024, hashAlgorithm: 'sha256', saltLength: 16 }),
  'P-256': generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  secp256k1: generateKeyPairSync('ec', { namedCurve: 'secp256k1' }),
  ed25519: generateKeyPairSync('ed25519'),
  ed448: generateKeyPairSync('ed448'),
};
for (const [name, { privateKey, publicKey }] of Object.entries(pairs)) {
  const digest = name.startsWith('ed') ? null : 'sha256';
  const signature = sign(digest, message, privateKey);
  const forged = Buffer.from(signature);
  forged[20] ^= 1;
  console.log(name, privateKey.asymmetricKeyType, privateKey.asymmetricKeyDetails);
  console.log(verify(digest, message, publicKey, signature), verify(digest, message, publicKey, forged));
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'open sesame' });
  const read = createPrivateKey({ key: pem, passphrase: 'open sesame' });
  const der = publicKey.export({ type: 'spki', format: 'der' });
  console.log(pem.split('\n')[0], read.equals(privateKey), createPublicKey(read).export({ type: 'spki', format: 'der' }).equals(der));
  if (name !== 'rsa-pss') {
    const jwk = publicKey.export({ format: 'jwk' });
    console.log(jwk.kty, jwk.crv, createPublicKey({ key: jwk, format: 'jwk' }).equals(publicKey));
  }
}

// A key and signatures that were made elsewhere.
const key = createPrivateKey({
  key: { kty: 'OKP', crv: 'Ed25519', d: 'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' },
  format: 'jwk',
});
console.log(sign(null, Buffer.alloc(0), key).toString('hex'));
console.log(key.export({ type: 'pkcs8', format: 'pem' }));

const secret = crypto.publicEncrypt(pairs.rsa.publicKey, message);
console.log(secret.length, crypto.privateDecrypt(pairs.rsa.privateKey, secret).toString());
console.log(crypto.publicDecrypt(pairs.rsa.publicKey, crypto.privateEncrypt(pairs.rsa.privateKey, message)).toString());

const [a, b] = [generateKeyPairSync('x25519'), generateKeyPairSync('x25519')];
console.log(crypto.diffieHellman({ privateKey: a.privateKey, publicKey: b.publicKey })
  .equals(crypto.diffieHellman({ privateKey: b.privateKey, publicKey: a.publicKey })));
const [alice, bob] = [crypto.createECDH('secp256k1'), crypto.createECDH('secp256k1')];
alice.setPrivateKey('01'.repeat(32), 'hex');
console.log(alice.getPublicKey('hex', 'compressed'));
console.log(alice.computeSecret(bob.generateKeys()).equals(bob.computeSecret(alice.getPublicKey())));

const complains = (f) => {
  try {
    console.log(f());
  } catch (error) {
    console.log(error.name, error.code, error.message, error.opensslErrorStack);
  }
};
const sealed = pairs.rsa.privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-128-cbc', passphrase: 'right' });
complains(() => createPrivateKey('no key'));
complains(() => createPrivateKey(sealed));
complains(() => createPrivateKey({ key: sealed, passphrase: 'wrong' }));
complains(() => crypto.publicEncrypt(pairs.rsa.publicKey, Buffer.alloc(1000)));
complains(() => crypto.privateDecrypt(pairs.rsa.privateKey, Buffer.alloc(128)));
complains(() => crypto.publicEncrypt(pairs['rsa-pss'].publicKey, message));
complains(() => crypto.createSign('sha256').update(message).sign(pairs.ed25519.privateKey));
complains(() => sign('sha512', message, pairs['rsa-pss'].privateKey));
complains(() => sign('sha256', message, a.privateKey));
complains(() => generateKeyPairSync('ec', { namedCurve: 'none' }));
complains(() => generateKeyPairSync('rsa', { modulusLength: 128 }));
complains(() => createPublicKey({ key: { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' }, format: 'jwk' }));

(async () => {
  const { subtle } = crypto;
  const pair = await subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-384' }, true, ['sign', 'verify']);
  const signature = await subtle.sign({ name: 'ECDSA', hash: 'SHA-384' }, pair.privateKey, message);
  console.log(signature.byteLength, await subtle.verify({ name: 'ECDSA', hash: 'SHA-384' }, pair.publicKey, signature, message));
  const aes = await subtle.importKey('raw', Buffer.alloc(16, 1), 'AES-GCM', false, ['encrypt', 'decrypt']);
  const iv = Buffer.alloc(12, 2);
  const closed = await subtle.encrypt({ name: 'AES-GCM', iv }, aes, message);
  console.log(Buffer.from(closed).toString('hex'));
  console.log(Buffer.from(await subtle.decrypt({ name: 'AES-GCM', iv }, aes, closed)).toString());
  await subtle.decrypt({ name: 'AES-GCM', iv: Buffer.alloc(12) }, aes, closed).catch((error) => console.log(error.name, error.message));
  const mac = await subtle.importKey('raw', Buffer.from('key'), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  console.log(Buffer.from(await subtle.sign('HMAC', mac, message)).toString('base64'));
})();
