import fs = require('node:fs');
const path: typeof import('node:path') = require('node:path');
export = { fs, path };
