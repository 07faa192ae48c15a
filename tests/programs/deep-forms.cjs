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
