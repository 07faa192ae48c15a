const endless = new WebAssembly.Module(/* (module (func (export "run") (loop br 0))) */
  Buffer.from('AGFzbQEAAAABBAFgAAADAgEABwcBA3J1bgAACgkBBwADQAwACws=', 'base64'));
new WebAssembly.Instance(endless).exports.run();
