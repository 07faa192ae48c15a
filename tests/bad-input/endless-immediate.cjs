setImmediate(() => { do { 1 } while (true) })
