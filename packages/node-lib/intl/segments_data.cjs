// Asks the pinned Node for the classes of code points that UAX #29 decides by where text may be broken: Unicode's tables
// are seen through what Intl.Segmenter does with a code point among others. Run by build.js, like data.cjs.
const cuts = (granularity) => {
  const segmenter = new Intl.Segmenter('en-US', { granularity });
  // Whether nothing is cut from `before` to the end of the text.
  return (before, after = '') => {
    const first = segmenter.segment(before + after)[Symbol.iterator]().next().value;
    return first.segment.length > before.length || first.segment.length === before.length && after === '';
  };
};
const grapheme = cuts('grapheme'), word = cuts('word'), sentence = cuts('sentence');
const one = (joined, text) => joined(text);

// Scripts whose words ICU finds in dictionaries.
const DICTIONARY = /[\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Han}\p{Script=Hiragana}]/u;
const HANGUL = /[\uac00-\ud7a3]/;

function ofGrapheme(c) {
  if (c === '\r' || c === '\n') return c === '\r' ? 'R' : 'N';
  if (c === '\u200d') return 'Z';
  if (/\p{RI}/u.test(c)) return 'F';
  if (grapheme('a', c)) {
    if (!one(grapheme, `👩${c}\u200d👩`)) return 'S';
    if (one(grapheme, `क${c}क`)) return 'K';
    return one(grapheme, `क\u094d${c}क`) ? 'I' : 'E';
  }
  if (!grapheme(c, '\u0301')) return 'C';
  if (grapheme(c, 'a')) return 'P';
  if (grapheme('👩\u200d', c)) return 'X';
  if (grapheme('क\u094d', c)) return 'c';
  if (HANGUL.test(c)) return grapheme(c, '\u1160') ? 'H' : 'G';
  if (grapheme(c, '\uac00')) return 'L';
  if (grapheme('\u1100', c)) return 'V';
  return grapheme('\uac01', c) ? 'T' : '-';
}

function ofWord(c) {
  if (c === '\r' || c === '\n') return c === '\r' ? 'R' : 'N';
  if (c === '\u200d') return 'Z';
  if (/\p{RI}/u.test(c)) return 'F';
  if (!word(c, '\u0301')) return 'n';
  if (word('!', c) && word('a', c)) return 'E';
  if (HANGUL.test(c)) return 'g';
  if (/\p{L}/u.test(c) && DICTIONARY.test(c)) return 'd';
  if (word('a', c)) {
    if (word('1,', c)) return '1';
    if (word('カ', c) && word(c, '1') && word(c, 'a')) return '_';
    return word(c, '"א') && one(word, `${c}"א`) ? 'h' : 'a';
  }
  if (word('א', c)) return "'";
  const letters = one(word, `a${c}a`), numbers = one(word, `1${c}1`);
  if (letters) return numbers ? '.' : ':';
  if (numbers) return ',';
  if (one(word, `א${c}א`)) return '"';
  if (word(c, ' ')) return ' ';
  if (word('_', c)) return 'k';
  return word('\u200d', c) ? 'X' : '-';
}

function ofSentence(c) {
  if (c === '\r' || c === '\n') return c === '\r' ? 'R' : 'N';
  if (!sentence(`a${c}`, 'b')) return sentence('ア!', c) && !sentence(`ア!${c}`, '\u0301') ? 'p' : '!';
  const [ends, spaced] = [sentence('ア!', c), sentence('ア! ', c)];
  if (ends && spaced) {
    if (one(sentence, `ア.${c}B`)) return ',';
    if (!one(sentence, `ア${c} B`)) return '.';
    return one(sentence, `ア.${c}1`) ? 'E' : ' ';
  }
  if (ends) return ')';
  if (one(sentence, `ア.${c}`)) return one(sentence, `ア. ${c}B`) ? 'l' : '1';
  if (one(sentence, `ア. ${c}B`)) return 'l';
  if (one(sentence, `a.${c}`)) return 'U';
  return sentence('ア. ', `${c}b`) ? '-' : 'o';
}

// What needs no look: code points without a character, Han and Hangul, of which one is like the others.
const same = [];
for (const pattern of [/[\p{Cn}\p{Co}\p{Cs}]/u, /\p{Script=Han}/u]) same.push({ pattern, classes: undefined });
function classesOf(code) {
  const c = String.fromCodePoint(code);
  const alike = /[\p{DI}\p{ExtPict}\p{M}\p{N}\p{P}\p{S}]/u.test(c) ? undefined : same.find(({ pattern }) => pattern.test(c));
  if (alike?.classes) return alike.classes;
  const classes = [ofGrapheme(c), ofWord(c), ofSentence(c)];
  if (alike) alike.classes = classes;
  return classes;
}

// Runs of code points of a class: the class and, unless it is one, how many, in base 36.
function tables() {
  const runs = [[], [], []], count = [0, 0, 0];
  let last = [];
  const close = (kind) => { if (count[kind]) runs[kind].push(last[kind] + (count[kind] === 1 ? '' : count[kind].toString(36))); };
  for (let code = 0; code < 0xe1000; code++) {
    // Between Han and tags nothing is assigned.
    const classes = code >= 0x34000 && code < 0xe0000 ? classesOf(0x3fffd) : classesOf(code);
    classes.forEach((found, kind) => {
      if (found !== last[kind]) { close(kind); count[kind] = 0; }
      count[kind]++;
    });
    last = classes;
  }
  [0, 1, 2].forEach(close);
  const [grapheme, word, sentence] = runs.map((list) => list.join(';'));
  return { grapheme, word, sentence };
}

require('node:fs').writeFileSync(3, JSON.stringify(tables()));
