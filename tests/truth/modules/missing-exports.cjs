// A name that a module does not export: what is said, and where.
const { spawnSync } = require('node:child_process');
const fs = require('node:fs'), os = require('node:os'), path = require('node:path');

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'exports-'));
const files = {
  'library.mjs': 'export const known = 1;\nexport default 2;\n',
  'common.cjs': 'module.exports = { ["com" + "puted"]: 1 };\n',
  'named.mjs': "import { known } from './library.mjs';\n\nimport {\n  known as one, unknown as two,\n} from './library.mjs';\n",
  'default.mjs': "/* é 👍 */ import anything, { known } from './again.mjs';\n",
  'again.mjs': "export { known } from './library.mjs';\n",
  'through.mjs': "import './star.mjs';\nexport { known, missing as renamed } from './library.mjs';\n",
  'star.mjs': "export * from './library.mjs';\n",
  'not-through-star.mjs': "import fallback from './star.mjs';\n",
  'builtin.mjs': "import { readFileSync, readFileSink } from 'node:fs';\n",
  'common.mjs': "import { computed, other as renamed } from './common.cjs';\n",
  'itself.mjs': "export { a } from './itself.mjs';\nimport { a } from './itself.mjs';\n",
  'dynamic.mjs': "await import('./named.mjs').catch((error) => console.log(error.name, error.message));\nawait import('./builtin.mjs').catch((error) => console.log(error.stack.split('\\n').slice(0, 4).join('|')));\n",
};
for (const [name, text] of Object.entries(files)) fs.writeFileSync(path.join(folder, name), text);
for (const name of ['named', 'default', 'through', 'not-through-star', 'builtin', 'common', 'itself', 'dynamic']) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [path.join(folder, `${name}.mjs`)], { encoding: 'utf8' });
  const said = (stdout + stderr).replaceAll(folder, 'FOLDER').replace(/\n    at [^\n]*node:[^\n]*/g, '');
  console.log(`==== ${name}: ${status}\n${said}`);
}
fs.rmSync(folder, { recursive: true });
