console.log({a:1,b:[1,2,{c:3}],m:new Map([[1,2]]),s:new Set('ab'), f(){}, d:new Date(0), r:/x/g, u:undefined, n:null, big:1n, sy:Symbol('q')});
const c={}; c.self=c; console.log(c, [1,,3], 'x', -0, [ 'a'.repeat(80), 'b' ]);
console.log('%s is %d and %j %o', 'a', 42, {x:1}, [1]); console.table([{a:1,b:2},{a:3}]); console.log(process.memoryUsage().heapUsed > 0);
try { null.foo } catch (e) { console.log(e.message) } try { undefined.x() } catch (e) { console.log(e.message) } try { let o={}; o.f() } catch (e) { console.log(e.message) }
try { x1 } catch (e) { console.log(e.message) }  try { const q=1; q=2 } catch (e) { console.log(e.message) }
