// wasm-bindgen calls what a module imports by long names with a hash in each, and names it again in its script. Nobody
// reads them: short ones save a fiftieth of the page.

/** The module with short names for what it imports from `from`, and those names by the long ones. */
export function shorten(module, from) {
  const names = new Map();
  const sections = [module.subarray(0, 8)];
  for (let at = 8; at < module.length;) {
    const id = module[at];
    const [length, start] = number(module, at + 1);
    const end = start + length;
    if (id === IMPORTS) {
      const body = imports(module.subarray(start, end));
      sections.push(Buffer.from([id]), encoded(body.length), body);
    } else {
      sections.push(module.subarray(at, end));
    }
    at = end;
  }
  return { module: Buffer.concat(sections), names };

  function imports(section) {
    const [count, first] = number(section, 0);
    const parts = [section.subarray(0, first)];
    let at = first;
    for (let index = 0; index < count; index += 1) {
      const [source, behindSource] = text(section, at);
      const [name, behindName] = text(section, behindSource);
      const end = behindDescription(section, behindName);
      if (source === from && !names.has(name)) names.set(name, short(names.size));
      const named = source === from ? names.get(name) : name;
      parts.push(section.subarray(at, behindSource), written(named), section.subarray(behindName, end));
      at = end;
    }
    return Buffer.concat(parts);
  }
}

/** A script that calls by short names what it called by long ones. */
export const renamed = (script, names) => script.replace(/[\w$]+/g, (word) => names.get(word) ?? word);

const IMPORTS = 2;
const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';

/** `a` to `Z`, `aa`, `ab`, … */
function short(index) {
  const before = index < LETTERS.length ? '' : short(Math.floor(index / LETTERS.length) - 1);
  return before + LETTERS[index % LETTERS.length];
}

// https://webassembly.github.io/spec/core/binary/modules.html#import-section

function behindDescription(bytes, at) {
  const kind = bytes[at];
  if (kind === 0) return number(bytes, at + 1)[1];
  if (kind === 3) return at + 3;
  // A memory or, behind the type of what is in it, a table.
  const [flags, behind] = number(bytes, at + (kind === 1 ? 2 : 1));
  const least = number(bytes, behind)[1];
  return flags & 1 ? number(bytes, least)[1] : least;
}

function text(bytes, at) {
  const [length, start] = number(bytes, at);
  return [bytes.toString('utf8', start, start + length), start + length];
}

const written = (name) => Buffer.concat([encoded(Buffer.byteLength(name)), Buffer.from(name)]);

/** LEB128, and where it ends. */
function number(bytes, at) {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at];
    at += 1;
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return [value, at];
  }
}

function encoded(value) {
  const bytes = [];
  for (; value > 0x7f; value >>>= 7) bytes.push((value & 0x7f) | 0x80);
  return Buffer.from([...bytes, value]);
}
