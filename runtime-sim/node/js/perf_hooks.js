// `performance.now()` and `timeOrigin` of the virtual clock.
class Performance {
  now() { return binding.now() / 1e6; }
  get timeOrigin() { return binding.startMs; }
  toJSON() { return { timeOrigin: this.timeOrigin }; }
}
module.exports = { performance: new Performance() };
