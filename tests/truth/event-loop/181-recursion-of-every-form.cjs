// Calls of JavaScript by JavaScript go as deep as a stack like V8's allows, whatever the form of the call.
const assert = require('node:assert')

function sum(n) {
  return n === 0 ? 0 : n + sum(n - 1)
}
console.log('plain', sum(9000))

function isEven(n) { return n === 0 ? true : isOdd(n - 1) }
function isOdd(n) { return n === 0 ? false : isEven(n - 1) }
console.log('mutual', isEven(9000), isOdd(9000))

class List {
  constructor(value, next) { this.value = value; this.next = next }
  total() { return this.value + (this.next ? this.next.total() : 0) }
  get last() { return this.next ? this.next.last : this.value }
  *[Symbol.iterator]() { for (let node = this; node; node = node.next) yield node.value }
}
let list = null
for (let i = 0; i < 2500; i += 1) list = new List(i, list)
console.log('method', list.total(), 'getter', list.last, 'iterator', [...list].length)

const closures = (n) => {
  let mine = n
  const deeper = () => (mine === 0 ? 0 : closures(mine - 1)())
  return () => mine + deeper() - mine + 1
}
console.log('closures', closures(2000)())

class Node {
  constructor(depth) { this.depth = depth; this.child = depth > 0 ? new Node(depth - 1) : null }
}
class Leaf extends Node {
  constructor(depth) { super(0); this.child = depth > 0 ? new Leaf(depth - 1) : null; this.depth = depth }
}
class Plain extends Node {}
class Field { child = Field.made++ < 1000 ? new Field() : null; static made = 0 }
const height = (node) => (node ? 1 + height(node.child) : 0)
console.log('constructors', height(new Node(2000)), height(new Leaf(900)), height(new Plain(1500)), height(new Field()))
function Legacy(n) {
  this.n = n
  if (n > 0) return { inner: new Legacy(n - 1), n: -n }
}
const legacy = new Legacy(1000)
console.log('constructors that return', legacy.n, legacy.inner.n, legacy instanceof Legacy)
class Refuses extends Node { constructor() { super(0); return 1 } }
class Forgets extends Node { constructor() { } }
for (const made of [() => new Refuses(), () => new Forgets(), () => Node(1)]) {
  try { made() } catch (error) { console.log(error.name, error.message) }
}

function spread(...numbers) {
  return numbers[0] === 0 ? numbers.length : spread(...numbers.map((n) => n - 1))
}
console.log('spread', spread(3000, 1, 2))
function through(n, how) {
  if (n === 0) return how
  switch (how) {
    case 'call': return through.call(null, n - 1, how)
    case 'apply': return through.apply(null, [n - 1, how])
    case 'arguments': { arguments[0] -= 1; return through.apply(this, arguments) }
    case 'bind': return through.bind(null, n - 1)(how)
    case 'template': return ((_, m) => through(m, how))`${n - 1}`
    case 'optional': return through?.(n - 1, how)
  }
}
console.log(['call', 'apply', 'arguments', 'bind', 'template', 'optional'].map((how) => through(4000, how)).join())

let entered = 0, left = 0
function guarded(n) {
  entered += 1
  try {
    if (n === 0) throw new Error('bottom')
    guarded(n - 1)
  } finally {
    left += 1
  }
}
try { guarded(5000) } catch (error) { console.log('finally', error.message, entered, left) }
function rethrown(n) {
  try {
    if (n === 0) null.x
    rethrown(n - 1)
  } catch (error) {
    error.count = (error.count ?? 0) + 1
    throw error
  }
}
try { rethrown(5000) } catch (error) { console.log(error.name, error.count) }
function returned(n) {
  for (const _ of [1, 2]) {
    try { if (n > 0) return returned(n - 1) + 1 } finally { if (n === 3) continue }
    return 0
  }
  return 100
}
console.log('finally that goes on', returned(2000))

function defaults(n, m = n * 2, { a = m } = {}, ...rest) { return n === 0 ? m + a + rest.length : defaults(n - 1, undefined, {}, 1, 2) }
console.log('defaults', defaults(3000))
function few(a, b) { return arguments.length === 0 ? [a, b] : few() }
function many(a) { a = 'changed'; return [arguments[0], arguments[2], arguments.length] }
function strict(a) { 'use strict'; a = 'changed'; return [arguments[0], arguments.length] }
console.log(few(1), many(1, 2, 3), strict(1, 2), many.apply(null, { length: 3, 2: 'x' }), Reflect.apply(many, null, [1]))
function sloppyThis() { return typeof this }
function strictThis() { 'use strict'; return typeof this }
console.log(sloppyThis.call(1), strictThis.call(1), sloppyThis() === 'object', strictThis())
console.log(((...all) => all.length)(...new Array(70000)), Math.max(...Array.from({ length: 70000 }, (_, i) => i)))

const kept = []
function keep(n) {
  let own = n
  kept.push(() => (own += 1))
  if (n < 3000) keep(n + 1)
  own += 10000
}
keep(0)
console.log('variables that outlive their frame', kept[0](), kept[0](), kept[1500](), kept[3000]())

// Each of these ends in one way only, and leaves no trace.
const endless = {
  function() { endless.function() },
  arrow: () => endless.arrow() + 1,
  constructor: function () { new endless.constructor() },
  get getter() { return this.getter },
  set setter(value) { this.setter = value },
  spread(...all) { endless.spread(...all, 1) },
  apply() { endless.apply.apply(this, arguments) },
  bound() { endless.bound.bind(this)() },
  map() { [1].map(endless.map) },
  sort() { [1, 2].sort(endless.sort) },
  stringify() { JSON.stringify({ toJSON: endless.stringify }) },
  proxy() { new Proxy({}, { get: (target, key, receiver) => receiver[key] }).x },
  generator() { (function* inner() { yield* inner() })().next() },
  toString: () => `${endless}`,
  finally() { try { endless.finally() } finally { entered += 1 } },
  catch() { try { endless.catch() } catch (error) { throw error } },
}
for (let round = 0; round < 3; round += 1) {
  for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(endless))) {
    try {
      if (descriptor.get) endless.getter
      else if (descriptor.set) endless.setter = 1
      else endless[name]()
      console.log(name, 'ended')
    } catch (error) {
      assert(error instanceof RangeError)
      assert.equal(error.message, 'Maximum call stack size exceeded')
    }
  }
}
try {
  (function overflowing() { overflowing() })()
} catch (error) {
  const lines = error.stack.split('\n')
  console.log(lines.length, lines[0], lines[10].trim().split(' ').slice(0, 2).join(' '))
}
console.log('and recovers', sum(5000))

const order = []
async function descend(n) {
  order.push(n)
  if (n > 0) await descend(n - 1)
  if (n === 2000) order.push('resumed')
  return n
}
async function forever() { await forever() }
async function main() {
  const promise = descend(2000)
  console.log('async', order.length)
  console.log(await promise, order.at(-1))
  await forever().catch((error) => console.log(error.name, error.message))
  const thrower = async (n) => { if (n === 0) throw new TypeError('deep'); return thrower(n - 1) }
  await thrower(500).catch((error) => console.log(error.name, error.message))
}
main().then(() => console.log('over'))
