for (let i = 0; i < 10_000_000; i += 1) console.log(i)
