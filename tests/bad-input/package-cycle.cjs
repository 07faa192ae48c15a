// Packages that need each other.
const fs = require('fs');
for (const [name, other] of [['a', 'b'], ['b', 'c'], ['c', 'a']]) {
  fs.mkdirSync(`/app/node_modules/${name}`, { recursive: true });
  fs.writeFileSync(`/app/node_modules/${name}/package.json`, JSON.stringify({ name, main: 'index.js', dependencies: { [other]: '*' } }));
  fs.writeFileSync(`/app/node_modules/${name}/index.js`, `exports.name = '${name}'; exports.sees = require('${other}').name; exports.late = require('${other}').missing;`);
}
console.error(JSON.stringify(require('a')), JSON.stringify(require('b')), JSON.stringify(require('c')));
