const { findOrder } = require('./database')

function getOrder(text) {
  const id = Number(text)
  return new Promise((resolve) => {
    findOrder(id, (error, row) => {
      if (error) throw error
      resolve(row)
    })
  })
}

module.exports = { getOrder }
