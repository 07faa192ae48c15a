class Shop { sell() { return this.#take(); } #take() { return new Error('here').stack; } static open() { return new Shop().sell(); } get door() { return Shop.open(); } }
const lines = (stack) => stack.split('\n').filter((line) => !line.includes('node:')).join('\n');
console.log(lines(new Shop().door));
console.log(lines([1].map(() => new Error('in map').stack)[0]));
console.log(lines(new (class Inner { constructor() { this.stack = new Error('ctor').stack; } })().stack));
