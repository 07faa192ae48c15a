//! What a program is told of its memory moves with what it holds, as V8 divides it: buffers lie outside of the heap.

use super::common;

const PROGRAM: &str = "
const held = [];
const grows = (make) => {
  const before = process.memoryUsage();
  for (let i = 0; i < 50; i++) held.push(make());
  const after = process.memoryUsage();
  return Object.fromEntries(Object.keys(before).map((key) => [key, Math.round((after[key] - before[key]) / 1e5) / 10]));
};
const show = (what, { heapUsed, external, arrayBuffers }) => console.log(what, heapUsed, external, arrayBuffers);
show('buffers', grows(() => Buffer.alloc(1 << 16)));
show('typed arrays', grows(() => new Float64Array(1 << 13)));
show('objects', grows(() => Array.from({ length: 500 }, (_, at) => ({ at }))));
const { external_memory } = require('node:v8').getHeapStatistics();
console.log(external_memory === process.memoryUsage().external, process.memoryUsage.rss() === process.memoryUsage().rss);
";

#[test]
fn buffers_are_told_from_the_heap() {
    let run = common::text("main.js", PROGRAM);
    let told: Vec<Vec<&str>> = run
        .stdout
        .lines()
        .map(|line| line.split(' ').rev().collect())
        .collect();
    let megabytes = |text: &str| text.parse::<f64>().expect("a number");
    // What a real Node says of them too: 50 times 64 KiB.
    for buffers in &told[..2] {
        assert_eq!(buffers[..2], ["3.3", "3.3"], "{buffers:?}");
        assert!(megabytes(buffers[2]) < 0.3, "{buffers:?}");
    }
    assert_eq!(told[2][..2], ["0", "0"]);
    assert!(megabytes(told[2][2]) > 0.5, "{told:?}");
    assert_eq!(told[3], ["true", "true"]);
}
