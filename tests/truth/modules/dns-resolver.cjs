// Resolvers, as far as no name server has to answer.
const dns = require('node:dns');
const attempt = (name, run) => {
  try {
    console.log(name, '=>', run());
  } catch (error) {
    console.log(name, '!!', error.name, error.code, error.message, error.syscall, error.hostname);
  }
};
const resolver = new dns.Resolver({ timeout: 100, tries: 1 });
for (const servers of [['1.2.3.4'], ['1.2.3.4:53', '5.6.7.8:1053'], ['::1'], ['[::1]:5353', '[2001:db8::1]'], [], ['nope'], ['1.2.3.4:x'], [5], 'x']) {
  attempt(servers, () => (resolver.setServers(servers), resolver.getServers()));
}
attempt('of its own', () => (dns.setServers(['9.9.9.9']), dns.getServers(), new dns.Resolver().getServers().includes('9.9.9.9')));
attempt('promises share them', () => dns.promises.getServers());
for (const addresses of [['127.0.0.1'], ['::1'], ['127.0.0.1', '::1'], ['x'], ['127.0.0.1', '127.0.0.2'], ['::1', '::2'], [5]]) {
  attempt(addresses, () => resolver.setLocalAddress(...addresses));
}
attempt('timeout', () => new dns.Resolver({ timeout: 'x' }));
attempt('tries', () => new dns.Resolver({ tries: 0 }));
attempt('no name', () => dns.resolve4());
attempt('no callback', () => dns.resolve4('a.example'));
attempt('no such type', () => dns.resolve('a.example', 'HINFO', () => {}));
attempt('reverse', () => dns.reverse('nope', () => {}));
attempt('service', () => dns.lookupService('nope', 80, () => {}));
attempt('port', () => dns.lookupService('127.0.0.1', 99999, () => {}));
attempt('lookup', () => dns.lookup('a', { family: 5 }, () => {}));
attempt('order', () => (dns.setDefaultResultOrder('ipv4first'), dns.getDefaultResultOrder()));
dns.lookupService('127.0.0.1', 22, (error, host, service) => console.log(error, host, service));
dns.promises.lookup('127.0.0.1').then(console.log);
dns.promises.lookup('::1', { all: true }).then(console.log);
attempt('promises of no name', () => dns.promises.resolve4(5));
console.log(Object.keys(dns).filter((name) => name === name.toUpperCase()).map((name) => dns[name]).join());
