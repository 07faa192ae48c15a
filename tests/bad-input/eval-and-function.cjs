// Text that becomes code, and looks for a way out.
console.error(eval('typeof require'), new Function('return typeof require')(), (0, eval)('typeof require'));
console.error(Function('return this')() === globalThis, new Function('return process.version')());
try { eval('throw new TypeError("inside")'); } catch (error) { console.error(error.message); }
try { eval('while (true) {} }'); } catch (error) { console.error(error.name, error.message); }
eval('for (;;) {}');
