(function () { let sum = 0; for (let i = 0; i < 1e6; i++) sum = (sum + i) | 0; return sum; })();
