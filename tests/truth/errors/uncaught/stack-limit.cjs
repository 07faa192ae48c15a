Error.stackTraceLimit = 2;
function a(n) { if (n === 0) throw new Error('deep'); a(n - 1); }
a(5);
