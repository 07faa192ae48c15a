JSON.stringify({ toJSON() { throw new Error('inside'); } });
