// Certificates that no tool makes, built here byte by byte.
'use strict';
const { X509Certificate, createPrivateKey, createPublicKey, sign } = require('node:crypto');

const key = createPrivateKey({ key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.alloc(32, 7)]), format: 'der', type: 'pkcs8' });
const tlv = (tag, ...parts) => {
  const content = Buffer.concat(parts.map((part) => Buffer.from(part)));
  const length = content.length < 128 ? [content.length] : content.length < 256 ? [0x81, content.length] : [0x82, content.length >> 8, content.length & 255];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
};
const seq = (...parts) => tlv(0x30, ...parts);
const oid = (text) => {
  const [a, b, ...rest] = text.split('.').map(BigInt);
  const bytes = [];
  for (let part of [a * 40n + b, ...rest]) {
    const digits = [Number(part & 127n)];
    while (part >>= 7n) digits.unshift(Number(part & 127n) | 128);
    bytes.push(...digits);
  }
  return tlv(6, bytes);
};
const entry = (kind, tag, value) => seq(oid(kind), tlv(tag, value));
const name = (...sets) => seq(...sets.map((set) => tlv(0x31, ...set)));
const one = (kind, tag, value) => [entry(kind, tag, value)];
const CN = '2.5.4.3';
const extension = (kind, value, critical) => seq(oid(kind), critical ? tlv(1, [255]) : [], tlv(4, value));
const SAN = '2.5.29.17', AIA = '1.3.6.1.5.5.7.1.1';
const ed = seq(oid('1.3.101.112'));
const utc = (text) => tlv(0x17, text), general = (text) => tlv(0x18, text);
const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });

function certificate({ serial = [1], subject = name(one(CN, 12, 'a')), issuer = subject, from = utc('200101000000Z'), to = utc('400101000000Z'), info = spki, extensions = [], version = 2, algorithm = ed, outer = algorithm }) {
  const body = seq(version ? tlv(0xa0, tlv(2, [version])) : [], tlv(2, serial), algorithm, issuer, seq(from, to), subject, info, extensions.length ? tlv(0xa3, seq(...extensions)) : []);
  return seq(body, outer, tlv(3, [0], sign(null, body, key)));
}
const tried = (f) => { try { return f(); } catch (e) { return `${e.name} ${e.code} ${e.message}`; } };
function show(title, parts, ...fields) {
  const made = tried(() => new X509Certificate(certificate(parts)));
  console.log(title, ...(typeof made === 'string' ? [made] : fields.map((field) => tried(() => typeof field === 'function' ? field(made) : made[field]))));
}
const legacy = (field) => (made) => made.toLegacyObject()[field];

for (const serial of [[0], [1], [127], [0, 128], [0, 0x80, 0], [0xff], [0x80], [0xff, 0x01], [0xff, 0xff, 0], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21]])
  show(`serial ${serial}`, { serial }, 'serialNumber', legacy('serialNumber'));

for (const time of [utc('491231235959Z'), utc('500101000000Z'), utc('991301000000Z'), utc('000229120000Z'), utc('010229120000Z'), utc('2001010000Z'), utc('200101000000'), general('20200105030201Z'), general('20200105030201.5Z'), general('20200105030201.123456Z'), general('99991231235959Z'), general('00010101000000Z'), general('20200132000000Z'), general('20200101240000Z'), utc('x'), utc('200101006000Z'), utc('200101000060Z')])
  show(`time ${time.subarray(2)}`, { from: time }, 'validFrom', legacy('valid_from'));

const subjects = {
  empty: name(),
  order: name(one('2.5.4.6', 19, 'UK'), one(CN, 12, 'a'), one('2.5.4.10', 12, 'b'), one(CN, 12, 'c'), one(CN, 12, 'd')),
  sets: name([entry(CN, 12, 'a'), entry('2.5.4.10', 12, 'b')], one('2.5.4.11', 12, 'c')),
  printable: name(one(CN, 19, 'a b')), teletex: name(one(CN, 20, [0x61, 0xe9, 0xff])), ascii: name(one(CN, 22, 'a@b')),
  wide: name(one(CN, 30, [0, 0x61, 0x20, 0xac, 0, 0xe9])), wider: name(one(CN, 28, [0, 0, 0, 0x61, 0, 1, 0xf6, 0])), oddly: name(one(CN, 30, [0, 0x61, 0])),
  utf8: name(one(CN, 12, 'ü€😀')), broken: name(one(CN, 12, [0x61, 0xff, 0x62])), number: name(one(CN, 2, [5])), visible: name(one(CN, 26, 'v')), numeric: name(one(CN, 18, '12')), bits: name(one('2.5.4.45', 3, [0, 1])), octets: name(one(CN, 4, 'oct')),
  special: name(one(CN, 12, ',+"\\<>;#=/ \'*()')), hash: name(one(CN, 12, '#a#')), onlyHash: name(one(CN, 12, '#')), spaces: name(one(CN, 12, '  a  ')), onlySpace: name(one(CN, 12, ' ')), none: name(one(CN, 12, '')),
  control: name(one(CN, 12, [0x61, 0, 9, 10, 0x1f, 0x7f, 0x80 ^ 0x80])), unknown: name(one('1.2.3.4', 12, 'x'), one('2.999.3', 12, 'y')), big: name(one('1.2.840.113556.340282366920938463463374607431768211456', 12, 'z')),
  long: name(one(CN, 12, 'x'.repeat(300))), sn: name(one('2.5.4.4', 12, 'Sur'), one('2.5.4.42', 12, 'Given'), one('2.5.4.5', 19, '99'), one('2.5.4.9', 12, 'Street'), one('0.9.2342.19200300.100.1.1', 12, 'uid'), one('0.9.2342.19200300.100.1.25', 22, 'dc'), one('2.5.4.17', 12, 'post'), one('1.3.6.1.4.1.311.60.2.1.3', 19, 'UK'), one('2.5.4.15', 12, 'Business'), one('2.5.4.97', 12, 'id'), one('1.2.840.113549.1.9.1', 22, 'e@x'), one('2.5.4.65', 12, 'p'), one('2.5.4.12', 12, 't')),
};
for (const [title, subject] of Object.entries(subjects)) {
  show(title, { subject }, 'subject', 'issuer', legacy('subject'));
  show(`${title} in a list`, { extensions: [extension(SAN, seq(tlv(0xa4, subject)))] }, 'subjectAltName');
}

const other = (kind, tag, value) => tlv(0xa0, oid(kind), tlv(0xa0, tlv(tag, value)));
const names = {
  nothing: [], hosts: [tlv(0x82, 'a'), tlv(0x82, 'b,c'), tlv(0x82, '"'), tlv(0x82, '\\'), tlv(0x82, "'"), tlv(0x82, [0x61, 0, 0x62]), tlv(0x82, 'ü'), tlv(0x82, [0x7f, 0x1f]), tlv(0x82, 'a b'), tlv(0x82, '')],
  mails: [tlv(0x81, 'a@b'), tlv(0x81, 'a,b@c')], uris: [tlv(0x86, 'http://x/?a=b,c#"'), tlv(0x86, 'http://ü')],
  addresses: [tlv(0x87, [1, 2, 3, 4]), tlv(0x87, Buffer.alloc(16)), tlv(0x87, Buffer.from('20010db800000000000000000000ff01', 'hex')), tlv(0x87, [1, 2, 3]), tlv(0x87, []), tlv(0x87, Buffer.alloc(17))],
  registered: [tlv(0x88, oid('1.2.3').subarray(2)), tlv(0x88, oid('2.5.4.3').subarray(2)), tlv(0x88, oid('2.999').subarray(2))],
  others: [other('1.3.6.1.4.1.311.20.2.3', 12, 'u,ü'), other('1.3.6.1.4.1.311.20.2.3', 22, 'u'), other('1.3.6.1.5.5.7.8.5', 12, 'x'), other('1.3.6.1.5.5.7.8.7', 22, 's,é'), other('1.3.6.1.5.5.7.8.7', 12, 's'), other('1.3.6.1.5.5.7.8.8', 12, 'n\u0001'), other('1.3.6.1.5.5.7.8.9', 12, 'ü@b'), other('1.2.3', 12, 'w')],
  strange: [tlv(0xa3, seq()), tlv(0xa5, tlv(0xa1, tlv(12, 'p')))], wrong: [tlv(0x89, 'x')], wrongToo: [tlv(0x0c, 'x')],
};
for (const [title, list] of Object.entries(names)) {
  show(title, { extensions: [extension(SAN, seq(...list))] }, 'subjectAltName', legacy('subjectaltname'));
  show(`${title} behind`, { extensions: [extension(AIA, seq(...list.map((location) => seq(oid('1.3.6.1.5.5.7.48.1'), location))))] }, 'infoAccess', legacy('infoAccess'));
}
show('no list', { extensions: [extension(SAN, tlv(4, 'x'))] }, 'subjectAltName');
show('no access', { extensions: [extension(AIA, tlv(4, 'x'))] }, 'infoAccess');
show('two lists', { extensions: [extension(SAN, seq(tlv(0x82, 'a'))), extension(SAN, seq(tlv(0x82, 'b')))] }, 'subjectAltName', (made) => made.checkHost('b'), (made) => made.checkHost('a'));
for (const method of ['1.3.6.1.5.5.7.48.1', '1.3.6.1.5.5.7.48.2', '1.3.6.1.5.5.7.48.3', '1.3.6.1.5.5.7.48.4', '1.3.6.1.5.5.7.48.5', '1.2.3.4', '2.5.4.3'])
  show(`access ${method}`, { extensions: [extension(AIA, seq(seq(oid(method), tlv(0x86, 'http://x')), seq(oid(method), tlv(0x82, 'y'))))] }, 'infoAccess', legacy('infoAccess'));

const usage = (...bytes) => extension('2.5.29.15', tlv(3, bytes), true), basic = (...parts) => extension('2.5.29.19', seq(...parts), true);
const yes = tlv(1, [255]);
const authorities = { none: [], ca: [basic(yes)], limited: [basic(yes, tlv(2, [0]))], not: [basic()], said: [basic(tlv(1, [0]))], signs: [usage(2, 4)], encrypts: [usage(5, 0x20)], both: [basic(yes), usage(1, 6)], barred: [basic(yes), usage(7, 0x80)], netscape: [extension('2.16.840.1.113730.1.1', tlv(3, [0, 7]))], empty: [basic(yes), usage(0)] };
for (const [title, extensions] of Object.entries(authorities)) for (const version of [2, 0])
  show(`authority ${title} ${version}`, { extensions, version }, 'ca', legacy('ca'), (made) => made.checkIssued(made));
for (const list of [[], ['1.3.6.1.5.5.7.3.1'], ['2.5.29.37.0', '1.3.6.1.4.1.311.10.3.3', '1.2.3']])
  show(`uses ${list}`, { extensions: [extension('2.5.29.37', seq(...list.map(oid)))] }, 'keyUsage', legacy('ext_key_usage'));

const infos = { curve: seq(seq(oid('1.2.840.10045.2.1'), oid('1.2.3')), tlv(3, [0, 4, 1, 2])), unknown: seq(seq(oid('1.2.3')), tlv(3, [0, 1])), short: seq(seq(oid('1.3.101.112')), tlv(3, [0, 1, 2])), x25519: seq(seq(oid('1.3.101.110')), tlv(3, [0], Buffer.alloc(32, 9))),
  compressed: seq(seq(oid('1.2.840.10045.2.1'), oid('1.2.840.10045.3.1.7')), tlv(3, [0], Buffer.from('036b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296', 'hex'))), k1: seq(seq(oid('1.2.840.10045.2.1'), oid('1.3.132.0.10')), tlv(3, [0], Buffer.from('0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798', 'hex'))),
  rsa: seq(seq(oid('1.2.840.113549.1.1.1'), tlv(5)), tlv(3, [0], seq(tlv(2, [0x0c, ...Buffer.alloc(63, 0xc1)]), tlv(2, [3])))) };
for (const [title, info] of Object.entries(infos))
  show(`key ${title}`, { info }, (made) => made.publicKey.asymmetricKeyType, (made) => { const { subject, issuer, raw, fingerprint, fingerprint256, fingerprint512, ...rest } = made.toLegacyObject(); return rest; }, (made) => made.verify(made.publicKey), (made) => made.checkIssued(made), (made) => made.checkPrivateKey(key));
show('signed', {}, (made) => made.verify(createPublicKey(key)), (made) => made.checkPrivateKey(key), (made) => made.checkIssued(made));
show('two algorithms', { outer: seq(oid('1.2.3')) }, (made) => made.verify(createPublicKey(key)), (made) => made.checkIssued(made));
show('unknown algorithm', { algorithm: seq(oid('1.2.3')) }, (made) => made.verify(createPublicKey(key)), (made) => made.checkIssued(made));

const authority = (...parts) => extension('2.5.29.35', seq(...parts)), id = (...bytes) => extension('2.5.29.14', tlv(4, bytes));
const vouches = { ids: [id(1), authority(tlv(0x80, [1]))], otherIds: [id(1), authority(tlv(0x80, [2]))], noId: [authority(tlv(0x80, [2]))], serial: [authority(tlv(0xa1, tlv(0xa4, name(one(CN, 12, 'a')))), tlv(0x82, [1]))], otherSerial: [authority(tlv(0xa1, tlv(0xa4, name(one(CN, 12, 'a')))), tlv(0x82, [2]))], otherName: [authority(tlv(0xa1, tlv(0xa4, name(one(CN, 12, 'b')))), tlv(0x82, [1]))] };
for (const [title, extensions] of Object.entries(vouches)) show(`vouches ${title}`, { extensions }, (made) => made.checkIssued(made));
for (const issuer of [name(one(CN, 19, 'a')), name(one(CN, 19, 'A')), name(one(CN, 12, ' a ')), name(one(CN, 30, [0, 0x41])), name(one(CN, 4, 'a')), name(one(CN, 12, 'b')), name(one('2.5.4.10', 12, 'a')), name(), name(one(CN, 12, 'a'), one(CN, 12, 'a')), name(one(CN, 20, 'a'))])
  show(`issued by ${issuer.toString('latin1').replace(/[^a-zA-Z ]/g, '.')}`, { issuer }, (made) => made.checkIssued(made), (made) => made.checkIssued(new X509Certificate(certificate({}))));
const hosts = (subject, ...list) => ({ subject, extensions: list.length ? [extension(SAN, seq(...list))] : [] });
const asks = (name, options) => (made) => made.checkHost(name, options);
show('common', hosts(subjects.wide), asks('a€é'), asks('A€é'));
show('wild common', hosts(name(one(CN, 12, '*.a.b'))), asks('x.a.b'), asks('a.b'), asks('x.y.a.b', { multiLabelWildcards: true }), asks('*.a.b'), asks('xn--x.a.b'));
show('nul', hosts(name(one(CN, 12, 'z')), tlv(0x82, [0x61, 0])), asks('a'), asks('z'), asks('a', { subject: 'always' }), asks('z', { subject: 'always' }));
show('latin', hosts(name(one(CN, 20, [0xe9])), tlv(0x81, 'm')), asks('é'), asks('z'));
show('patterns', hosts(name(), ...['a*.b.c', '*a.b.d', 'a*a.b.e', 'x.*.f.g', '*.b', '*', 'xn--*.b.h', 'a.*', '*.-b.i', '*.b-.j', '*..k', '*.b.l.', '**.b.m', '*.b_c.n', '1*.b.o', '-*.b.p'].map((host) => tlv(0x82, host))), ...['ax.b.c', 'a.b.c', 'xa.b.d', 'a.b.d', 'xn--a.b.d', 'axa.b.e', 'x.y.f.g', 'y.b', 'y', 'xn--y.b.h', 'a.y', 'y.-b.i', 'y.b-.j', 'y..k', 'y.b.l.', 'yy.b.m', 'y.b_c.n', '1y.b.o', '-y.b.p', 'a-.b.c', 'a_.b.c', '.b.c', '.c'].map((name) => asks(name)));
const kinds = [...Array(110).keys()].map((n) => `2.5.4.${n}`).concat([1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 14, 25, 37].map((n) => `0.9.2342.19200300.100.1.${n}`), [1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 14].map((n) => `1.2.840.113549.1.9.${n}`));
show('kinds', { subject: name(...kinds.map((kind) => one(kind, 12, ''))) }, 'subject');
