// Every kind of value compared with every other, as a value and where it decides a branch; ropes and floats that are whole
// among them, because engines keep those in their own ways.
const rope = (a, b) => a + b;
const floats = new Float64Array([0, -0, 1, 2.5, 2 ** 31, -(2 ** 31), NaN, Infinity]);
const long = 'ab'.repeat(300);
const one = { valueOf: () => 1 };
const shared = [];
const tag = Symbol('s');
const values = [undefined, null, true, false, 0, -0, 1, -1, 1.5, NaN, Infinity, '', '0', '1', 'a', rope('a', ''), rope(long, 'c'), long + 'c',
  0n, 1n, 2n ** 70n, tag, Symbol('s'), shared, [], [1], one, { valueOf: () => NaN }, Math.max, new Date(1), ...floats];
const tests = {
  '==': [(a, b) => a == b, (a, b) => { if (a == b) return true; return false; }, (a, b) => !(a == b) ? false : true],
  '!=': [(a, b) => a != b, (a, b) => { if (a != b) return true; return false; }, (a, b) => !(a != b) ? false : true],
  '===': [(a, b) => a === b, (a, b) => { if (a === b) return true; return false; }, (a, b) => !(a === b) ? false : true],
  '!==': [(a, b) => a !== b, (a, b) => { if (a !== b) return true; return false; }, (a, b) => !(a !== b) ? false : true],
  '<': [(a, b) => a < b, (a, b) => { if (a < b) return true; return false; }, (a, b) => { let n = 0; while (a < b && n < 1) n++; return n === 1; }],
  '<=': [(a, b) => a <= b, (a, b) => { if (a <= b) return true; return false; }, (a, b) => { for (; a <= b;) return true; return false; }],
  '>': [(a, b) => a > b, (a, b) => { if (a > b) return true; return false; }, (a, b) => (a > b ? true : false)],
  '>=': [(a, b) => a >= b, (a, b) => { if (a >= b) return true; return false; }, (a, b) => (a >= b ? true : false)],
};
const attempt = (f, a, b) => { try { return f(a, b); } catch (error) { return error.message; } };
for (const [operator, ways] of Object.entries(tests)) {
  values.forEach((a, row) => {
    const line = values.map((b) => {
      const [first, ...others] = ways.map((way) => attempt(way, a, b));
      if (others.some((other) => other !== first)) return '?';
      return first === true ? '1' : first === false ? '0' : 'x';
    });
    console.log(operator.padEnd(4), String(row).padStart(2), line.join(''));
  });
}
// Numbers as keys, however they came about.
const list = ['a', 'b', 'c', 'd'];
console.log(list[floats[2]], list[4 / 2], list[floats[1]], list[6 * 0.5], list[2.5], list[-1], list[NaN], list[2 ** 31]);
list[floats[0]] = 'A'; list[9 / 3] = 'D'; list[-0] += '!'; list[8 / 2] = 'E'; list[2.5] = 'no'; list[-1] = 'no';
console.log(list, list.length, Object.keys(list).join());
const bytes = new Uint8Array(3); bytes[floats[2]] = 300; bytes[6 / 3]++; bytes[1.5] = 1; bytes[-0] = 9;
console.log(bytes, 1.5 in bytes, floats[2] in bytes, floats[4] in bytes);
const record = { [2 / 1]: 'two', [floats[3]]: 'two and a half', [-0]: 'zero', [2 ** 32]: 'large' };
console.log(record, delete record[4 / 2], record);
const pairs = new Map([[floats[2], 'one'], [1.5, 'x']]);
console.log(pairs.get(1), Object.is(floats[1], -0), Object.is(floats[0] * 1, 0), 1 / floats[1], floats[2] / 0, [floats[2], floats[1]].indexOf(0));
console.log(floats[2] | 0, floats[4] | 0, floats[4] + 1, floats[5] - 1, -floats[0], floats[2] << 31, floats[4] >>> 1, typeof floats[4]);
