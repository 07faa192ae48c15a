const { findOrder } = require('./database')
const { InvalidError, NotFoundError, UnavailableError } = require('./errors')

async function getOrder(text) {
  const id = Number(text)
  if (!Number.isInteger(id)) throw new InvalidError(`"${text}" is not the number of an order`)
  const row = await find(id)
  if (!row) throw new NotFoundError(`there is no order ${id}`)
  return row
}

// findOrder as a promise. In the callback of a timer nobody catches what is thrown, so it rejects instead.
function find(id) {
  return new Promise((resolve, reject) => {
    findOrder(id, (error, row) => {
      if (error) reject(new UnavailableError('the database does not answer', error))
      else resolve(row)
    })
  })
}

module.exports = { getOrder }
