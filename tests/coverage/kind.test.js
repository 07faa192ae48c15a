const { kind } = require('./kind.js');

test('kinds', () => {
  expect([0, 1, 5].map(kind)).toEqual(['zero', 'some', 'some']);
  let stack;
  try { kind(1.5); } catch (error) { stack = error.stack; }
  console.log(stack.split('\n').slice(0, 3).join('\n'));
});
