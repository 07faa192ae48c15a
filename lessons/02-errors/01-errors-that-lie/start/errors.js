// What can go wrong although the program is right. Each kind is a class of its own, with the status to answer with.
class AppError extends Error {}

module.exports = { AppError }
