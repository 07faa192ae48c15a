module.exports = { name: 'old' }
