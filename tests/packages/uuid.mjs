import { v4, v5, v7, validate, version, NIL, parse, stringify } from 'uuid';
const id = v4();
console.log(validate(id), version(id), version(v7()));
console.log(v5('terrarium', v5.URL), NIL, stringify(parse('6ec0bd7f-11c0-43da-975e-2a8ad9ebae0b')));
