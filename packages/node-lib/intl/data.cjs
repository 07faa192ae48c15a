// Asks the pinned Node, whose ICU is whole, for what intl.js needs of en-US: patterns, names, zones, the order of
// letters. Run by build.js; the answer goes into the library's part `intl` and is never committed.
const DAY = 86_400_000;

// ---- dates ----

const sample = new Date(Date.UTC(2026, 0, 2, 15, 4, 5, 678));
const widths = {
  weekday: { Friday: 'long', Fri: 'short', F: 'narrow' }, era: { 'Anno Domini': 'long', AD: 'short', A: 'narrow' },
  year: { 2026: 'numeric', 26: '2-digit' }, month: { January: 'long', Jan: 'short', J: 'narrow', '01': '2-digit', 1: 'numeric' },
  day: { '02': '2-digit', 2: 'numeric' }, hour: { 3: 'numeric', '03': '2-digit', 15: '2-digit' }, minute: { '04': '2-digit', 4: 'numeric' }, second: { '05': '2-digit', 5: 'numeric' },
};
// Literals as they are, fields as {field.width}.
const template = (parts) => parts.map(({ type, value }) => type === 'literal' ? value : `{${type}.${widths[type]?.[value] ?? ''}}`).join('');
const product = (lists) => lists.reduce((all, list) => all.flatMap((one) => list.map((item) => [...one, item])), [[]]);
const pick = (names, values) => Object.fromEntries(names.map((name, index) => [name, values[index]]).filter(([, value]) => value !== ''));

// What stands for a width in the names of patterns.
const key = { '': '-', long: 'l', short: 's', narrow: 'w', numeric: 'n', '2-digit': '2' };
const dates = {};
for (const values of product([['', 'long', 'short', 'narrow'], ['', 'long', 'short', 'narrow'], ['', 'numeric', '2-digit'], ['', 'numeric', '2-digit', 'long', 'short', 'narrow'], ['', 'numeric', '2-digit']])) {
  const options = pick(['weekday', 'era', 'year', 'month', 'day'], values);
  if (!Object.keys(options).some((name) => name !== 'era')) continue;
  const alone = template(new Intl.DateTimeFormat('en-US', { ...options, timeZone: 'UTC' }).formatToParts(sample));
  const both = template(new Intl.DateTimeFormat('en-US', { ...options, hour: 'numeric', minute: 'numeric', timeZone: 'UTC' }).formatToParts(sample));
  dates[values.map((value) => key[value]).join('')] = [alone, both.startsWith(alone) ? /^[^{]*/.exec(both.slice(alone.length))[0] : ', '];
}
const times = {};
for (const values of product([['', 'numeric', '2-digit'], ['', 'numeric', '2-digit'], ['', 'numeric', '2-digit'], ['', 1, 2, 3], ['', 'long', 'short', 'narrow'], ['h11', 'h12', 'h23', 'h24']])) {
  const options = pick(['hour', 'minute', 'second', 'fractionalSecondDigits', 'dayPeriod', 'hourCycle'], values);
  if (!['hour', 'minute', 'second', 'fractionalSecondDigits'].some((name) => options[name] !== undefined)) continue;
  if (options.hour === undefined && (options.hourCycle !== 'h12' || options.dayPeriod)) continue;
  times[values.map((value) => key[value] ?? String(value).at(-1)).join('')] = template(new Intl.DateTimeFormat('en-US', { ...options, timeZone: 'UTC' }).formatToParts(sample));
}
const styles = {};
for (const style of ['full', 'long', 'medium', 'short']) {
  const both = new Intl.DateTimeFormat('en-US', { dateStyle: style, timeStyle: 'short', timeZone: 'UTC' });
  const date = template(new Intl.DateTimeFormat('en-US', { dateStyle: style, timeZone: 'UTC' }).formatToParts(sample));
  styles[style] = [date, /^[^{]*/.exec(template(both.formatToParts(sample)).slice(date.length))[0]];
}
const names = (field, count, at) => Object.fromEntries(['long', 'short', 'narrow'].map((width) => [width, Array.from({ length: count }, (_, index) =>
  new Intl.DateTimeFormat('en-US', { [field]: width, timeZone: 'UTC', ...(field === 'era' && { year: 'numeric' }), ...(field === 'dayPeriod' && { hour: 'numeric' }) }).formatToParts(at(index)).find(({ type }) => type === field).value)]));
const calendar = {
  month: names('month', 12, (index) => Date.UTC(2026, index, 2)), weekday: names('weekday', 7, (index) => Date.UTC(2026, 1, 1 + index)),
  era: names('era', 2, (index) => index ? 0 : Date.UTC(-100, 1, 1)), dayPeriod: names('dayPeriod', 24, (index) => Date.UTC(2026, 0, 1, index, 30)),
};
const noon = Object.fromEntries(['long', 'short', 'narrow'].map((width) => [width, new Intl.DateTimeFormat('en-US', { hour: 'numeric', dayPeriod: width, timeZone: 'UTC' }).formatToParts(Date.UTC(2026, 0, 1, 12)).find(({ type }) => type === 'dayPeriod').value]));

// ---- time zones: the changes of their offsets since 1970, and the names that the two offsets of today have ----

const kinds = ['short', 'long', 'shortOffset', 'longOffset', 'shortGeneric', 'longGeneric'];
const zones = {};
for (const zone of [...Intl.supportedValuesOf('timeZone'), 'UTC']) {
  const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset', hour: 'numeric' });
  const minutes = (time) => {
    const [, sign, hours, rest = 0, seconds = 0] = /GMT(?:([+-])(\d+):(\d+)(?::(\d+))?)?$/.exec(format.format(time)) ?? [];
    return sign === undefined ? 0 : (sign === '-' ? -1 : 1) * (hours * 60 + Number(rest) + seconds / 60);
  };
  const changes = [minutes(0)];
  let before = changes[0];
  for (let time = 0; time < Date.UTC(2038, 0, 1); time += 20 * DAY) {
    const after = minutes(time + 20 * DAY);
    if (after === before) continue;
    let [from, to] = [time, time + 20 * DAY];
    while (to - from > 60_000) {
      const middle = from + Math.floor((to - from) / 120_000) * 60_000;
      if (minutes(middle) === before) from = middle;
      else to = middle;
    }
    changes.push(to / 60_000, after);
    before = after;
  }
  const named = {};
  for (const month of [0, 6]) {
    const time = Date.UTC(2026, month, 15);
    named[minutes(time)] = kinds.map((kind) => new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: kind, hour: 'numeric' }).formatToParts(time).find(({ type }) => type === 'timeZoneName').value);
  }
  // In minutes, each change's time counted from the one before.
  const written = changes.map((value, index) => index % 2 ? (value - (changes[index - 2] ?? 0) * (index > 1)).toString(36) : value.toString(36));
  zones[zone] = [written.join(' '), named];
}

// Other names that programs use for them.
const aliases = {};
for (const name of `Asia/Kolkata Asia/Ho_Chi_Minh Asia/Kathmandu Asia/Yangon Europe/Kyiv America/Argentina/Buenos_Aires America/Buenos_Aires
  America/Indianapolis America/Indiana/Indianapolis America/Louisville America/Nuuk Atlantic/Faroe Pacific/Kanton US/Eastern US/Central US/Mountain
  US/Pacific US/Alaska US/Hawaii Canada/Eastern Canada/Pacific GMT Etc/GMT Etc/UTC Etc/UCT UCT Zulu Universal Greenwich GB Eire Japan Singapore
  Hongkong PRC Israel Turkey Poland Portugal EST MST HST EST5EDT CST6CDT MST7MDT PST8PDT CET EET MET WET Australia/ACT Australia/NSW Asia/Saigon
  Asia/Katmandu Asia/Rangoon Europe/Kiev Brazil/East Mexico/General`.split(/\s+/)) {
  try {
    const { timeZone } = new Intl.DateTimeFormat('en-US', { timeZone: name }).resolvedOptions();
    if (timeZone !== name && zones[timeZone]) aliases[name] = timeZone;
  } catch {}
}

// ---- numbers ----

const currencies = {};
for (const currency of Intl.supportedValuesOf('currency')) {
  const shown = (currencyDisplay, number) => new Intl.NumberFormat('en-US', { style: 'currency', currency, currencyDisplay, maximumFractionDigits: 0, minimumFractionDigits: 0 }).formatToParts(number).find(({ type }) => type === 'currency').value;
  const { maximumFractionDigits } = new Intl.NumberFormat('en-US', { style: 'currency', currency }).resolvedOptions();
  currencies[currency] = [maximumFractionDigits, shown('symbol', 1), shown('narrowSymbol', 1), shown('name', 1), shown('name', 2)];
}
const single = Intl.supportedValuesOf('unit');
const displays = ['long', 'short', 'narrow'];
// With {0} for the number: for one and for others.
const unitPatterns = (unit) => displays.map((unitDisplay) => [1, 7].map((number) => new Intl.NumberFormat('en-US', { style: 'unit', unit, unitDisplay }).format(number).replace(String(number), '{0}')));
const units = Object.fromEntries(single.map((unit) => [unit, unitPatterns(unit)]));
const per = Object.fromEntries(single.map((unit) => {
  const base = unit === 'gigabit' ? 'terabit' : 'gigabit';
  return [unit, unitPatterns(`${base}-per-${unit}`).map((patterns, display) => patterns[1].replace(units[base][display][1], ''))];
}));
const compound = {};
for (const unit of single) {
  for (const other of single) {
    if (unit === other) continue;
    const asked = unitPatterns(`${unit}-per-${other}`);
    const made = units[unit].map((patterns, display) => patterns.map((pattern) => pattern + per[other][display]));
    if (JSON.stringify(asked) !== JSON.stringify(made)) compound[`${unit}-per-${other}`] = asked;
  }
}

// ---- words ----

const relative = {};
for (const style of displays) {
  for (const unit of ['second', 'minute', 'hour', 'day', 'week', 'month', 'quarter', 'year']) {
    const always = new Intl.RelativeTimeFormat('en-US', { style }), auto = new Intl.RelativeTimeFormat('en-US', { style, numeric: 'auto' });
    relative[`${style} ${unit}`] = [
      [-1, -7, 1, 7].map((number) => always.format(number, unit).replace(/\d/, '{0}')),
      Object.fromEntries([-1, -0, 0, 1].map((number) => [Object.is(number, -0) ? '-0' : number, auto.format(number, unit)]).filter(([, text]) => !/\d/.test(text))),
    ];
  }
}
const lists = {};
for (const type of ['conjunction', 'disjunction', 'unit']) {
  for (const style of displays) {
    const format = new Intl.ListFormat('en-US', { type, style });
    const [, pair] = /^A(.*)B$/.exec(format.format(['A', 'B']));
    const [, start, middle, end] = /^A(.*)B(.*)C(.*)D$/.exec(format.format(['A', 'B', 'C', 'D']));
    lists[`${type} ${style}`] = [pair, start, middle, end];
  }
}

// ---- what languages, regions and so on are called: by every code there could be ----

const alphabet = [...'abcdefghijklmnopqrstuvwxyz'];
const pairs = product([alphabet, alphabet]).map((pair) => pair.join(''));
const triples = pairs.flatMap((pair) => alphabet.map((letter) => pair + letter));
const upper = (codes) => codes.map((code) => code.toUpperCase());
const codes = {
  language: [...pairs, ...triples],
  region: [...upper(pairs), ...Array.from({ length: 1000 }, (_, number) => String(number).padStart(3, '0'))],
  script: pairs.flatMap((pair) => pairs.map((other) => pair[0].toUpperCase() + pair[1] + other)),
  currency: upper(triples),
  calendar: Intl.supportedValuesOf('calendar'),
  dateTimeField: ['era', 'year', 'quarter', 'month', 'weekOfYear', 'weekday', 'day', 'dayPeriod', 'hour', 'minute', 'second', 'timeZoneName'],
};
const canonical = (code) => Intl.getCanonicalLocales(code)[0];
const isCanonical = (code) => canonical(code) === code;
const named = new Intl.DisplayNames('en-US', { type: 'language', fallback: 'none' });
const called = { aliases: Object.fromEntries(codes.language.filter((code) => !isCanonical(code) && named.of(code)).map((code) => [code, canonical(code)])) };
for (const [type, all] of Object.entries(codes)) {
  const [long, ...others] = displays.map((style) => new Intl.DisplayNames('en-US', { type, style, fallback: 'none' }));
  const known = all.filter((code) => type !== 'language' || isCanonical(code)).map((code) => [code, long.of(code)]).filter(([, name]) => name !== undefined);
  called[type] = { long: Object.fromEntries(known) };
  others.forEach((display, index) => {
    called[type][displays[index + 1]] = Object.fromEntries(known.map(([code, name]) => [code, display.of(code), name]).filter(([, other, name]) => other !== name));
  });
}
// Languages with a script or a region that are not called by the names of both.
const styled = (style, languageDisplay) => new Intl.DisplayNames('en-US', { type: 'language', style, languageDisplay, fallback: 'none' });
called.dialect = Object.fromEntries(displays.map((style) => {
  const display = styled(style, 'dialect'), standard = styled(style, 'standard');
  const tags = Object.keys(called.language.long).filter((language) => language.length === 2).flatMap((language) => [...Object.keys(called.region.long), ...Object.keys(called.script.long)].map((part) => `${language}-${part}`));
  return [style, Object.fromEntries(tags.map((one) => [one, display.of(one), standard.of(one)]).filter(([, name, usual]) => name !== usual).map(([one, name]) => [one, name]))];
}));

// ---- the order of letters: Latin, Greek and Cyrillic, in groups that only accents or case tell apart ----

const letters = [];
for (let code = 1; code < 0x530; code++) letters.push(String.fromCharCode(code));
for (let code = 0x2010; code < 0x2060; code++) letters.push(String.fromCharCode(code));
letters.push('€', '™', '→', '✓');
const variant = new Intl.Collator('en-US'), accent = new Intl.Collator('en-US', { sensitivity: 'accent' }), base = new Intl.Collator('en-US', { sensitivity: 'base' });
const simple = letters.filter((letter) => letter.normalize('NFD').length === 1);
const ignored = simple.filter((letter) => variant.compare(letter, '') === 0);
const marks = simple.filter((letter) => base.compare(letter, '') === 0 && !ignored.includes(letter)).sort(variant.compare);
const sorted = simple.filter((letter) => base.compare(letter, '') !== 0).sort(variant.compare);
const order = [];
for (const letter of sorted) {
  const last = order.at(-1)?.at(-1)?.at(-1)?.at(-1);
  if (last === undefined || base.compare(last, letter) !== 0) order.push([[[letter]]]);
  else if (accent.compare(last, letter) !== 0) order.at(-1).push([[letter]]);
  else if (variant.compare(last, letter) !== 0) order.at(-1).at(-1).push([letter]);
  else order.at(-1).at(-1).at(-1).push(letter);
}
const shifted = new Intl.Collator('en-US', { ignorePunctuation: true });
const punctuation = sorted.filter((letter) => shifted.compare(letter, '') === 0).join('');

const data = {
  dates, times, styles, calendar, noon, aliases, currencies, units, per, compound, relative, lists, kinds,
  letters: { ignored: ignored.join(''), marks: marks.join(''), order, punctuation },
  hour24: new Intl.DateTimeFormat('en-US', { hour: 'numeric', hour12: false }).resolvedOptions().hourCycle,
};
require('node:fs').writeFileSync(3, JSON.stringify({ data, zones, names: called }));
