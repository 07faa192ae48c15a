(function () {
  let found = 0;
  const date = /^(\d{4})-(\d{2})-(\d{2})T/;
  for (let i = 0; i < 20000; i++) if (date.test(`20${10 + (i % 90)}-01-0${1 + (i % 9)}T00:00`)) found++;
  return found;
})();
