// A million timers at once: more than a recording holds.
let ran = 0;
for (let i = 0; i < 1e6; i++) setTimeout(() => { ran++; }, i % 10);
setTimeout(() => console.error(ran === 1e6 ? 'all ran' : `${ran} ran`), 20);
