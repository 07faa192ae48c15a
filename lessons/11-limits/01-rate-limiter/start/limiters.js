// A limiter is asked before each request: may this one pass, and if not, when should it come again?
// `key` says who asks, `now` is the time in ms.

function fixedWindow({ limit, windowMs }) {
  let window = 0
  let count = 0
  return (key, now) => {
    const current = Math.floor(now / windowMs)
    if (current !== window) {
      window = current
      count = 0
    }
    count += 1
    return { allowed: count <= limit, retryAfterMs: (current + 1) * windowMs - now }
  }
}

// Not there yet: all three count in the same way.
const slidingWindow = fixedWindow
const tokenBucket = fixedWindow

module.exports = { fixedWindow, slidingWindow, tokenBucket }
