console.log(Math.random(), Date.now(), performance.now(), process.hrtime.bigint())
let sum = 0
for (let i = 0; i < 100_000; i += 1) sum += Math.sqrt(i) * Math.random()
console.log(sum, performance.now())
await new Promise((resolve) => setTimeout(resolve, Math.random() * 100))
console.log(new Date().toISOString(), performance.now())
console.log(0 / 0, -0, Infinity - Infinity, Math.pow(2, 0.5), Math.sin(1e6), (0.1).toFixed(20), Math.exp(1), Math.tan(1.5))
