// How many primes there are from one number to another. All work and no waiting.
function countPrimes(from, to) {
  let found = 0
  for (let n = from; n <= to; n += 1) {
    if (isPrime(n)) found += 1
  }
  return found
}

function isPrime(n) {
  for (let divisor = 2; divisor * divisor <= n; divisor += 1) {
    if (n % divisor === 0) return false
  }
  return n > 1
}

module.exports = { countPrimes }
