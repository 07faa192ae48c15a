const kept = []
setInterval(() => kept.push(new Uint8Array(1e7)), 1)
