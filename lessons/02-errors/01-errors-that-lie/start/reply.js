const { AppError } = require('./errors')

function reply(text, status, message) {
  console.log(`order ${text}: ${status} ${message}`)
}

// Answers with an error, if it is one of ours. For all others there is no answer: they go on their way.
function replyError(text, error) {
  if (!(error instanceof AppError)) throw error
  reply(text, error.status, `${error.name}: ${error.message}`)
  if (error.cause) console.error(`  caused by: ${error.cause.message}`)
}

module.exports = { reply, replyError }
