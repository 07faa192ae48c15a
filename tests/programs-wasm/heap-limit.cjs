const kept = []
for (;;) kept.push(new Array(1e6).fill(kept.length))
