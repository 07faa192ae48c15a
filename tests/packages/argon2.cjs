const argon2 = require('argon2');
(async () => {
  const salt = Buffer.from('some salt, fixed');
  const cheap = { salt, memoryCost: 256, timeCost: 2, parallelism: 1 };
  for (const type of [argon2.argon2d, argon2.argon2i, argon2.argon2id]) console.log(await argon2.hash('secret', { ...cheap, type }));
  console.log(await argon2.hash('secret', { ...cheap, parallelism: 4, hashLength: 16 }));
  console.log(await argon2.hash('secret', { ...cheap, version: 0x10, secret: Buffer.from('pepper'), associatedData: Buffer.from('about') }));
  console.log(await argon2.hash('secret', { ...cheap, raw: true }));
  const made = await argon2.hash('secret');
  console.log(made.slice(0, 31), await argon2.verify(made, 'secret'), await argon2.verify(made, 'Secret'), argon2.needsRehash(made), argon2.needsRehash(made, { timeCost: 5 }));
  for (const wrong of [{ salt: Buffer.alloc(4) }, { memoryCost: 1 }, { memoryCost: 16, parallelism: 4 }, { timeCost: 0 }, { hashLength: 2 }, { hashLength: 2 ** 33 }]) await argon2.hash('x', { ...cheap, ...wrong }).then(console.log, (error) => console.log(error.name, error.message));
  await argon2.verify('nonsense', 'x').catch((error) => console.log(error.name, error.message));
})();
