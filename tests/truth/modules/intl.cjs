// en-US by the table: a line for each set of options, with what every number, date, unit, list or pair of words gives.
const tell = (make) => { try { return String(make()); } catch (error) { return `${error.name}: ${error.message}`; } };
const line = (what, options, texts) => console.log(`${what} ${JSON.stringify(options)}: ${texts.join(' | ')}`);
const nums=[0,-0,1,-1,12,123,1234,12345,123456,12345.678,999.9999,999999,1e6,1234567.891,-98765.4321,1e21,0.000001,0.5,1.005,2.5,1.15,0.1+0.2,NaN,Infinity,-Infinity,1e15+0.3,5e-324,1.7976931348623157e308,123456789012345678901n,'12.30',99.5,1500,950,0.05,1e12];
const cur=['USD','EUR','JPY','GBP','INR','CHF','CAD','KWD','BTC','SEK'];
const nopts=[{},{minimumFractionDigits:2},{maximumFractionDigits:0},{maximumFractionDigits:1},{minimumFractionDigits:2,maximumFractionDigits:2}, ...cur.map(currency=>({style:'currency',currency})),{style:'currency',currency:'USD',currencyDisplay:'name'},{style:'currency',currency:'USD',currencyDisplay:'code'},{style:'currency',currency:'CAD',currencyDisplay:'narrowSymbol'},{style:'currency',currency:'USD',currencySign:'accounting'},{style:'percent'},{style:'percent',minimumFractionDigits:1},{style:'percent',maximumFractionDigits:2},{notation:'compact'},{notation:'compact',compactDisplay:'long'},{notation:'compact',maximumFractionDigits:1},{notation:'compact',style:'currency',currency:'USD'},{notation:'scientific'},{notation:'engineering'},{notation:'scientific',maximumFractionDigits:1}, ...['kilometer-per-hour','liter','megabyte','celsius','percent','mile-per-gallon','kilobyte-per-second','day','meter','inch','degree'].flatMap(unit=>['short','long','narrow'].map(unitDisplay=>({style:'unit',unit,unitDisplay}))),{maximumSignificantDigits:3},{minimumSignificantDigits:4},{useGrouping:false},{useGrouping:'min2'},{signDisplay:'always'},{signDisplay:'exceptZero'},{signDisplay:'never'},{signDisplay:'negative'},{minimumIntegerDigits:3},{style:'currency',currency:'USD',maximumFractionDigits:0},{style:'currency',currency:'USD',minimumFractionDigits:0},{roundingMode:'floor',maximumFractionDigits:0},{roundingMode:'halfEven',maximumFractionDigits:0},{roundingMode:'ceil',maximumFractionDigits:1},{roundingIncrement:5,maximumFractionDigits:2,minimumFractionDigits:2},{trailingZeroDisplay:'stripIfInteger',minimumFractionDigits:2},{roundingPriority:'morePrecision',maximumSignificantDigits:2,maximumFractionDigits:1},{minimumFractionDigits:5},{minimumFractionDigits:30},{style:'currency'},{style:'foo'},{style:'currency',currency:'US'},{style:'unit',unit:'foo'},{maximumFractionDigits:1,minimumFractionDigits:3}];
const dates=[0,1e12,1700000000000,-1e12,Date.UTC(2024,1,29,13,5,9,7),Date.UTC(2026,0,1),Date.UTC(2026,0,1,12),Date.UTC(2023,11,31,23,59,59,999),Date.UTC(2050,6,4,16,30),NaN,Date.UTC(2026,2,8,10)];
const dopts=[{}, ...['UTC','America/New_York','Asia/Tokyo','Europe/London','Asia/Kolkata','Australia/Sydney','America/Sao_Paulo','europe/paris'].map(timeZone=>({timeZone})), ...['full','long','medium','short'].map(dateStyle=>({dateStyle})), ...['full','long','medium','short'].map(timeStyle=>({timeStyle,timeZone:'America/New_York'})),{dateStyle:'full',timeStyle:'long',timeZone:'America/Los_Angeles'},{dateStyle:'medium',timeStyle:'short'},{dateStyle:'short',timeStyle:'short'},{dateStyle:'long',timeStyle:'short'},{weekday:'long'},{weekday:'short'},{weekday:'short',month:'short',day:'numeric'},{year:'numeric',month:'long',day:'numeric'},{year:'numeric',month:'2-digit',day:'2-digit'},{year:'numeric',month:'short',day:'2-digit'},{month:'long'},{month:'short',year:'numeric'},{month:'long',day:'numeric'},{hour:'2-digit',minute:'2-digit'},{hour:'numeric'},{hour12:false},{hour12:true},{hour:'2-digit',minute:'2-digit',second:'2-digit',hour12:false},{hour:'numeric',minute:'numeric',fractionalSecondDigits:3,second:'numeric'},{weekday:'long',year:'numeric',month:'long',day:'numeric',hour:'numeric',minute:'numeric',timeZoneName:'short'},{timeZoneName:'long'},{timeZoneName:'short',timeZone:'Asia/Tokyo'},{era:'short'},{day:'numeric'},{year:'2-digit',month:'numeric',day:'numeric'},{hourCycle:'h23',hour:'numeric',minute:'2-digit'},{dayPeriod:'long',hour:'numeric'},{dayPeriod:'short'},{minute:'2-digit',second:'2-digit'},{second:'numeric'},{month:'narrow'},{hour:'numeric',hour12:false},{timeZone:'Nowhere/Land'},{dateStyle:'full',month:'long'},{weekday:'foo'},{fractionalSecondDigits:3},{year:'numeric'},{year:'numeric',weekday:'long'},{month:'numeric',day:'numeric',hour:'numeric'},{timeZone:'America/New_York',timeZoneName:'longOffset'},{timeZone:'America/New_York',timeZoneName:'shortGeneric'}];

for (const options of nopts) {
  line('number', options, nums.map((number) => tell(() => new Intl.NumberFormat('en-US', options).format(number))));
  line('parts', options, [tell(() => JSON.stringify(new Intl.NumberFormat('en-US', options).formatToParts(-1234.5)))]);
  line('resolved', options, [tell(() => JSON.stringify(new Intl.NumberFormat('en-US', options).resolvedOptions()))]);
}
for (const options of dopts) {
  // Before 1970 zones are not kept.
  const shown = dates.filter((date) => !options.timeZone || !(date < 0));
  for (const method of ['toLocaleString', 'toLocaleDateString', 'toLocaleTimeString']) line(method, options, shown.map((date) => tell(() => new Date(date)[method]('en-US', options))));
  line('parts', options, [tell(() => JSON.stringify(new Intl.DateTimeFormat('en-US', options).formatToParts(1e12)))]);
  line('resolved', options, [tell(() => JSON.stringify(new Intl.DateTimeFormat('en-US', options).resolvedOptions()))]);
}
for (const type of ['cardinal', 'ordinal']) line('plural', type, Array.from({ length: 125 }, (_, number) => new Intl.PluralRules('en', { type }).select(number)));
for (const style of ['long', 'short', 'narrow']) {
  for (const numeric of ['always', 'auto']) {
    for (const unit of ['second', 'minutes', 'hour', 'day', 'week', 'month', 'quarter', 'year', 'foo']) {
      line('relative', [style, numeric, unit], [-2, -1, -0, 0, 1, 2, 1.5, 1234, -10, NaN].map((number) => tell(() => new Intl.RelativeTimeFormat('en', { style, numeric }).format(number, unit))));
    }
  }
  for (const type of ['conjunction', 'disjunction', 'unit']) line('list', [style, type], [[], ['a'], ['a', 'b'], ['a', 'b', 'c'], ['a', 'b', 'c', 'd', 'e'], [1]].map((list) => tell(() => new Intl.ListFormat('en', { style, type }).format(list))));
}
const words=['','a','A','b','B','á','Á','ab','aB','Ab','AB','a b','a-b','a_b','zebra','Zebra','apple','Äpfel','äpfel','résumé','resume','Resume','10','2','1','file10','file2','File1','z','Z','ñ','n','o','ö','ß','ss','é','e','E','ê','-','_',' ','!','?','.','€','$','é','co-op','coop','co op','日本','Ω','я','Я','ü','u','U','😀','a1','a01',"l'a",'la'];
for (const options of [undefined, { numeric: true }, { sensitivity: 'base' }, { sensitivity: 'accent' }, { sensitivity: 'case' }, { ignorePunctuation: true }, { caseFirst: 'upper' }]) {
  const { compare } = new Intl.Collator('en-US', options);
  line('compare', options ?? null, words.map((a) => words.map((b) => '<=>'[compare(a, b) + 1]).join('')));
}
const date = new Date(1e12);
console.log((1234567.891).toLocaleString(), (0.256).toLocaleString('en-US', { style: 'percent' }), 1234n.toLocaleString(), [1234.5, date, null].toLocaleString());
console.log([1234.5, 2].toLocaleString('en-US', { style: 'currency', currency: 'USD' }), date.toLocaleString(), date.toLocaleDateString(), date.toLocaleTimeString(), new Date(NaN).toLocaleString());
console.log(['b', 'a', 'B', 'á', 'Z', 'z'].sort((a, b) => a.localeCompare(b)), 'a'.localeCompare('b'), 'a'.localeCompare('A', undefined, { sensitivity: 'base' }), ['x10', 'x2'].sort(new Intl.Collator(undefined, { numeric: true }).compare));
console.log(Intl, Object.prototype.toString.call(Intl), Intl.NumberFormat().format(1e6), Intl.DateTimeFormat().resolvedOptions().timeZone, Intl.getCanonicalLocales('EN-us'), Intl.NumberFormat.supportedLocalesOf(['en-US']));
console.log(tell(() => Number.prototype.toLocaleString.call('x')), tell(() => new Intl.NumberFormat('not a locale')), new Intl.NumberFormat(), new Intl.DateTimeFormat() instanceof Intl.DateTimeFormat);
