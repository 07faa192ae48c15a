process.on('exit', (code) => console.log('exit', code, process.exitCode));
process.on('beforeExit', () => console.log('beforeExit'));
process.nextTick((a, b) => console.log('tick', a, b), 1, 2);
console.log(require.main === module, __filename.endsWith('process.cjs'), typeof exports, this === module.exports);
try { require('./missing') } catch (error) { console.log(error.code, error.message.split('\n')[0].startsWith("Cannot find module './missing'")) }
try { setTimeout('no') } catch (error) { console.log(error.name, error.code, error.message) }
try { process.nextTick() } catch (error) { console.log(error.message) }
const timer = setTimeout(() => {}, 1e6); console.log(timer.hasRef(), typeof timer[Symbol.toPrimitive]()); clearTimeout(+timer);
console.log(structuredClone({ a: [1, new Map([[1, { b: 2 }]])], d: new Date(0) }));
setImmediate(() => { process.exitCode = 3 });
