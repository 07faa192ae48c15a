const total: number = 1;
const x: = total;
console.log(x);
