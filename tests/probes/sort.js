(function () {
  let word = 1;
  const all = Array.from({ length: 50000 }, () => (word = (Math.imul(word, 1664525) + 1013904223) >>> 0));
  return all.sort((a, b) => a - b)[0];
})();
