(function () {
  const rows = Array.from({ length: 5000 }, (_, id) => ({ id, name: `row ${id}`, tags: ['a', 'b'], nested: { x: id / 2 } }));
  return JSON.parse(JSON.stringify(rows)).length;
})();
