// What the engine says, in V8's words.
function say(f) { try { f() } catch (error) { console.log(`${error.name}: ${error.message}`) } }
say(() => { let o = {}; o.f() });
say(() => { let o = { a: {} }; o.a.b.c(1) });
say(() => { let q; q() });
say(() => { let o = {}; return 1 + o.x.y });
say(() => { let o = null; o.z = 3 });
say(() => { const [a] = null });
say(() => { missing });
say(() => { y; let y });
say(() => { const q = 1; q = 2 });
say(() => { new Array(-1) });
say(() => { JSON.parse('') });
say(function down() { down() });
