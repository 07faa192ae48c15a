'use strict';
// Intl for en-US, and what toLocaleString and localeCompare stand on: the formats and options of ECMA-402 with the data
// that data.cjs records from Node. Numbers are rounded as decimals, from the digits that they print with. Leaves out:
// other locales, calendars and numbering systems, formats of ranges, and what time zones did before 1970.

const texts = require('internal/terrarium/intl_data');
const data = JSON.parse(texts.data);
let zones, names;

const notSimulated = (what, more = '') => new Error(`${what} is not simulated by Terrarium yet${more}`);
const tag = (object, name) => Object.defineProperty(object.prototype, Symbol.toStringTag, { value: name, configurable: true });

function canonical(text) {
  if (typeof text !== 'string' && (typeof text !== 'object' || text === null)) throw new TypeError('Incorrect locale information provided');
  const parts = String(text).split('-');
  if (!/^[A-Za-z]{2,3}$|^[A-Za-z]{5,8}$/.test(parts[0]) || parts.some((part) => !/^[A-Za-z0-9]{1,8}$/.test(part))) throw new RangeError(`Incorrect locale information provided`);
  let inExtension = false;
  return parts.map((part, index) => {
    if (index === 0) return part.toLowerCase();
    inExtension ||= part.length === 1;
    if (inExtension) return part.toLowerCase();
    if (part.length === 4 && /^[A-Za-z]/.test(part)) return part[0].toUpperCase() + part.slice(1).toLowerCase();
    return part.length === 2 ? part.toUpperCase() : part.toLowerCase();
  }).join('-');
}

function getCanonicalLocales(locales) {
  if (locales === undefined) return [];
  const list = typeof locales === 'string' || locales instanceof Locale ? [locales] : Array.from(Object(locales));
  if (locales === null) throw new TypeError('Cannot convert undefined or null to object');
  return [...new Set(list.map(canonical))];
}

// The one locale there is; any other is asked for in vain.
function resolve(locales) {
  const [first] = getCanonicalLocales(locales);
  if (first === undefined || first === 'en' || first === 'en-US' || first.startsWith('en-US-u-') || first.startsWith('en-u-')) return first?.replace(/-u-.*/, '') ?? 'en-US';
  throw notSimulated(`the locale ${first}`, ' (en-US is)');
}

const supportedLocalesOf = (locales) => getCanonicalLocales(locales).filter((locale) => /^en(-US)?($|-u-)/.test(locale));

// Who asks, for what errors say: a method, or else the constructor.
let asker;

function option(options, name, values, fallback) {
  let value = options[name];
  if (value === undefined) return fallback;
  value = String(value);
  if (values && !values.includes(value)) throw new RangeError(`Value ${value} out of range for ${option.of} options property ${name}`);
  return value;
}

function whole(value, name, low, high, fallback) {
  if (value === undefined) return fallback;
  const number = Number(value);
  if (!(number >= low && number <= high)) throw new RangeError(`${name} value is out of range.`);
  return Math.floor(number);
}

// ---- numbers ----

// Digits and the place of the point: 0.digits × 10^point. `null` for what has no digits.
function decimal(value) {
  if (typeof value === 'bigint') return { negative: value < 0n, ...digitsOf(String(value < 0n ? -value : value)) };
  if (typeof value === 'string') {
    const text = value.trim();
    if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) return { negative: text[0] === '-', ...digitsOf(text.replace(/^[+-]/, '')) };
    value = Number(text);
  } else value = Number(value);
  if (Number.isNaN(value)) return { negative: false, special: 'NaN' };
  if (!Number.isFinite(value)) return { negative: value < 0, special: '∞' };
  return { negative: value < 0 || Object.is(value, -0), ...digitsOf(String(Math.abs(value))) };
}

function digitsOf(text) {
  const [, before, after = '', exponent = '0'] = /^(\d*)\.?(\d*)(?:e([+-]?\d+))?$/i.exec(text);
  let digits = before + after, point = before.length + Number(exponent);
  const zeros = /^0*/.exec(digits)[0].length;
  digits = digits.slice(zeros).replace(/0+$/, '');
  return digits === '' ? { digits: '', point: 0 } : { digits, point: point - zeros };
}

// Whether what is cut off makes the last digit grow.
function grows(digits, at, negative, mode) {
  const rest = digits.slice(Math.max(at, 0));
  if (/^0*$/.test(rest)) return false;
  const half = at < 0 ? -1 : rest[0] !== '5' ? Math.sign(Number(rest[0]) - 5) : /^50*$/.test(rest) ? 0 : 1;
  const even = at <= 0 || Number(digits[at - 1]) % 2 === 0;
  switch (mode) {
    case 'ceil': return !negative;
    case 'floor': return negative;
    case 'expand': return true;
    case 'trunc': return false;
    case 'halfCeil': return half > 0 || half === 0 && !negative;
    case 'halfFloor': return half > 0 || half === 0 && negative;
    case 'halfTrunc': return half > 0;
    case 'halfEven': return half > 0 || half === 0 && !even;
    default: return half >= 0;
  }
}

// Keeps the first `at` digits.
function cut(number, at, mode) {
  const { digits, point, negative } = number;
  if (at >= digits.length) return number;
  const up = grows(digits, at, negative, mode);
  if (at < 0) return up ? { ...number, digits: '1', point: point - at + 1 } : { ...number, digits: '', point: 0 };
  let kept = digits.slice(0, at);
  if (!up) return { ...number, ...trimmed(kept, point) };
  const grown = String(BigInt(kept || '0') + 1n).padStart(kept.length, '0');
  return { ...number, ...trimmed(grown, point + grown.length - kept.length) };
}

function trimmed(digits, point) {
  const kept = digits.replace(/0+$/, '');
  return kept === '' ? { digits: '', point: 0 } : { digits: kept, point };
}

// To the nearest multiple of `increment` in the last of `places`.
function toIncrement(number, places, increment, mode) {
  const { digits, point, negative } = number;
  const behind = Math.max(digits.length - point - places, 0), size = 10n ** BigInt(behind);
  const integer = BigInt(digits.padEnd(Math.max(point + places + behind, 0), '0').slice(0, Math.max(point + places + behind, 0)) || '0');
  const step = BigInt(increment) * size, rest = integer % step;
  const probe = rest === 0n ? '' : rest * 2n > step ? '6' : rest * 2n === step ? '5' : '1';
  const up = probe !== '' && grows(`${integer / step % 2n}${probe}`, 1, negative, mode);
  const found = digitsOf(String((integer - rest + (up ? step : 0n)) / size));
  return { ...number, ...found, point: found.digits === '' ? 0 : found.point - places };
}

function rounded(number, d) {
  if (number.digits === undefined) return number;
  const bySignificant = () => cut(number, d.maximumSignificantDigits, d.roundingMode);
  const byFraction = () => d.roundingIncrement === 1 ? cut(number, number.point + d.maximumFractionDigits, d.roundingMode) : toIncrement(number, d.maximumFractionDigits, d.roundingIncrement, d.roundingMode);
  if (d.kind === 'significant') return bySignificant();
  if (d.kind === 'fraction') return byFraction();
  if (d.kind === 'compact') return number.point >= 2 ? cut(number, number.point, d.roundingMode) : cut(number, 2, d.roundingMode);
  const significant = number.point - d.maximumSignificantDigits, fraction = -d.maximumFractionDigits;
  const isMore = d.kind === 'morePrecision';
  return (significant <= fraction) === isMore ? bySignificant() : byFraction();
}

// The digits before and behind the point.
function written(number, d) {
  const { digits, point } = number;
  let before = point > 0 ? digits.slice(0, point).padEnd(point, '0') : '0';
  let after = point > 0 ? digits.slice(point) : '0'.repeat(-point) + digits;
  if (digits === '') after = '';
  if (d.kind === 'significant') {
    const shown = (before === '0' ? 0 : before.length) + after.length - (before === '0' ? /^0*/.exec(after)[0].length : 0);
    after = after.padEnd(after.length + Math.max(0, d.minimumSignificantDigits - (digits === '' ? 1 : shown)), '0');
  } else if (d.kind !== 'compact') after = after.padEnd(d.minimumFractionDigits, '0');
  if (d.trailingZeroDisplay === 'stripIfInteger' && /^0*$/.test(after)) after = '';
  return [before.padStart(d.minimumIntegerDigits, '0'), after];
}

const MODES = ['ceil', 'floor', 'expand', 'trunc', 'halfCeil', 'halfFloor', 'halfExpand', 'halfTrunc', 'halfEven'];
const INCREMENTS = [1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1000, 2000, 2500, 5000];

function digitOptions(options, low, high, isCompact) {
  const d = { minimumIntegerDigits: whole(options.minimumIntegerDigits, 'minimumIntegerDigits', 1, 21, 1) };
  let { minimumFractionDigits: least, maximumFractionDigits: most, minimumSignificantDigits: fewest, maximumSignificantDigits: many } = options;
  d.roundingIncrement = whole(options.roundingIncrement, 'roundingIncrement', 1, 5000, 1);
  if (!INCREMENTS.includes(d.roundingIncrement)) throw new RangeError('roundingIncrement value is out of range.');
  d.roundingMode = option(options, 'roundingMode', MODES, 'halfExpand');
  d.roundingPriority = option(options, 'roundingPriority', ['auto', 'morePrecision', 'lessPrecision'], 'auto');
  d.trailingZeroDisplay = option(options, 'trailingZeroDisplay', ['auto', 'stripIfInteger'], 'auto');
  const hasSignificant = fewest !== undefined || many !== undefined, hasFraction = least !== undefined || most !== undefined;
  const needsFraction = d.roundingPriority !== 'auto' || !hasSignificant && (hasFraction || !isCompact);
  if (hasSignificant || d.roundingPriority !== 'auto') {
    d.minimumSignificantDigits = whole(fewest, 'minimumSignificantDigits', 1, 21, 1);
    d.maximumSignificantDigits = whole(many, 'maximumSignificantDigits', d.minimumSignificantDigits, 21, 21);
  }
  if (needsFraction) {
    least = whole(least, 'minimumFractionDigits', 0, 20, undefined);
    most = whole(most, 'maximumFractionDigits', 0, 20, undefined);
    if (least === undefined) least = Math.min(low, most ?? low);
    else if (most === undefined) most = Math.max(high, least);
    else if (least > most) throw new RangeError('maximumFractionDigits value is out of range.');
    d.minimumFractionDigits = least;
    d.maximumFractionDigits = most ?? Math.max(high, least);
  }
  d.kind = d.roundingPriority !== 'auto' ? d.roundingPriority : hasSignificant ? 'significant' : needsFraction ? 'fraction' : 'compact';
  if (d.roundingIncrement !== 1 && d.kind !== 'fraction') throw new TypeError('roundingIncrement value is invalid.');
  return d;
}

const COMPACT = [[12, 'T', 'trillion'], [9, 'B', 'billion'], [6, 'M', 'million'], [3, 'K', 'thousand']];

class NumberFormat {
  #o;
  #bound;
  constructor(locales, options) {
    option.of = asker ?? 'Intl.NumberFormat';
    const locale = resolve(locales);
    options = options === undefined ? {} : Object(options);
    const style = option(options, 'style', ['decimal', 'percent', 'currency', 'unit'], 'decimal');
    const currency = options.currency === undefined ? undefined : String(options.currency).toUpperCase();
    if (currency !== undefined && !/^[A-Z]{3}$/.test(currency)) throw new RangeError(`Invalid currency code : ${options.currency}`);
    if (style === 'currency' && currency === undefined) throw new TypeError('Currency code is required with currency style.');
    const currencyDisplay = option(options, 'currencyDisplay', ['code', 'symbol', 'narrowSymbol', 'name'], 'symbol');
    const currencySign = option(options, 'currencySign', ['standard', 'accounting'], 'standard');
    const unit = options.unit === undefined ? undefined : String(options.unit);
    if (unit !== undefined && !unit.split('-per-').every((one, index) => index < 2 && data.units[one])) throw new RangeError(`Invalid unit argument for Intl.NumberFormat() '${unit}'`);
    if (style === 'unit' && unit === undefined) throw new TypeError('Invalid unit argument for Intl.NumberFormat() \'\'');
    const unitDisplay = option(options, 'unitDisplay', ['short', 'narrow', 'long'], 'short');
    const notation = option(options, 'notation', ['standard', 'scientific', 'engineering', 'compact'], 'standard');
    const places = style === 'currency' && notation === 'standard' ? data.currencies[currency]?.[0] ?? 2 : 0;
    const isMoney = style === 'currency' && notation === 'standard';
    const digits = digitOptions(options, places, isMoney ? places : style === 'percent' || style === 'currency' ? 0 : 3, notation === 'compact');
    const compactDisplay = option(options, 'compactDisplay', ['short', 'long'], 'short');
    let useGrouping = options.useGrouping;
    if (useGrouping === undefined) useGrouping = notation === 'compact' ? 'min2' : 'auto';
    else if (useGrouping === true) useGrouping = 'always';
    else if (useGrouping === 'true' || useGrouping === 'false') useGrouping = notation === 'compact' ? 'min2' : 'auto';
    else if (!useGrouping) useGrouping = false;
    else if (!['min2', 'auto', 'always'].includes(useGrouping = String(useGrouping))) throw new RangeError(`Value ${useGrouping} out of range for Intl.NumberFormat options property useGrouping`);
    const signDisplay = option(options, 'signDisplay', ['auto', 'never', 'always', 'exceptZero', 'negative'], 'auto');
    this.#o = { locale, style, currency, currencyDisplay, currencySign, unit, unitDisplay, notation, compactDisplay, useGrouping, signDisplay, digits };
  }
  get format() { return this.#bound ??= { format: (value) => this.#parts(value).map((part) => part.value).join('') }.format; }
  formatToParts(value) { return this.#parts(value); }
  formatRange(start, end) {
    const [a, b] = [this.format(start), this.format(end)];
    if (start === undefined || end === undefined) throw new TypeError('Invalid argument');
    return a === b ? `~${a}` : `${a}${this.#o.style === 'currency' || /^[-+]|[^\d]$/.test(a + b) ? ' – ' : '–'}${b}`;
  }
  resolvedOptions() {
    const { locale, style, currency, currencyDisplay, currencySign, unit, unitDisplay, notation, compactDisplay, useGrouping, signDisplay, digits: d } = this.#o;
    const shown = {
      locale, numberingSystem: 'latn', style, ...(style === 'currency' && { currency, currencyDisplay, currencySign }), ...(style === 'unit' && { unit, unitDisplay }),
      minimumIntegerDigits: d.minimumIntegerDigits, ...(d.kind === 'compact' && { minimumSignificantDigits: 1, maximumSignificantDigits: 2 }),
      ...(d.maximumSignificantDigits && { minimumSignificantDigits: d.minimumSignificantDigits, maximumSignificantDigits: d.maximumSignificantDigits }),
      minimumFractionDigits: d.minimumFractionDigits ?? 0, maximumFractionDigits: d.maximumFractionDigits ?? 0,
      useGrouping, notation, ...(notation === 'compact' && { compactDisplay }), signDisplay,
      roundingMode: d.roundingMode, roundingIncrement: d.roundingIncrement, trailingZeroDisplay: d.trailingZeroDisplay, roundingPriority: d.kind === 'compact' ? 'morePrecision' : d.roundingPriority,
    };
    if (d.kind === 'significant') { delete shown.minimumFractionDigits; delete shown.maximumFractionDigits; }
    return shown;
  }
  #parts(value) {
    const o = this.#o;
    let number = decimal(typeof value === 'object' && value !== null ? value[Symbol.toPrimitive]?.('number') ?? value.valueOf() : value);
    if (typeof value === 'symbol') throw new TypeError('Cannot convert a Symbol value to a number');
    if (o.style === 'percent' && number.digits) number = { ...number, point: number.point + 2 };
    const body = [];
    let plural = 'other', suffix;
    if (number.special) body.push({ type: number.special === 'NaN' ? 'nan' : 'infinity', value: number.special });
    else {
      let power = 0;
      if (o.notation === 'compact') {
        // Rounding may carry a number into the next thousand.
        const powerOf = (one) => COMPACT.find(([least]) => one.point > least)?.[0] ?? 0;
        power = powerOf(number);
        const tried = rounded({ ...number, point: number.point - power }, o.digits);
        if (tried.digits && tried.point > 3 && power < 12) power += 3;
        suffix = COMPACT.find(([least]) => least === power)?.[o.compactDisplay === 'short' ? 1 : 2];
      } else if (o.notation !== 'standard' && number.digits) {
        const powerOf = (one) => o.notation === 'engineering' ? Math.floor((one.point - 1) / 3) * 3 : one.point - 1;
        power = powerOf(number);
        const tried = rounded({ ...number, point: number.point - power }, o.digits);
        power += powerOf(tried.digits ? tried : { point: 1 });
      }
      const shown = rounded({ ...number, point: number.digits ? number.point - power : 0 }, o.digits);
      number = { ...shown, negative: number.negative };
      const [before, after] = written(shown, o.digits);
      const least = o.useGrouping === 'min2' ? 5 : 4;
      const groups = o.useGrouping && before.length >= least ? before.replace(/\B(?=(\d{3})+$)/g, ',').split(',') : [before];
      groups.forEach((group, index) => {
        if (index) body.push({ type: 'group', value: ',' });
        body.push({ type: 'integer', value: group });
      });
      if (after) body.push({ type: 'decimal', value: '.' }, { type: 'fraction', value: after });
      if (before === '1' && after === '' && !suffix) plural = 'one';
      if (o.notation === 'scientific' || o.notation === 'engineering') {
        body.push({ type: 'exponentSeparator', value: 'E' });
        if (power < 0) body.push({ type: 'exponentMinusSign', value: '-' });
        body.push({ type: 'exponentInteger', value: String(Math.abs(power)) });
        plural = 'other';
      } else if (suffix) {
        if (o.compactDisplay === 'long') body.push({ type: 'literal', value: ' ' });
        body.push({ type: 'compact', value: suffix });
      }
    }
    const isZero = !number.special && number.digits === '' || number.special === 'NaN';
    const negative = number.negative && number.special !== 'NaN';
    const sign = o.signDisplay === 'never' ? '' : negative ? (o.signDisplay === 'auto' || o.signDisplay === 'always' || !isZero ? '-' : '')
      : o.signDisplay === 'always' || o.signDisplay === 'exceptZero' && !isZero ? '+' : '';
    const signPart = sign === '' ? [] : [{ type: sign === '-' ? 'minusSign' : 'plusSign', value: sign }];
    if (o.style === 'percent') return [...signPart, ...body, { type: 'percentSign', value: '%' }];
    if (o.style === 'unit') {
      const display = ['long', 'short', 'narrow'].indexOf(o.unitDisplay), index = plural === 'one' ? 0 : 1;
      const [unit, per] = o.unit.split('-per-');
      const pattern = data.units[o.unit]?.[display][index] ?? data.compound[o.unit]?.[display][index] ?? data.units[unit][display][index] + data.per[per][display];
      return around(pattern, [...signPart, ...body], o.style === 'unit' && o.unit === 'percent' ? 'unit' : 'unit');
    }
    if (o.style === 'currency') {
      const [, symbol, narrow, one, other] = data.currencies[o.currency] ?? [2, o.currency, o.currency, o.currency, o.currency];
      if (o.currencyDisplay === 'name') return [...signPart, ...body, { type: 'literal', value: ' ' }, { type: 'currency', value: plural === 'one' ? one : other }];
      const shown = { code: o.currency, symbol, narrowSymbol: narrow }[o.currencyDisplay];
      const money = [{ type: 'currency', value: shown }, ...(/\p{L}$/u.test(shown) && !number.special ? [{ type: 'literal', value: '\u00a0' }] : []), ...body];
      if (o.currencySign === 'accounting' && sign === '-') return [{ type: 'literal', value: '(' }, ...money, { type: 'literal', value: ')' }];
      return [...signPart, ...money];
    }
    return [...signPart, ...body];
  }
  static supportedLocalesOf(locales) { return supportedLocalesOf(locales); }
}

// A pattern with {0} for what is within.
function around(pattern, inner, type) {
  const [before, after] = pattern.split('{0}');
  const part = (text, isAfter) => {
    const [, space1, words, space2] = /^(\s*)(.*?)(\s*)$/s.exec(text);
    return [space1 && { type: 'literal', value: space1 }, words && { type, value: words }, space2 && { type: 'literal', value: space2 }].filter(Boolean);
  };
  return [...part(before), ...inner, ...part(after)];
}

// ---- dates ----

const DATE_FIELDS = ['weekday', 'era', 'year', 'month', 'day'], TIME_FIELDS = ['hour', 'minute', 'second', 'fractionalSecondDigits', 'dayPeriod'];
const KEYS = { long: 'l', short: 's', narrow: 'w', numeric: 'n', '2-digit': '2' };
const WIDTHS = {
  weekday: ['narrow', 'short', 'long'], era: ['narrow', 'short', 'long'], year: ['2-digit', 'numeric'], month: ['2-digit', 'numeric', 'narrow', 'short', 'long'], day: ['2-digit', 'numeric'],
  dayPeriod: ['narrow', 'short', 'long'], hour: ['2-digit', 'numeric'], minute: ['2-digit', 'numeric'], second: ['2-digit', 'numeric'],
};

function zoneNamed(name) {
  const sign = /^([+-])(\d\d):?(\d\d)?$/.exec(name);
  if (sign) throw notSimulated(`the time zone ${name}`);
  zones ??= JSON.parse(texts.zones);
  const lower = name.toLowerCase();
  const alias = Object.keys(data.aliases).find((zone) => zone.toLowerCase() === lower);
  const found = data.aliases[alias] ?? Object.keys(zones).find((zone) => zone.toLowerCase() === lower);
  if (found === undefined) throw new RangeError(`Invalid time zone specified: ${name}`);
  return found;
}

// Minutes from UTC. After the last change that is known years repeat by 28, in which days of the week do.
function offsetOf(zone, time) {
  if (zone === 'UTC') return 0;
  zones ??= JSON.parse(texts.zones);
  const entry = zones[zone];
  if (typeof entry[0] === 'string') {
    let at = 0;
    entry[0] = entry[0].split(' ').map((text, index) => index % 2 ? at += parseInt(text, 36) : text.includes('.') ? fraction36(text) : parseInt(text, 36));
  }
  const [changes] = entry;
  const year = new Date(time).getUTCFullYear();
  if (year > 2037) time = Date.UTC(2010 + (year - 2010) % 28, 0, 1) + (time - Date.UTC(year, 0, 1));
  let [low, high] = [0, (changes.length - 1) / 2];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (changes[middle * 2 - 1] * 60_000 <= time) low = middle;
    else high = middle - 1;
  }
  return changes[low * 2];
}

function fraction36(text) {
  const [before, after] = text.split('.');
  const part = [...after].reduceRight((sum, digit) => (sum + parseInt(digit, 36)) / 36, 0);
  return parseInt(before, 36) + (text[0] === '-' ? -part : part);
}

function zoneName(zone, time, kind) {
  const offset = offsetOf(zone, time);
  zones ??= JSON.parse(texts.zones);
  const known = zones[zone][1][offset]?.[data.kinds.indexOf(kind)];
  if (known !== undefined) return known;
  const size = Math.abs(offset), hours = Math.floor(size / 60), minutes = size % 60, sign = offset < 0 ? '-' : '+';
  return kind.startsWith('long') ? `GMT${sign}${String(hours).padStart(2, '0')}:${String(minutes).padStart(2, '0')}` : `GMT${sign}${hours}${minutes ? `:${String(minutes).padStart(2, '0')}` : ''}`;
}

const CYCLES = ['h11', 'h12', 'h23', 'h24'];

class DateTimeFormat {
  #o;
  #bound;
  constructor(locales, options, required = 'any', defaults = 'date') {
    option.of = asker ?? 'Intl.DateTimeFormat';
    const locale = resolve(locales);
    options = options === undefined ? {} : Object(options);
    const o = { locale };
    for (const name of ['calendar', 'numberingSystem']) {
      if (options[name] !== undefined && !['gregory', 'latn', 'iso8601'].includes(String(options[name]))) throw notSimulated(`${name} ${options[name]}`);
    }
    const hour12 = options.hour12, cycle = option(options, 'hourCycle', CYCLES, undefined);
    o.timeZone = options.timeZone === undefined ? 'UTC' : zoneNamed(String(options.timeZone));
    for (const name of ['weekday', 'era', 'year', 'month', 'day', 'dayPeriod', 'hour', 'minute', 'second']) o[name] = option(options, name, WIDTHS[name], undefined);
    o.fractionalSecondDigits = whole(options.fractionalSecondDigits, 'fractionalSecondDigits', 1, 3, undefined);
    o.timeZoneName = option(options, 'timeZoneName', data.kinds, undefined);
    o.dateStyle = option(options, 'dateStyle', ['full', 'long', 'medium', 'short'], undefined);
    o.timeStyle = option(options, 'timeStyle', ['full', 'long', 'medium', 'short'], undefined);
    if (o.dateStyle !== undefined || o.timeStyle !== undefined) {
      if (required === 'date' && o.timeStyle !== undefined) throw new TypeError('Invalid option : timeStyle');
      if (required === 'time' && o.dateStyle !== undefined) throw new TypeError('Invalid option : dateStyle');
      const explicit = [...DATE_FIELDS, ...TIME_FIELDS, 'timeZoneName'].find((name) => o[name] !== undefined);
      if (explicit) throw new TypeError(`Can't set option ${explicit} when ${o.dateStyle !== undefined ? 'dateStyle' : 'timeStyle'} is used`);
    } else {
      const hasDate = ['weekday', 'year', 'month', 'day'].some((name) => o[name] !== undefined), hasTime = TIME_FIELDS.some((name) => o[name] !== undefined);
      const lacks = required === 'date' ? !hasDate : required === 'time' ? !hasTime : !hasDate && !hasTime;
      if (lacks && defaults !== 'time') o.year = o.month = o.day = 'numeric';
      if (lacks && defaults !== 'date') o.hour = o.minute = o.second = 'numeric';
    }
    o.hourCycle = o.hour === undefined && o.timeStyle === undefined ? undefined : hour12 !== undefined ? (hour12 ? 'h12' : data.hour24) : cycle ?? 'h12';
    this.#o = o;
    o.pattern = this.#pattern();
  }
  #pattern() {
    const o = this.#o;
    let date, joiner = ', ', time;
    if (o.dateStyle) [date, joiner] = data.styles[o.dateStyle];
    else {
      const key = DATE_FIELDS.map((name) => KEYS[o[name]] ?? '-').join('');
      if (key !== '-----') [date, joiner] = data.dates[key] ?? [];
      if (date === undefined && o.era) [date, joiner] = [`{era.${o.era}}`, ', '];
    }
    let zone = o.timeZoneName;
    const timeOf = (fields) => data.times[[...fields.map((value) => KEYS[value] ?? value ?? '-'), (o.hourCycle ?? 'h12').at(-1)].join('')];
    if (o.timeStyle) {
      time = timeOf(['numeric', '2-digit', o.timeStyle === 'short' ? undefined : '2-digit', undefined, undefined]);
      zone = { full: 'long', long: 'short' }[o.timeStyle];
    } else if (TIME_FIELDS.some((name) => o[name] !== undefined)) {
      time = timeOf(TIME_FIELDS.map((name) => o[name])) ?? (o.hour === undefined && o.dayPeriod && ['minute', 'second', 'fractionalSecondDigits'].every((name) => o[name] === undefined) ? `{dayPeriod.}` : timeOf([o.hour, o.minute, o.second, o.fractionalSecondDigits, undefined]));
    }
    if (zone) time = time === undefined ? `{timeZoneName.${zone}}` : `${time} {timeZoneName.${zone}}`;
    return date === undefined ? time : time === undefined ? date : date + joiner + time;
  }
  #parts(value) {
    const o = this.#o;
    const time = value === undefined ? Date.now() : Number(value);
    if (!(Math.abs(time) <= 8.64e15)) throw new RangeError('Invalid time value');
    const local = new Date(Math.floor(time) + offsetOf(o.timeZone, time) * 60_000);
    const hour = local.getUTCHours(), two = (number, width) => width === '2-digit' ? String(number).padStart(2, '0') : String(number);
    const year = local.getUTCFullYear(), month = local.getUTCMonth(), isBefore = year < 1;
    const shown = {
      weekday: (width) => data.calendar.weekday[width][local.getUTCDay()], era: (width) => data.calendar.era[width][isBefore ? 0 : 1],
      year: (width) => width === '2-digit' ? String((isBefore ? 1 - year : year) % 100).padStart(2, '0') : String(isBefore ? 1 - year : year),
      month: (width) => data.calendar.month[width]?.[month] ?? two(month + 1, width), day: (width) => two(local.getUTCDate(), width),
      hour: (width) => two({ h11: hour % 12, h12: hour % 12 || 12, h23: hour, h24: hour || 24 }[o.hourCycle], width),
      minute: (width) => two(local.getUTCMinutes(), width), second: (width) => two(local.getUTCSeconds(), width),
      fractionalSecond: () => String(local.getUTCMilliseconds()).padStart(3, '0').slice(0, o.fractionalSecondDigits),
      dayPeriod: () => o.dayPeriod === undefined ? (hour < 12 ? 'AM' : 'PM')
        : hour === 12 && (o.minute === undefined || local.getUTCMinutes() === 0) && (o.second === undefined || local.getUTCSeconds() === 0) ? data.noon[o.dayPeriod] : data.calendar.dayPeriod[o.dayPeriod][hour === 12 ? 13 : hour],
      timeZoneName: (kind) => zoneName(o.timeZone, time, kind),
    };
    const parts = [];
    for (const piece of o.pattern.split(/(\{[^}]*\})/)) {
      if (piece === '') continue;
      const [, type, width] = /^\{(\w+)\.(.*)\}$/.exec(piece) ?? [];
      parts.push(type === undefined ? { type: 'literal', value: piece } : { type, value: shown[type](width) });
    }
    return parts;
  }
  get format() { return this.#bound ??= { format: (value) => this.#parts(value).map((part) => part.value).join('').replaceAll('\u202f', ' ') }.format; }
  formatToParts(value) { return this.#parts(value); }
  formatRange() { throw notSimulated('Intl.DateTimeFormat.prototype.formatRange'); }
  formatRangeToParts() { throw notSimulated('Intl.DateTimeFormat.prototype.formatRangeToParts'); }
  resolvedOptions() {
    const o = this.#o;
    const shown = { locale: o.locale, calendar: 'gregory', numberingSystem: 'latn', timeZone: o.timeZone };
    if (o.hourCycle) { shown.hourCycle = o.hourCycle; shown.hour12 = o.hourCycle === 'h11' || o.hourCycle === 'h12'; }
    const used = Object.fromEntries([...o.pattern.matchAll(/\{(\w+)\.([^}]*)\}/g)].map(([, type, width]) => [type, width]));
    if (!o.dateStyle && !o.timeStyle) {
      for (const name of ['weekday', 'era', 'year', 'month', 'day']) if (used[name]) shown[name] = used[name];
      if (o.dayPeriod) shown.dayPeriod = o.dayPeriod;
      for (const name of ['hour', 'minute', 'second']) if (used[name]) shown[name] = used[name];
      if (o.fractionalSecondDigits) shown.fractionalSecondDigits = o.fractionalSecondDigits;
      if (o.timeZoneName) shown.timeZoneName = o.timeZoneName;
    }
    if (o.dateStyle) shown.dateStyle = o.dateStyle;
    if (o.timeStyle) shown.timeStyle = o.timeStyle;
    return shown;
  }
  static supportedLocalesOf(locales) { return supportedLocalesOf(locales); }
}

// ---- words ----

class PluralRules {
  #type;
  #digits;
  #locale;
  constructor(locales, options) {
    option.of = asker ?? 'Intl.PluralRules';
    this.#locale = resolve(locales).slice(0, 2);
    options = options === undefined ? {} : Object(options);
    this.#type = option(options, 'type', ['cardinal', 'ordinal'], 'cardinal');
    this.#digits = digitOptions(options, 0, 3, false);
  }
  select(value) {
    const number = decimal(Number(value));
    if (number.special) return 'other';
    const [before, after] = written(rounded(number, this.#digits), this.#digits);
    if (after !== '' && /[1-9]/.test(after)) return 'other';
    if (this.#type === 'cardinal') return before === '1' && after === '' ? 'one' : 'other';
    const last = Number(before.slice(-1)), tens = Number(before.slice(-2));
    return last === 1 && tens !== 11 ? 'one' : last === 2 && tens !== 12 ? 'two' : last === 3 && tens !== 13 ? 'few' : 'other';
  }
  resolvedOptions() {
    const d = this.#digits;
    return {
      locale: this.#locale, type: this.#type, minimumIntegerDigits: d.minimumIntegerDigits,
      ...(d.kind === 'significant' ? { minimumSignificantDigits: d.minimumSignificantDigits, maximumSignificantDigits: d.maximumSignificantDigits } : { minimumFractionDigits: d.minimumFractionDigits, maximumFractionDigits: d.maximumFractionDigits }),
      pluralCategories: this.#type === 'cardinal' ? ['one', 'other'] : ['few', 'one', 'two', 'other'],
    };
  }
  static supportedLocalesOf(locales) { return supportedLocalesOf(locales); }
}

class RelativeTimeFormat {
  #o;
  constructor(locales, options) {
    option.of = asker ?? 'Intl.RelativeTimeFormat';
    const locale = resolve(locales);
    options = options === undefined ? {} : Object(options);
    this.#o = { locale, style: option(options, 'style', ['long', 'short', 'narrow'], 'long'), numeric: option(options, 'numeric', ['always', 'auto'], 'always'), numberingSystem: 'latn' };
  }
  #parts(value, unit) {
    unit = String(unit);
    const singular = unit.replace(/s$/, ''), entry = data.relative[`${this.#o.style} ${singular}`];
    if (!Number.isFinite(Number(value))) throw new RangeError('Value need to be finite number for Intl.RelativeTimeFormat.prototype.format()');
    if (!entry) throw new RangeError(`Invalid unit argument for Intl.RelativeTimeFormat.prototype.format() '${unit}'`);
    const number = Number(value);
    const word = entry[1][Object.is(number, -0) ? '-0' : number];
    if (this.#o.numeric === 'auto' && word !== undefined) return [{ type: 'literal', value: word }];
    const isPast = number < 0 || Object.is(number, -0), isOne = Math.abs(number) === 1;
    const [before, after] = entry[0][(isPast ? 0 : 2) + (isOne ? 0 : 1)].split('{0}');
    const digits = new NumberFormat('en-US').formatToParts(Math.abs(number)).map((part) => ({ ...part, unit: singular }));
    return [before && { type: 'literal', value: before }, ...digits, after && { type: 'literal', value: after }].filter(Boolean);
  }
  format(value, unit) { return this.#parts(value, unit).map((part) => part.value).join(''); }
  formatToParts(value, unit) { return this.#parts(value, unit); }
  resolvedOptions() { return { ...this.#o }; }
  static supportedLocalesOf(locales) { return supportedLocalesOf(locales); }
}

class ListFormat {
  #o;
  constructor(locales, options) {
    option.of = asker ?? 'Intl.ListFormat';
    const locale = resolve(locales);
    if (options !== undefined && (typeof options !== 'object' || options === null)) throw new TypeError('Incorrect ListFormat information provided');
    this.#o = { locale, type: option(options ?? {}, 'type', ['conjunction', 'disjunction', 'unit'], 'conjunction'), style: option(options ?? {}, 'style', ['long', 'short', 'narrow'], 'long') };
  }
  formatToParts(list = []) {
    const items = [...list];
    const wrong = items.find((item) => typeof item !== 'string');
    if (wrong !== undefined || items.includes(undefined)) throw new TypeError('Iterable yielded ' + String(wrong) + ' which is not a string');
    const [pair, start, middle, end] = data.lists[`${this.#o.type} ${this.#o.style}`];
    return items.flatMap((value, index) => {
      const literal = index === 0 ? [] : [{ type: 'literal', value: items.length === 2 ? pair : index === 1 ? start : index === items.length - 1 ? end : middle }];
      return [...literal, { type: 'element', value }];
    });
  }
  format(list) { return this.formatToParts(list).map((part) => part.value).join(''); }
  resolvedOptions() { return { ...this.#o }; }
  static supportedLocalesOf(locales) { return supportedLocalesOf(locales); }
}

// ---- order ----

let weights;
// Of each letter: its place among letters, among its accents, among its cases.
function weightsOf() {
  if (weights) return weights;
  weights = new Map();
  data.letters.order.forEach((accents, first) => accents.forEach((cases, second) => cases.forEach((same, third) => same.forEach((letter) => weights.set(letter, [first + 1, second, third])))));
  [...data.letters.marks].forEach((mark, index) => weights.set(mark, [0, index + 1, 0]));
  for (const letter of data.letters.ignored) weights.set(letter, [0, 0, 0]);
  return weights;
}

class Collator {
  #o;
  #bound;
  constructor(locales, options) {
    option.of = asker ?? 'Intl.Collator';
    const [asked] = getCanonicalLocales(locales);
    const locale = resolve(locales);
    options = options === undefined ? {} : Object(options);
    const usage = option(options, 'usage', ['sort', 'search'], 'sort');
    const numeric = options.numeric === undefined ? /-u-(?:.*-)?kn(?:$|-(?!false))/.test(asked ?? '') : Boolean(options.numeric);
    const caseFirst = option(options, 'caseFirst', ['upper', 'lower', 'false'], 'false');
    const sensitivity = option(options, 'sensitivity', ['base', 'accent', 'case', 'variant'], 'variant');
    this.#o = { locale, usage, sensitivity, ignorePunctuation: Boolean(options.ignorePunctuation ?? false), collation: 'default', numeric, caseFirst };
  }
  #weigh(text) {
    const { numeric, ignorePunctuation } = this.#o;
    const known = weightsOf(), first = [], second = [], third = [];
    const decomposed = text.normalize('NFD');
    for (let at = 0; at < decomposed.length;) {
      const digits = numeric && /^\d+/.exec(decomposed.slice(at))?.[0];
      if (digits) {
        const value = digits.replace(/^0+(?=\d)/, '');
        first.push(known.get('0')[0], value.length, ...[...value].map((digit) => known.get(digit)[0]));
        second.push(0);
        third.push(0);
        at += digits.length;
        continue;
      }
      const letter = String.fromCodePoint(decomposed.codePointAt(at));
      at += letter.length;
      if (letter === 'ß') {
        const [s] = known.get('s');
        first.push(s, s);
        second.push(0, 1);
        third.push(0, 0);
        continue;
      }
      if (ignorePunctuation && data.letters.punctuation.includes(letter)) continue;
      const [one, two, three] = known.get(letter) ?? [/\p{L}/u.test(letter) ? 10_000 + letter.codePointAt(0) : known.get('¤')[0] - 1 + letter.codePointAt(0) / 2_000_000, 0, 0];
      if (one) { first.push(one); second.push(two); third.push(three); } else if (two) second.push(10_000 + two);
    }
    return [first, second, third];
  }
  get compare() { return this.#bound ??= { compare: (a, b) => this.#compare(String(a), String(b)) }.compare; }
  #compare(a, b) {
    if (a === b) return 0;
    const { sensitivity, caseFirst } = this.#o;
    const [left, right] = [this.#weigh(a), this.#weigh(b)];
    const order = (one, other) => {
      for (let at = 0; at < one.length && at < other.length; at++) if (one[at] !== other[at]) return one[at] < other[at] ? -1 : 1;
      return Math.sign(one.length - other.length);
    };
    const byFirst = order(left[0], right[0]);
    if (byFirst || sensitivity === 'base') return byFirst;
    if (sensitivity !== 'case') {
      const byAccent = order(left[1], right[1]);
      if (byAccent || sensitivity === 'accent') return byAccent;
    }
    const byCase = order(left[2], right[2]);
    return caseFirst === 'upper' ? 0 - byCase : byCase;
  }
  resolvedOptions() { return { ...this.#o }; }
  static supportedLocalesOf(locales) { return supportedLocalesOf(locales); }
}

// ---- the rest ----

class Locale {
  #tag;
  constructor(text, options = {}) {
    if (typeof text !== 'string' && !(text instanceof Locale)) throw new TypeError('First argument to Intl.Locale constructor can\'t be empty or missing');
    this.#tag = canonical(String(text));
    if (options.region || options.language || options.script) this.#tag = [options.language ?? this.language, options.script ?? this.script, options.region ?? this.region].filter(Boolean).join('-');
  }
  get language() { return this.#tag.split('-')[0]; }
  get script() { return this.#tag.split('-').find((part, index) => index && /^[A-Z][a-z]{3}$/.test(part)); }
  get region() { return this.#tag.split('-').find((part, index) => index && /^([A-Z]{2}|\d{3})$/.test(part)); }
  get baseName() { return this.#tag.replace(/-u-.*/, ''); }
  toString() { return this.#tag; }
}

// ---- names ----

const TYPES = ['language', 'region', 'script', 'currency', 'calendar', 'dateTimeField'];
/** What a code of each type looks like; Node does not heed the case of languages and currencies only. */
const CODES = {
  language: /^(?:[a-z]{2,8}(?:-[a-z0-9]{1,8})*(?:-[a-z0-9]{2,8})?)?$(?<!-.)/i, region: /^(?:[a-z]{2}|\d{3})?$/i, script: /^(?:[a-z]{4})?$/i, currency: /^[a-z]{3}$/i,
  calendar: /^[a-z0-9]{3,8}(?:-[a-z0-9]{3,8})*$/i, dateTimeField: /^(?:era|year|quarter|month|weekOfYear|weekday|day|dayPeriod|hour|minute|second|timeZoneName)$/,
};

class DisplayNames {
  #o;
  constructor(locales, options) {
    option.of = asker ?? 'Intl.DisplayNames';
    if (options === null || typeof options !== 'object') throw new TypeError('invalid_argument');
    const locale = resolve(locales);
    const style = option(options, 'style', ['narrow', 'short', 'long'], 'long');
    const type = option(options, 'type', TYPES);
    if (type === undefined) throw new TypeError('invalid_argument');
    const fallback = option(options, 'fallback', ['code', 'none'], 'code');
    const languageDisplay = option(options, 'languageDisplay', ['dialect', 'standard'], 'dialect');
    this.#o = { locale, style, type, fallback, ...(type === 'language' && { languageDisplay }) };
    names ??= JSON.parse(texts.names);
  }
  #named(type, code) { return names[type][this.#o.style]?.[code] ?? names[type].long[code]; }
  #language(code) {
    // ICU calls a language that is not said the root of all.
    const [first] = code.split('-'), known = names.aliases[first.toLowerCase()] ?? (/^(?:root)?$/i.test(first) ? 'und' : first);
    if (/^[a-z]{4}$/i.test(known)) return [undefined, code.toLowerCase()];
    const tag = canonical(known + code.slice(first.length)).replace(/-[a-z0-9](?:-.*)?$/, '');
    const { language, script, region } = new Locale(tag);
    // One part without a name leaves the whole without.
    const orCode = (name, code) => name ?? (this.#o.fallback === 'code' ? code : undefined);
    const parts = [script && [this.#named('script', script), script], region && [this.#named('region', region), region]].filter(Boolean).map(([name, code]) => orCode(name, code));
    if (parts.includes(undefined)) return [undefined, tag];
    if (tag.split('-').length > parts.length + 1) throw notSimulated('the name of a variant of a language');
    const dialect = this.#o.languageDisplay === 'dialect' && parts.length === 1 ? names.dialect[this.#o.style][tag] : undefined;
    const spoken = language === 'und' ? 'root' : language, named = this.#named('language', spoken);
    if (dialect !== undefined || parts.length === 0) return [dialect ?? named, spoken];
    const name = orCode(named, spoken);
    return [name === undefined ? undefined : `${name} (${parts.join(', ')})`, tag];
  }
  of(code) {
    const { type, fallback } = this.#o;
    code = String(code);
    if (!CODES[type].test(code)) throw new RangeError('invalid_argument');
    const [name, shown] = type === 'language' ? this.#language(code) : [this.#named(type, type === 'currency' ? code.toUpperCase() : code), code];
    return name ?? (fallback === 'code' ? shown : undefined);
  }
  resolvedOptions() { return { ...this.#o }; }
  static supportedLocalesOf(locales) { return supportedLocalesOf(locales); }
}

function supportedValuesOf(key) {
  const lists = {
    calendar: () => ['gregory', 'iso8601'], collation: () => ['default'], currency: () => Object.keys(data.currencies).sort(), numberingSystem: () => ['latn'],
    timeZone: () => Object.keys(zones ??= JSON.parse(texts.zones)).filter((zone) => zone !== 'UTC').sort(), unit: () => Object.keys(data.units),
  };
  if (!Object.hasOwn(lists, String(key))) throw new RangeError(`Invalid key : ${key}`);
  return lists[key]();
}

// Some may be called without `new`.
const callable = (Class, withNew = false) => {
  const called = function (locales, options) {
    if (withNew && !new.target) throw new TypeError(`Constructor Intl.${Class.name} requires 'new'`);
    return Reflect.construct(Class, [locales, options], new.target ?? Class);
  };
  Object.defineProperties(called, { name: { value: Class.name }, length: { value: Class === DisplayNames ? 2 : Class === Locale ? 1 : 0 }, prototype: { value: Class.prototype, writable: false } });
  if (Class !== Locale) Object.defineProperty(called, 'supportedLocalesOf', { value: supportedLocalesOf, writable: true, configurable: true });
  Object.defineProperty(Class.prototype, 'constructor', { value: called, writable: true, configurable: true });
  return called;
};
const Intl = {};
const all = { getCanonicalLocales, supportedValuesOf, DateTimeFormat: callable(DateTimeFormat), NumberFormat: callable(NumberFormat), Collator: callable(Collator), ...Object.fromEntries([PluralRules, RelativeTimeFormat, ListFormat, Locale, DisplayNames].map((Class) => [Class.name, callable(Class, true)])) };
for (const [name, value] of Object.entries(all)) {
  Object.defineProperty(Intl, name, { value, writable: true, configurable: true });
  if (value.prototype) tag({ prototype: value.prototype }, `Intl.${name}`);
}
Object.defineProperty(Intl, Symbol.toStringTag, { value: 'Intl', configurable: true });
// Few break texts: what that takes is read when they do.
const put = (value) => Object.defineProperty(Intl, 'Segmenter', { value, writable: true, configurable: true, enumerable: false });
Object.defineProperty(Intl, 'Segmenter', {
  configurable: true, enumerable: false, set: put,
  get() {
    const value = callable(require('internal/terrarium/intl_segments').Segmenter, true);
    tag(value, 'Intl.Segmenter');
    put(value);
    return value;
  },
});

// What has no options is asked for often.
const usuals = new Map();
function usual(Class, locales, options, ...rest) {
  if (options !== undefined || locales !== undefined && typeof locales !== 'string') return new Class(locales, options, ...rest);
  const key = `${Class.name} ${locales} ${rest}`;
  if (!usuals.has(key)) usuals.set(key, new Class(locales, options, ...rest));
  return usuals.get(key);
}

// A method of another class does it.
function asked(name, run) {
  asker = name;
  try {
    return run();
  } finally {
    asker = undefined;
  }
}

const dateOf = (time, locales, options, name, required, defaults) => {
  return Number.isNaN(time) ? 'Invalid Date' : asked(`Date.prototype.${name}`, () => usual(DateTimeFormat, locales, options, required, defaults)).format(time);
};

module.exports = {
  Intl,
  tools: { notSimulated, option, resolve, supportedLocalesOf, tag },
  number: (value, locales, options) => asked('Number.prototype.toLocaleString', () => usual(NumberFormat, locales, options)).format(value),
  date: (time, locales, options) => dateOf(time, locales, options, 'toLocaleString', 'any', 'all'),
  day: (time, locales, options) => dateOf(time, locales, options, 'toLocaleDateString', 'date', 'date'),
  time: (time, locales, options) => dateOf(time, locales, options, 'toLocaleTimeString', 'time', 'time'),
  compare: (a, b, locales, options) => asked('String.prototype.localeCompare', () => usual(Collator, locales, options)).compare(a, b),
};
