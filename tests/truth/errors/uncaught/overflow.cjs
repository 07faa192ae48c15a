try {
  (function f() { f(); })();
} catch (error) {
  console.log(error.name, error.message, error instanceof RangeError);
}
