// Node 22's way with TypeScript (lib/internal/modules/typescript.js and where its loaders call it) on Node 20's loaders. The
// JavaScript is there already (`scripts`, by path): a module of its own makes it before the process starts.
//
// As in Node, `.mts` is an ES module, `.cts` is CommonJS, and `.ts` is what the package's `type` says, or else what is in
// it; `import` needs the ending, `require` also tries these.

const { Module } = require('internal/modules/cjs/loader');
const { extensionFormatMap } = require('internal/modules/esm/formats');
const { translators } = require('internal/modules/esm/translators');
const { readPackageScope } = require('internal/modules/package_json_reader');
const { fileURLToPath } = require('internal/url');
const { E, codes, setArrowMessage } = require('internal/errors');

E('ERR_INVALID_TYPESCRIPT_SYNTAX', '%s', SyntaxError);
E('ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX', '%s', SyntaxError);
E('ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING',
  'Stripping types is currently unsupported for files under node_modules, for "%s"', Error);
E('ERR_NOT_SIMULATED', 'Terrarium does not simulate %s yet', Error);

function scriptOf(filename) {
  const script = scripts[filename];
  if (script === undefined) {
    if (filename.includes('/node_modules/')) throw new codes.ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING(filename);
    throw new codes.ERR_NOT_SIMULATED(`TypeScript that came to be while the program ran (${filename})`);
  }
  if (script.code !== undefined) {
    const error = new codes[script.code](script.message);
    setArrowMessage(error, `${filename}:${script.line}\n${script.snippet}`);
    throw error;
  }
  return script;
}

function formatOf(filename, script) {
  if (filename.endsWith('.mts')) return 'module';
  if (filename.endsWith('.cts')) return 'commonjs';
  const type = readPackageScope(filename)?.data?.type;
  if (type === 'module' || type === 'commonjs') return type;
  return script.isModule ? 'module' : 'commonjs';
}

for (const ending of ['.ts', '.cts', '.mts']) {
  extensionFormatMap[ending] = 'typescript';
  Module._extensions[ending] = function(module, filename) {
    const script = scriptOf(filename);
    module._compile(script.text, filename, formatOf(filename, script));
  };
}

translators.set('typescript', function(url, source, isMain) {
  const filename = fileURLToPath(url);
  const script = scriptOf(filename);
  return translators.get(formatOf(filename, script)).call(this, url, script.text, isMain);
});
