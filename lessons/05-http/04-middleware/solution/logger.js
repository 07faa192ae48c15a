// A line for each request, when its answer is out, and numbers for the report.
const { randomUUID } = require('crypto')

const routes = new Map()
let requests = 0
let errors = 0

function logger(req, res, next) {
  const began = performance.now()
  req.id = randomUUID()
  res.set('x-request-id', req.id)
  res.on('close', () => {
    // When the client has hung up there is no status; nginx writes 499 then.
    const status = res.writableFinished ? res.statusCode : 499
    count(req, status)
    console.log(JSON.stringify({
      time: new Date().toISOString(),
      id: req.id,
      method: req.method,
      path: req.originalUrl,
      status,
      ms: Math.round(performance.now() - began),
    }))
  })
  next()
}

// By route and not by path: /books/1 and /books/2 are the same endpoint.
function count(req, status) {
  const route = req.route ? `${req.method} ${req.baseUrl}${req.route.path}` : 'no route'
  routes.set(route, (routes.get(route) ?? 0) + 1)
  requests += 1
  if (status >= 500) errors += 1
}

function report(req, res) {
  const most = [...routes].sort(([, a], [, b]) => b - a).map(([route, count]) => ({ route, requests: count }))
  res.json({ requests, errorRate: requests === 0 ? 0 : errors / requests, most })
}

// Four parameters: that is how Express knows it from the others.
function errorHandler(error, req, res, next) {
  const { id, method, originalUrl: path } = req
  console.error(JSON.stringify({ time: new Date().toISOString(), id, method, path, error: error.message, stack: error.stack }))
  if (res.headersSent) return next(error)
  const status = error.status ?? 500
  res.status(status).json({ error: status < 500 ? error.message : 'something is broken here', id })
}

module.exports = { errorHandler, logger, report }
