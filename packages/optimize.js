// What LLVM leaves of a module for Binaryen: `node optimize.js FROM TO`. Its higher levels inline, which compresses worse.

import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

// What Rust compiles to. Of newer ones Binaryen would make use, and browsers may not know them.
const FEATURES = ['bulk-memory', 'multivalue', 'mutable-globals', 'nontrapping-float-to-int', 'reference-types', 'sign-ext'];

export function optimize(from, to) {
  const program = fileURLToPath(new URL('node_modules/binaryen/bin/wasm-opt', import.meta.url));
  const features = FEATURES.map((feature) => `--enable-${feature}`);
  execFileSync(process.execPath, [program, '--mvp-features', ...features, '-O1', '--strip-producers', from, '-o', to]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) optimize(...process.argv.slice(2));
