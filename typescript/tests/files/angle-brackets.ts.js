const name =         JSON.parse(`"Ada"`);
const upper = name.       toUpperCase();

if (upper)
  throw        new TypeError(upper);
// CommonJS
