const { expect } = require('expect');
expect(1 + 1).toBe(2); expect({ a: [1, 2] }).toEqual({ a: [1, expect.any(Number)] }); expect(() => { throw new TypeError('bad'); }).toThrow('bad');
for (const wrong of [() => expect({ a: 1, b: [1, 2] }).toEqual({ a: 1, b: [1, 3] }), () => expect('apple').toMatch(/pear/), () => expect([1]).toHaveLength(2)]) {
  try { wrong(); console.log('no error'); } catch (error) { console.log(error.message.replace(/\x1b\[\d+m/g, '')); }
}
expect(Promise.resolve(3)).resolves.toBe(3).then(() => console.log('resolved'));
