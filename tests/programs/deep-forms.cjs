// Every way to go deep ends at the same depth on every platform.
const forms = {
  map() { [1].map(forms.map) },
  sort() { return [2, 1].sort(forms.sort) && 0 },
  replace() { 'a'.replace(/a/, forms.replace) },
  stringify() { JSON.stringify({ toJSON: forms.stringify }) },
  apply() { forms.apply.apply(null, []) },
  construct() { new Deep() },
  evaluate() { eval('forms.evaluate()') },
  generator() { drain() },
  get getter() { depth += 1; return this.getter },
}
let depth
class Deep { constructor() { depth += 1; new Deep() } }
function* drain() { depth += 1; yield* drain() }
const proxy = new Proxy({}, { get(target, key, receiver) { depth += 1; return receiver[key] } })

function measure(name, deeper) {
  depth = 0
  try {
    deeper()
  } catch (error) {
    console.log(name, error.name, error.message, depth)
  }
}
for (const name of ['map', 'sort', 'replace', 'stringify', 'apply', 'evaluate']) {
  const inner = forms[name]
  forms[name] = function () { depth += 1; return inner() }
  measure(name, forms[name])
}
// Calls of JavaScript by JavaScript end by the size of their frames alone.
const plain = {
  few() { depth += 1; plain.few() },
  many(a, b, c) { depth += 1; const d = a + b; const e = b + c; plain.many(c, d, e); return d + e },
  rest(...all) { depth += 1; plain.rest(1, ...all.slice(0, 3)) },
  call() { depth += 1; plain.call.call(this, 1) },
  apply() { depth += 1; plain.apply.apply(this, arguments) },
  reflect() { depth += 1; Reflect.apply(plain.reflect, this, [1, 2]) },
  bound() { depth += 1; plain.bound.bind(this, 1)(2) },
  guarded() { depth += 1; try { plain.guarded() } finally { depth += 0 } },
  template() { depth += 1; plain.template`${1}` },
}
for (const name of Object.keys(plain)) measure(name, plain[name])
async function later() { depth += 1; await later() }
measure('async', () => void later().catch(() => console.log('async', depth)))
class Base { constructor() { depth += 1; new Derived(1, 2) } }
class Derived extends Base { constructor(...all) { super(...all) } }
class Implied extends Base { field = depth }
measure('derived', () => new Derived())
measure('implied', () => new Implied())
measure('arguments', () => { for (depth = 60000; ; depth += 100) Math.max(...new Array(depth).fill(1)) })
measure('construct', forms.construct)
measure('generator', () => drain().next())
measure('getter', () => forms.getter)
measure('proxy', () => proxy.x)

const texts = {
  parentheses: (n) => '('.repeat(n) + '1' + ')'.repeat(n),
  arrays: (n) => '['.repeat(n) + ']'.repeat(n),
  templates: (n) => '`${'.repeat(n) + '1' + '}`'.repeat(n),
  blocks: (n) => '{'.repeat(n) + '}'.repeat(n),
  functions: (n) => 'function f() {'.repeat(n) + '}'.repeat(n),
  patterns: (n) => 'var ' + '{a:'.repeat(n) + 'b' + '}'.repeat(n) + ' = {}',
  conditions: (n) => '0 ? 1 : '.repeat(n) + '1',
  groups: (n) => '/' + '(?:'.repeat(n) + ')'.repeat(n) + '/',
}
// The greatest depth that passes, by halving.
function bisect(name, attempt) {
  let low = 1, high = 2048, failure
  while (high - low > 1) {
    const middle = (low + high) >> 1
    try {
      attempt(middle)
      low = middle
    } catch (error) {
      const tooDeep = error instanceof SyntaxError || error instanceof RangeError
      if (tooDeep) [high, failure] = [middle, error]
      else low = middle
    }
  }
  console.log(name, low, failure?.name)
}
for (const [name, text] of Object.entries(texts)) bisect(name, (n) => eval(text(n)))
function nested(n) {
  let array = []
  for (; n > 0; n -= 1) array = [array]
  return array
}
bisect('stringify', (n) => JSON.stringify(nested(n)))
bisect('flat', (n) => nested(n).flat(Infinity))
bisect('join', (n) => String(nested(n)))
