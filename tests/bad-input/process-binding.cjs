// The old door to what is inside.
for (const name of ['fs', 'natives', 'no_such', 'spawn_sync', 'contextify']) {
  try { console.error(name, typeof process.binding(name)); } catch (error) { console.error(name, error.code, error.message); }
}
try { process._linkedBinding('x'); } catch (error) { console.error(error.message); }
try { process.dlopen({ exports: {} }, '/no.node'); } catch (error) { console.error(error.message); }
