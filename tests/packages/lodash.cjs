const _ = require('lodash');
console.log(_.chunk([1, 2, 3, 4, 5], 2), _.groupBy([6.1, 4.2, 6.3], Math.floor), _.get({ a: [{ b: { c: 3 } }] }, 'a[0].b.c'));
console.log(_.merge({ a: { x: 1 } }, { a: { y: 2 } }), _.camelCase('the quick-brown fox'), _.template('hi <%= name %>')({ name: 'Ada' }));
console.log(_.isEqual({ a: [1, new Date(0)] }, { a: [1, new Date(0)] }), _(['b', 'a']).map(_.upperCase).sort().value(), require('lodash/fp').map((x) => x + 1)([1]));
const debounced = _.debounce((value) => console.log('debounced', value), 200);
debounced(1); setTimeout(debounced, 20, 2);
