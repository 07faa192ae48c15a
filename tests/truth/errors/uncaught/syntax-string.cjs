const text = 'never closed;
console.log(text);
