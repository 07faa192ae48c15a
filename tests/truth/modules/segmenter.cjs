// Intl.Segmenter: graphemes, words and sentences.
const texts = {
  grapheme: ['abc', 'e\u0301a\u0300', '👩‍👩‍👧‍👦👍🏽', '🇦🇹🇩🇪🇫', '\r\n\n', '한국어 \u1112\u1161\u11ab', 'नमस्ते क्षि', 'กำ', '\u0600a', '❤️‍🔥', '\ud83d'],
  word: ['Hello, world!', "don't stop: 3.14 or 1,000", 'a_b __ _', 'x@example.com/path?q=1', '  two  spaces', 'שלום צה"ל', 'Привет мир', '한국어 말', '👍🏽 ok', "'quoted'", 'カタカナ', '\t\r\n', 'naïve café'],
  sentence: ['Hello there. How are you? Fine!', 'Mr. Smith went to Washington. He did.', 'It costs 3.5 dollars. Is it "so"? (Yes.) no.', 'One\nTwo\r\nThree', 'e.g. this', 'Wait... What?! No.', '', 'end without'],
};
for (const [granularity, list] of Object.entries(texts)) {
  const segmenter = new Intl.Segmenter('en', { granularity });
  for (const text of list) {
    const all = [...segmenter.segment(text)];
    console.log(granularity, JSON.stringify(all.map(({ segment, isWordLike }) => (isWordLike ? `<${segment}>` : segment))), all.map(({ index }) => index).join());
  }
}
const words = new Intl.Segmenter('en-US', { granularity: 'word' });
const segments = words.segment('Hi there, you');
console.log(segments.containing(4), segments.containing(0), segments.containing(-1), segments.containing(13), segments.containing('2'), segments.containing());
console.log(words.resolvedOptions(), new Intl.Segmenter().resolvedOptions());
console.log(Intl.Segmenter.supportedLocalesOf(['en', 'en-US']), Intl.Segmenter.length, Intl.Segmenter.name);
const iterator = segments[Symbol.iterator]();
console.log(iterator.next(), iterator[Symbol.iterator]() === iterator, Object.prototype.toString.call(iterator), Object.prototype.toString.call(words));
console.log(Object.prototype.toString.call(segments), typeof segments.constructor, Object.keys(segments));
for (const wrong of [() => Intl.Segmenter(), () => new Intl.Segmenter('en', { granularity: 'line' }), () => new Intl.Segmenter('en', null), () => new Intl.Segmenter('en_US'), () => words.segment(Symbol('s')), () => segments.containing.call({})]) {
  try {
    console.log(wrong());
  } catch (error) {
    console.log(error.name, error.message);
  }
}
console.log([...words.segment(12.5)].length, [...new Intl.Segmenter().segment()].length);
const { get, value } = Object.getOwnPropertyDescriptor(Intl, 'Segmenter');
console.log(typeof get, typeof value);
