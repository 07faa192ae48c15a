// perf_hooks' histograms, and the delays of the loop.
const { createHistogram, monitorEventLoopDelay } = require('node:perf_hooks');

const histogram = createHistogram();
console.log(histogram.count, histogram.min, histogram.max, histogram.mean, histogram.stddev, histogram.percentiles);
for (const value of [1, 2, 3, 1000, 2048, 2049, 4097, 123_456_789, 5n]) histogram.record(value);
console.log(histogram);
console.log(histogram.countBigInt, histogram.minBigInt, histogram.maxBigInt, histogram.percentileBigInt(50));
for (const percentile of [0.1, 10, 50, 90, 99, 99.99, 100]) console.log(percentile, histogram.percentile(percentile));
const other = createHistogram({ lowest: 10, highest: 10_000, figures: 1 });
for (const value of [1, 15, 500, 9999, 20_000, 1e6]) other.record(value);
console.log(other.toJSON());
histogram.add(other);
console.log(histogram.count, histogram.min, histogram.max, histogram.mean);
console.log(structuredClone(histogram).percentile(50) === histogram.percentile(50));
histogram.reset();
console.log(histogram.count, histogram.max);
for (const wrong of [() => histogram.record(0), () => histogram.record(-1n), () => histogram.percentile(0), () => createHistogram({ figures: 6 }), () => histogram.add({})]) {
  try {
    wrong();
  } catch (error) {
    console.log(error.code);
  }
}

const delays = monitorEventLoopDelay({ resolution: 10 });
console.log(delays.enable(), delays.enable(), delays.count);
setTimeout(() => {
  const from = Date.now();
  while (Date.now() - from < 200);
  setTimeout(() => {
    console.log(delays.disable(), delays.disable(), delays.count > 5, delays.exceeds);
    console.log(delays.max > 150e6, delays.min > 5e6, delays.min < 50e6, delays.percentile(50) < 100e6);
    delays.reset();
    console.log(delays.count, delays.max);
  }, 60);
}, 60);
monitorEventLoopDelay().enable();
