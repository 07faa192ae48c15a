setTimeout(() => { throw { code: 7 } })
