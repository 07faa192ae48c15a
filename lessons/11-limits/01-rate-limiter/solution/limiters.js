// A limiter is asked before each request: may this one pass, and if not, when should it come again?
// `key` says who asks, `now` is the time in ms.

// Whole seconds by the clock: a number for each key, and all begin anew together.
function fixedWindow({ limit, windowMs }) {
  let window = 0
  let counts = new Map()
  return (key, now) => {
    const current = Math.floor(now / windowMs)
    if (current !== window) {
      window = current
      counts = new Map()
    }
    const count = (counts.get(key) ?? 0) + 1
    counts.set(key, count)
    return { allowed: count <= limit, retryAfterMs: (current + 1) * windowMs - now }
  }
}

// The last second, whenever it is: the times of what has passed.
function slidingWindow({ limit, windowMs }) {
  const passed = new Map()
  return (key, now) => {
    const times = (passed.get(key) ?? []).filter((time) => time > now - windowMs)
    const allowed = times.length < limit
    if (allowed) times.push(now)
    passed.set(key, times)
    return { allowed, retryAfterMs: times[0] + windowMs - now }
  }
}

// A bucket that is filled at a steady pace and holds no more than `limit`. Each request takes one out.
function tokenBucket({ limit, windowMs }) {
  const perMs = limit / windowMs
  const buckets = new Map()
  return (key, now) => {
    const { tokens: before, at } = buckets.get(key) ?? { tokens: limit, at: now }
    const tokens = Math.min(limit, before + (now - at) * perMs)
    const allowed = tokens >= 1
    buckets.set(key, { tokens: allowed ? tokens - 1 : tokens, at: now })
    return { allowed, retryAfterMs: (1 - tokens) / perMs }
  }
}

module.exports = { fixedWindow, slidingWindow, tokenBucket }
