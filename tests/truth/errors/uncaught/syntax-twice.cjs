let total = 1;
let total = 2;
