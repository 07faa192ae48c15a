// A middleware: it gets each request before the routes do.
function logger(req, res, next) {
  console.log(`in: ${req.method} ${req.originalUrl}`)
  next()
  console.log(`out: ${req.method} ${req.originalUrl} ${res.statusCode}`)
}

module.exports = { logger }
