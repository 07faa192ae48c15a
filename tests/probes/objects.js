(function () {
  const all = [];
  for (let i = 0; i < 100000; i++) all.push({ id: i, even: i % 2 === 0 });
  return all.filter((one) => one.even).map((one) => one.id * 2).length;
})();
