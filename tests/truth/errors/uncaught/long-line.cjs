const a = 1; const b = 2; const c = 3; const d = 4; const e = 5; const f = 6; const g = 7; const h = 8; h.i.j.k(a, b, c, d, e, f, g);
