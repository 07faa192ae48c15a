// What Intl.DisplayNames calls things in English, and what it refuses.
const show = (text, run) => {
  try {
    console.log(text, run());
  } catch (error) {
    console.log(text, `${error.name}: ${error.message}`);
  }
};
const types = {
  language: ['en', 'en-US', 'EN-gb', 'en-Latn-US', 'zh-Hant', 'zh-Hant-HK', 'zh-TW', 'de-AT', 'es-419', 'eng-US', 'iw', 'az', 'und', 'und-Latn', 'root', '', 'qq', 'qq-ZZ', 'en-u-hc-h12', 'de-x', 'latn', 'en_US', 'toolongcode'],
  region: ['US', 'us', 'GB', '001', '419', 'QX', 'HK', 'xyz', ''],
  script: ['Latn', 'latn', 'Hant', 'Zzzz', 'Xxxx', 'abc'],
  currency: ['USD', 'usd', 'DEM', 'QQQ', 'qqq', 'e'],
  calendar: ['gregory', 'islamic-civil', 'GREGORY', 'foo', 'x'],
  dateTimeField: ['era', 'weekOfYear', 'dayPeriod', 'timeZoneName', 'x'],
};
for (const [type, codes] of Object.entries(types)) {
  for (const style of ['long', 'short', 'narrow']) {
    for (const code of codes) {
      for (const fallback of ['code', 'none']) show(`${type} ${style} ${code} ${fallback}:`, () => new Intl.DisplayNames('en-US', { type, style, fallback }).of(code));
    }
  }
}
for (const code of ['en-US', 'zh-Hans', 'pt-BR']) show(`standard ${code}:`, () => new Intl.DisplayNames('en', { type: 'language', languageDisplay: 'standard' }).of(code));
show('options', () => new Intl.DisplayNames('en', { type: 'language' }).resolvedOptions());
show('options', () => new Intl.DisplayNames('en', { type: 'region', fallback: 'none', style: 'short' }).resolvedOptions());
show('seen', () => new Intl.DisplayNames('en', { type: 'region' }));
show('none', () => new Intl.DisplayNames());
show('no type', () => new Intl.DisplayNames('en', {}));
show('other type', () => new Intl.DisplayNames('en', { type: 'x' }));
for (const name of ['DisplayNames', 'ListFormat', 'Locale', 'PluralRules', 'RelativeTimeFormat', 'Segmenter']) show('without new', () => Intl[name]('en'));
