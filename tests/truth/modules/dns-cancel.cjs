// Queries that are given up before they are answered.
const dns = require('node:dns');
const resolver = new dns.Resolver();
const show = (name) => (error) => console.log(name, error.name, error.code, error.errno, error.syscall, error.hostname, error.message);
resolver.resolve4('a.example', show('callback'));
resolver.resolveMx('b.example', show('mx'));
try {
  resolver.setServers(['1.2.3.4']);
} catch (error) {
  show('pending')(error);
}
resolver.cancel();
console.log('cancelled');
const promised = new dns.promises.Resolver();
promised.resolve6('c.example').catch(show('promise'));
promised.cancel();
