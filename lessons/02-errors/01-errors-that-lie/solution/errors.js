// What can go wrong although the program is right. Each kind is a class of its own, with the status to answer with.
class AppError extends Error {
  constructor(status, message, options) {
    super(message, options)
    this.name = this.constructor.name
    this.status = status
  }
}

class InvalidError extends AppError {
  constructor(message) {
    super(400, message)
  }
}

class NotFoundError extends AppError {
  constructor(message) {
    super(404, message)
  }
}

class UnavailableError extends AppError {
  constructor(message, cause) {
    super(503, message, { cause })
  }
}

module.exports = { AppError, InvalidError, NotFoundError, UnavailableError }
