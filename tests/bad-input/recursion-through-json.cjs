const down = (value) => JSON.stringify({ toJSON: () => down(value) })
down(1)
