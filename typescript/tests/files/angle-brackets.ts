const name = <string>JSON.parse(`"Ada"`);
const upper = (<any>name).toUpperCase();

if (upper)
  throw <Error>new TypeError(upper);
