const m = require('./odd');
test('odd', async () => {
  m.once(); m.once(0); m.once(0, {}, 1); m.once(false, { y: 0, z: [1] });
  const x = new m.A(); x.value = 3; x.value; x.call(); [...x.walk()]; await x.wait(); await x.wait(9);
  new m.B(); m.o.m(); m.o.q(); await m.o.k1();
  for (const n of [1, 2, 3, 4, 9, 5]) m.branches(n);
  for await (const v of m.gen()) { break; }
  [1, 2, 3].map(m.sq); m.curried(1)(); m.curried(1)(3); m.é();
});
test('again', () => { expect(() => m.never()).toThrow('never'); });
