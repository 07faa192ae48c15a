process.nextTick(() => { throw new Error('ticked'); });
