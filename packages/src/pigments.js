// Finds the calls that put a callback somewhere, and says where: `setTimeout` into the timers, `then` into the
// microtask queue. The editor underlines them in that queue's colour.
//
// The finder looks at names in the syntax tree and nothing else. It does not know what a name is bound to: a function
// of your own that is called `setTimeout`, or a `then` on an object that is no promise, counts as well.

/** Functions known by their bare name, also as a property of `globalThis`. */
const FUNCTIONS = new Map([
  ['setTimeout', 'timers'],
  ['setInterval', 'timers'],
  ['setImmediate', 'check'],
  ['queueMicrotask', 'microtask'],
  ['nextTick', 'tick'],
]);

/** Methods of a promise, whatever the expression before the dot. */
const PROMISE_METHODS = new Set(['then', 'catch', 'finally']);

/** Objects whose properties are the functions above. */
const HOLDERS = new Set(['globalThis', 'global', 'process', 'timers']);

/**
 * The scheduling calls between two positions of a JavaScript or TypeScript syntax tree, in source order.
 *
 * @param {import('@lezer/common').Tree} tree
 * @param {(from: number, to: number) => string} read the document's text between two positions
 * @returns {{ from: number, to: number, queue: 'tick' | 'microtask' | 'timers' | 'check' }[]} positions of the name
 *   alone, in UTF-16 units from the start of the document
 */
export function findPigments(tree, read, from = 0, to = tree.length) {
  const found = [];
  tree.iterate({
    from,
    to,
    enter(node) {
      if (node.name === 'await') {
        found.push({ from: node.from, to: node.to, queue: 'microtask' });
      } else if (node.name === 'CallExpression') {
        const pigment = ofCallee(node.node.firstChild, read);
        if (pigment) found.push(pigment);
      }
    },
  });
  return found
    .filter((pigment) => pigment.to > from && pigment.from < to)
    .sort((a, b) => a.from - b.from);
}

function ofCallee(callee, read) {
  if (callee?.name === 'VariableName') {
    const queue = FUNCTIONS.get(read(callee.from, callee.to));
    return queue && { from: callee.from, to: callee.to, queue };
  }
  if (callee?.name !== 'MemberExpression') return null;
  const property = callee.lastChild;
  if (property?.name !== 'PropertyName') return null;
  const name = read(property.from, property.to);
  if (PROMISE_METHODS.has(name)) {
    return { from: property.from, to: property.to, queue: 'microtask' };
  }
  const holder = callee.firstChild;
  const queue = holder?.name === 'VariableName' && HOLDERS.has(read(holder.from, holder.to)) && FUNCTIONS.get(name);
  return queue ? { from: property.from, to: property.to, queue } : null;
}
