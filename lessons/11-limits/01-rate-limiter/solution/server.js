const express = require('express')
const { fixedWindow, slidingWindow, tokenBucket } = require('./limiters')

const app = express()

// Ten requests a second, three times, each counted in another way.
const rule = { limit: 10, windowMs: 1_000 }
app.get('/fixed', limited(fixedWindow(rule)), answer)
app.get('/sliding', limited(slidingWindow(rule)), answer)
app.get('/bucket', limited(tokenBucket(rule)), answer)

function limited(limiter) {
  return (req, res, next) => {
    const { allowed, retryAfterMs } = limiter(req.ip, Date.now())
    if (allowed) return next()
    // In whole seconds; rounded up, or they would come too early.
    res.set('retry-after', Math.ceil(retryAfterMs / 1_000))
    res.status(429).json({ error: 'too many requests' })
  }
}

function answer(req, res) {
  res.json({ answer: 42 })
}

app.listen(3000)
