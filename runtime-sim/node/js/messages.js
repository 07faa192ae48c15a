// V8's words for what the engine says in its own. Only errors that the engine itself throws are looked at: the texts on
// the left are QuickJS's, and a text that a program wrote would have to be the same, at a place that is no `new`.
function callee({ source, column }) {
  if (source === undefined) return '(intermediate value)';
  const before = /[\w$.\])]*$/.exec(source.slice(0, column - 1))[0].replace(/^[.\])]+/, '');
  const after = /^[\w$]*(?:\.[\w$]+|\[[^\]]*\])*/.exec(source.slice(column - 1))[0];
  const text = (before + after).replace(/\[['"]([\w$]+)['"]\]/g, '.$1');
  return text === '' ? '(intermediate value)' : text;
}

// The parser's words. Node's own text names the token; so does QuickJS's.
const syntax = [
  [/^unexpected token in expression: '(.*)'$/, (token) => token === '' ? 'Unexpected end of input' : `Unexpected token '${token}'`],
  [/^unexpected token: '(.*)'$/, (token) => token === '' ? 'Unexpected end of input' : `Unexpected token '${token}'`],
  [/^unexpected end of string$/, () => 'Invalid or unexpected token'],
  [/^invalid redefinition of (?:lexical identifier|parameter name|a variable)$/, () => 'Identifier has already been declared'],
  [/^expecting '(.*)'$/, (token) => `Expected '${token}'`],
];
function translateSyntax(message) {
  for (const [pattern, say] of syntax) {
    const match = pattern.exec(message);
    if (match !== null) return say(...match.slice(1));
  }
  return message;
}

const table = [
  [/^cannot read property '(.*)' of (null|undefined)$/, (_, name, what) =>
    name === 'Symbol.iterator' ? `${what} is not iterable` : `Cannot read properties of ${what} (reading '${name}')`],
  [/^cannot set property '(.*)' of (null|undefined)$/, (_, name, what) => `Cannot set properties of ${what} (setting '${name}')`],
  [/^not a function$/, (at) => /\bnew $/.test(at.source?.slice(0, at.column - 1) ?? '') || at.source?.slice(at.column - 1).startsWith('new ')
    ? `${callee(at).replace(/^new\s*/, '')} is not a constructor` : `${callee(at)} is not a function`],
  [/^'(.*)' is read-only$/, (at, name) => new RegExp(`(?:^|[^.\\w$])${name.replace(/\$/g, '\\$')}\\s*(?:[-+*/%&|^?]*=|\\+\\+|--)|(?:\\+\\+|--)${name.replace(/\$/g, '\\$')}`).test(at.source ?? '')
    ? 'Assignment to constant variable.' : `Cannot assign to read only property '${name}' of object '#<Object>'`],
  [/^value is not iterable$/, () => 'object is not iterable (cannot read property Symbol(Symbol.iterator))'],
  [/^(.+) is not initialized$/, (_, name) => name === 'this'
    ? "Must call super constructor in derived class before accessing 'this' or returning from derived constructor"
    : `Cannot access '${name}' before initialization`],
  [/^class constructors must be invoked with 'new'$/, (at) => `Class constructor ${callee(at)} cannot be invoked without 'new'`],
  [/^empty array$/, () => 'Reduce of empty array with no initial value'],
  [/^invalid array length$/, () => 'Invalid array length'],
  [/^invalid repeat count$/, () => 'Invalid count value'],
  [/^string too long$/, () => 'Invalid string length'],
  [/^circular reference$/, () => 'Converting circular structure to JSON'],
  [/^cannot convert symbol to string$/, () => 'Cannot convert a Symbol value to a string'],
  [/^cannot convert BigInt to number$/, () => 'Cannot mix BigInt and other types, use explicit conversions'],
  [/^invalid 'instanceof' right operand$/, () => "Right-hand side of 'instanceof' is not callable"],
  [/^object is not extensible$/, () => 'Cannot add property, object is not extensible'],
];

function translate(error, at) {
  if (typeof error !== 'object' || error === null || at.source === undefined) return;
  const { message } = error;
  if (error instanceof SyntaxError) {
    const text = translateSyntax(message);
    if (text !== message) Object.defineProperty(error, 'message', { value: text, writable: true, enumerable: false, configurable: true });
    return;
  }
  if (typeof message !== 'string' || !(error instanceof TypeError || error instanceof RangeError ||
    error instanceof ReferenceError || error.name === 'InternalError')) return;
  if (/^(?:new )?(?:Type|Range|Reference)Error\b/.test(at.source.slice(at.column - 1))) return;
  for (const [pattern, say] of table) {
    const match = pattern.exec(message);
    if (match === null) continue;
    Object.defineProperty(error, 'message', { value: say(at, ...match.slice(1)), writable: true, enumerable: false, configurable: true });
    return;
  }
}

module.exports = { translate };
