process.on('uncaughtException', (error) => { throw new Error(`again: ${error.message}`); });
throw new Error('first');
