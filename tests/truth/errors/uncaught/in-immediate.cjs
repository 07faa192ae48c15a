setImmediate(() => { null.x; });
