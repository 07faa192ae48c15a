(function () {
  class Base { area(x) { return x + 1; } }
  class Derived extends Base { area(x) { return super.area(x) * 2; } }
  const one = new Derived();
  let sum = 0;
  for (let i = 0; i < 100000; i++) sum = (sum + one.area(i)) | 0;
  return sum;
})();
