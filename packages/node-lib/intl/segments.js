'use strict';
// Intl.Segmenter: where text may be broken, by the rules of UAX #29 as ICU has them. The classes of code points were
// seen in the pinned Node (segments_data.cjs); words of scripts that ICU has dictionaries for are not found.

const { notSimulated, option, resolve, supportedLocalesOf, tag } = require('internal/terrarium/intl').tools;
const texts = require('internal/terrarium/intl_segments_data');

const tables = {};
// The beginnings of runs, and their classes.
function tableOf(granularity) {
  return tables[granularity] ??= (() => {
    const starts = [];
    let at = 0, classes = '';
    for (const run of texts[granularity].split(';')) {
      starts.push(at);
      classes += run[0];
      at += run.length === 1 ? 1 : parseInt(run.slice(1), 36);
    }
    return { starts, classes };
  })();
}

function classAt(table, text, at) {
  const code = text.codePointAt(at);
  let low = 0, high = table.starts.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (table.starts[middle] <= code) low = middle;
    else high = middle;
  }
  return table.classes[low];
}

const after = (text, at) => at + (text.codePointAt(at) > 0xffff ? 2 : 1);
const isOf = (classes, found) => found !== '' && classes.includes(found);

// Each takes where a segment begins and answers where it ends.
const ends = {
  grapheme(text, from) {
    const of = (at) => at < text.length ? classAt(table, text, at) : '';
    const table = tableOf('grapheme');
    let at = after(text, from), left = of(from), flags = left === 'F' ? 1 : 0;
    // Whether a picture, or a consonant with a linker or not yet, stands before what only extends it.
    let picture = left === 'X', consonant = left === 'c', linked = false;
    for (; at < text.length; at = after(text, at)) {
      const right = of(at);
      if (left === 'R') return right === 'N' ? after(text, at) : at;
      if (isOf('NC', left) || isOf('RNC', right)) return at;
      const joins = left === 'L' && isOf('LVHG', right) || isOf('HV', left) && isOf('VT', right) || isOf('GT', left) && right === 'T' ||
        isOf('EIKZS', right) || left === 'P' || consonant && linked && right === 'c' || left === 'Z' && picture && right === 'X' || left === 'F' && right === 'F' && flags % 2 === 1;
      if (!joins) return at;
      if (right === 'F') flags++;
      if (!isOf('EIKZ', right)) picture = right === 'X';
      else if (left === 'Z') picture = false;
      if (right === 'c') [consonant, linked] = [true, false];
      else if (right === 'K') linked = true;
      else if (!isOf('IZ', right)) consonant = false;
      left = right;
    }
    return at;
  },

  word(text, from) {
    const table = tableOf('word');
    const of = (at) => at < text.length ? classAt(table, text, at) : '';
    // What only extends is seen through.
    const skip = (at) => {
      while (at < text.length && isOf('EZ', of(at))) at = after(text, at);
      return at;
    };
    let left = of(from), before = '', at = after(text, from), flags = left === 'F' ? 1 : 0, last = left;
    for (; at < text.length; at = after(text, at)) {
      const right = of(at);
      if (last === 'R') return right === 'N' ? after(text, at) : at;
      if (isOf('Nn', last) || isOf('RNn', right)) return at;
      if (last === 'Z' && right === 'X') [before, left, last] = [left, right, right];
      else if (last === ' ' && right === ' ') last = right;
      else if (isOf('EZ', right)) last = right;
      else {
        const next = () => of(skip(after(text, at)));
        const letter = isOf('ah', left), letters = isOf('ah', right);
        const joins = letter && letters || letter && isOf(":.'", right) && isOf('ah', next()) || isOf('ah', before) && isOf(":.'", left) && letters ||
          left === 'h' && right === "'" || left === 'h' && right === '"' && next() === 'h' || before === 'h' && left === '"' && right === 'h' ||
          left === '1' && right === '1' || letter && right === '1' || left === '1' && letters ||
          before === '1' && isOf(",.'", left) && right === '1' || left === '1' && isOf(",.'", right) && next() === '1' ||
          left === 'k' && right === 'k' || last === 'g' && right === 'g' || isOf('ah1k_', left) && right === '_' || left === '_' && isOf('ah1k', right) ||
          left === 'F' && right === 'F' && flags % 2 === 1;
        if (isOf('dk', left) && isOf('dk', right) && !(left === 'k' && right === 'k')) throw notSimulated('Intl.Segmenter', ' for words that only a dictionary tells apart, such as Chinese, Japanese and Thai ones');
        if (!joins) return at;
        if (right === 'F') flags++;
        [before, left, last] = [left, right, right];
      }
    }
    return at;
  },

  sentence(text, from) {
    const table = tableOf('sentence');
    const of = (at) => at < text.length ? classAt(table, text, at) : '';
    let left = of(from), before = '', at = after(text, from), last = left;
    // Behind a full stop (`.`) or another end (`!`): 1 what closes it, 2 blanks, 3 a line's end.
    let end = isOf('.!', left) ? left : '', stage = 0;
    for (; at < text.length; at = after(text, at)) {
      const right = of(at);
      if (last === 'R' && right === 'N') { last = right; continue; }
      if (isOf('RNp', last)) return at;
      if (right === 'E') continue;
      let joins = end === '';
      if (end !== '') {
        if (stage === 0 && end === '.' && right === '1') joins = true;
        else if (stage === 0 && end === '.' && isOf('lU', before) && right === 'U') joins = true;
        else if (isOf(',.!', right)) joins = true;
        else if (stage <= 1 && isOf(') RNp', right) || stage === 2 && isOf(' RNp', right)) joins = true;
        else if (end === '.') {
          let ahead = at, found = right;
          while (found !== '' && !isOf('olURNp.!', found)) { ahead = after(text, ahead); found = of(ahead); }
          joins = found === 'l';
        }
      }
      if (!joins) return at;
      if (isOf('.!', right)) [end, stage] = [right, 0];
      else if (end !== '' && stage <= 1 && right === ')') stage = 1;
      else if (end !== '' && right === ' ') stage = 2;
      else if (!isOf('RNp', right)) end = '';
      [before, left, last] = [left, right, right];
    }
    return at;
  },
};

// As ICU's rules have it: what ends in a connector, in Hangul or, in Hebrew, in a quote is a word only if nothing extends
// that, and a connector alone is none.
function isWord(text) {
  const table = tableOf('word');
  let last = '', bases = 0, extended = false;
  for (let at = 0; at < text.length; at = after(text, at)) {
    const found = classAt(table, text, at);
    extended = isOf('EZ', found);
    if (extended) continue;
    last = found;
    bases++;
  }
  return isOf('ah1kd', last) || !extended && (last === 'g' || isOf("'_", last) && bases > 1);
}

function dataOf(text, from, to, granularity) {
  const segment = text.slice(from, to);
  const data = { segment, index: from, input: text };
  if (granularity === 'word') data.isWordLike = isWord(segment);
  return data;
}

function wrong(method, receiver) {
  const shown = Object(receiver) === receiver ? `#<${receiver.constructor?.name ?? 'Object'}>` : String(receiver);
  return new TypeError(`Method ${method} called on incompatible receiver ${shown}`);
}

class Segments {
  #text;
  #granularity;
  // Where the segments begin, as far as they are known.
  #starts = [0];
  constructor(text, granularity) {
    this.#text = text;
    this.#granularity = granularity;
  }
  containing(index) {
    if (!(#text in Object(this))) throw wrong('%Segments.prototype%.containing', this);
    const text = this.#text, at = Math.trunc(Number(index)) || 0, starts = this.#starts;
    if (at < 0 || at >= text.length) return undefined;
    while (starts.at(-1) <= at) starts.push(ends[this.#granularity](text, starts.at(-1)));
    let low = 0, high = starts.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (starts[middle] <= at) low = middle;
      else high = middle;
    }
    return dataOf(text, starts[low], starts[low + 1], this.#granularity);
  }
  [Symbol.iterator]() {
    if (!(#text in Object(this))) throw wrong('%SegmentIsPrototype%[@@iterator]', this);
    return new SegmentIterator(this.#text, this.#granularity);
  }
}
// Neither class can be reached by its name.
delete Segments.prototype.constructor;

class SegmentIterator {
  #text;
  #granularity;
  #at = 0;
  constructor(text, granularity) {
    this.#text = text;
    this.#granularity = granularity;
  }
  next() {
    if (!(#text in Object(this))) throw wrong('%SegmentIterator.prototype%.next', this);
    if (this.#at >= this.#text.length) return { value: undefined, done: true };
    const from = this.#at;
    this.#at = ends[this.#granularity](this.#text, from);
    return { value: dataOf(this.#text, from, this.#at, this.#granularity), done: false };
  }
}
delete SegmentIterator.prototype.constructor;
Object.setPrototypeOf(SegmentIterator.prototype, Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]())));
tag(SegmentIterator, 'Segmenter String Iterator');

class Segmenter {
  #locale;
  #granularity;
  constructor(locales, options) {
    option.of = 'Intl.Segmenter';
    this.#locale = resolve(locales);
    if (options !== undefined && (typeof options !== 'object' && typeof options !== 'function' || options === null)) throw new TypeError('invalid_argument');
    option(options ?? {}, 'localeMatcher', ['lookup', 'best fit'], 'best fit');
    this.#granularity = option(options ?? {}, 'granularity', ['grapheme', 'word', 'sentence'], 'grapheme');
  }
  segment(text) { return new Segments(`${text}`, this.#granularity); }
  resolvedOptions() { return { locale: this.#locale, granularity: this.#granularity }; }
  static supportedLocalesOf(locales) { return supportedLocalesOf(locales); }
}

module.exports = { Segmenter };
