console.log(JSON.parse('['.repeat(50_000) + ']'.repeat(50_000)).length)
