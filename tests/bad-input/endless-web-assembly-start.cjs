const bytes = /* (module (func $run (loop br 0)) (start $run)) */
  Buffer.from('AGFzbQEAAAABBAFgAAADAgEACAEACgkBBwADQAwACws=', 'base64');
setTimeout(() => WebAssembly.instantiate(bytes).catch(console.log));
