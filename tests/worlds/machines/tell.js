const dns = require('node:dns');
const fs = require('node:fs');
const os = require('node:os');

console.log(os.hostname(), fs.readFileSync('/proc/sys/kernel/hostname', 'utf8').trim());
console.log(os.availableParallelism(), os.cpus().length, os.cpus().at(-1));
for (const [name, [address]] of Object.entries(os.networkInterfaces())) {
  console.log(name, address.cidr, address.mac, address.internal);
}
dns.lookup(os.hostname(), (error, address) => console.log(error ?? address));
