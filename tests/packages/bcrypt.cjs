const bcrypt = require('bcrypt');
const known = '$2b$04$EXRkfkdmXn2gzds2SSituu0CpEaGhwCpPz6uPGSlrOmgVcDgTqnQi';
(async () => {
  const salt = '$2b$04$abcdefghijklmnopqrstuu';
  for (const password of ['secret', '', 'pässwörd', 'x'.repeat(71), 'x'.repeat(72), 'x'.repeat(100), Buffer.from([0, 255, 1])]) console.log(bcrypt.hashSync(password, salt));
  console.log(bcrypt.hashSync('x'.repeat(300), salt.replace('2b', '2a')), bcrypt.hashSync('x'.repeat(255), salt.replace('2b', '2a')));
  const made = await bcrypt.hash('secret', 4);
  console.log(made.length, made.slice(0, 7), await bcrypt.compare('secret', made), await bcrypt.compare('Secret', made), bcrypt.compareSync('secret', made), bcrypt.getRounds(made));
  console.log(await bcrypt.compare('x', known), bcrypt.compareSync('x', 'no hash'), (await bcrypt.genSalt(5)).slice(0, 7), bcrypt.genSaltSync(1, 'a').slice(0, 7), bcrypt.genSaltSync(4).length);
  for (const wrong of [() => bcrypt.hashSync('x', '$2b$04$short'), () => bcrypt.hashSync('x'), () => bcrypt.hashSync(5, 4), () => bcrypt.getRounds('nothing'), () => bcrypt.genSaltSync('x'), () => bcrypt.hash('x', 'not a salt'), () => bcrypt.hash('x', 4, 'no function'), () => bcrypt.compare('x', 5)]) {
    try { console.log(await wrong()); } catch (error) { console.log(error.name, error.message); }
  }
  const order = [];
  const done = new Promise((resolve) => bcrypt.hash('x', 4, (error, hash) => { order.push(error, hash.length); resolve(); }));
  order.push('sync');
  process.nextTick(() => order.push('tick'));
  await done;
  console.log(order);
})();
