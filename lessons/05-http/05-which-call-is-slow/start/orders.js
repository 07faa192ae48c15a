// What was ordered last year: each order is a list of books. Number 7 is in all of them, everybody reads it.
const orders = []
for (let n = 0; n < 160; n += 1) {
  orders.push(['7', String(10 + (n * n) % 23), String(40 + (n * 7) % 31), String(80 + (n * n * 3) % 13)])
}

module.exports = { orders }
