// What RegExp tells of the last match.
const all = () => [RegExp.$1, RegExp.$2, RegExp.$9, RegExp.input, RegExp.$_, RegExp.lastMatch, RegExp['$&'], RegExp.lastParen, RegExp['$+'], RegExp.leftContext, RegExp['$`'], RegExp.rightContext, RegExp["$'"]].join('|');
const t = (name, f) => { let r; try { r = f(); } catch (e) { r = e.message; } const now = all(); console.log(name, String(r), now); };
t('exec', () => /(b)(c)?/.exec('abd'));
t('no match', () => /zzz/.test('nothing'));
t('replace', () => 'xay'.replace(/(a)/g, () => RegExp.$1 + RegExp.input));
t('replace text', () => 'xayaz'.replace(/(a)(.)/g, '[$1]'));
t('set', () => { RegExp.$1 = 5; RegExp.input = 7; RegExp.lastMatch = 'z'; return typeof RegExp.input; });
t('set symbol', () => { RegExp.input = Symbol('s'); });
class R extends RegExp {}
t('subclass', () => new R('(q)').exec('q!'));
t('subclass reads', () => R.$1);
t('split', () => 'a1b2'.split(/(\d)/));
t('match', () => 'foo'.match(/o/g));
t('matchAll', () => [...'x1y2'.matchAll(/([a-z])(\d)/g)]);
t('search', () => 'q9'.search(/(9)/));
t('sticky', () => /(y)/y.test('xy'));
t('many', () => /(.)(.)(.)(.)(.)(.)(.)(.)(.)(.)(.)/.exec('abcdefghijklm').length);
t('wide', () => /(é|☃)(\u{1F600})/u.exec('a☃😀b'));
t('none', () => /x?/.exec('abc'));
t('replaceAll', () => 'a-b-c'.replaceAll(/-(.)/g, '+$1'));
t('lookbehind', () => /(?<=(\d))x/.exec('12x'));
console.log(Object.getOwnPropertyNames(RegExp).join(' '));
const d = Object.getOwnPropertyDescriptor(RegExp, '$1');
console.log(d.get.name, d.set.name, d.set.length, d.enumerable, d.configurable);
