function kind(n) {
  if (n < 0) {
    return 'negative';
  } else if (n === 0) return 'zero';
  return n > 100 ? 'many' : (n % 1 === 0 && 'some') || fail(n);
}
const fail = (n) => { throw new RangeError(`${n} is no number of things`); };

module.exports = { kind };
