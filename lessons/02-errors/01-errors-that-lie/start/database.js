// A database far away. It answers after 20 ms, in the old style: error first, then the row. No row is no error.
const ROWS = {
  1: { id: 1, customer: 'Ada', items: [{ name: 'tea', price: 12 }, { name: 'honey', price: 9 }] },
  3: { id: 3, customer: 'Grace', items: [{ name: 'coffee', price: 15 }], hasNoAddress: true },
  5: { id: 5, customer: 'Ken' },
}

function findOrder(id, callback) {
  setTimeout(() => {
    if (id === 4) {
      const error = new Error('connect ECONNREFUSED 10.0.0.7:5432')
      error.code = 'ECONNREFUSED'
      callback(error)
    } else {
      callback(null, ROWS[id])
    }
  }, 20)
}

module.exports = { findOrder }
