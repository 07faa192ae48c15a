const text = '['.repeat(50000) + ']'.repeat(50000);
let depth = 0;
for (let at = JSON.parse(text); at; at = at[0]) depth++;
console.log(depth);
