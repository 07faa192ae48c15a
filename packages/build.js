// Bundles the editor and the page's styles and gathers the fonts: `npm run build -- --out DIR --styles FILE`.
//
// Writes editor.js (one minified ES module without imports), fonts/ (woff2 files and fonts.css), licenses.txt (what
// the packages in both ask to be kept) and, as FILE, playground/styles/page.css with all that it imports, minified; and
// prints what the editor weighs. Nothing is fetched: npm ci brought it all.

import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { brotliCompressSync, constants } from 'node:zlib';

import { build } from 'esbuild';

const HERE = dirname(fileURLToPath(import.meta.url));
const EDITOR_BROTLI_BYTES_MAX = 170_000;
const BROWSERS = ['chrome123', 'firefox120', 'safari17.5'];

/** Family, style and file of each face, all latin with a weight axis; the names are those of the page's tokens. */
const FACES = [
  { package: '@fontsource-variable/newsreader', family: 'Newsreader Variable', style: 'normal' },
  { package: '@fontsource-variable/newsreader', family: 'Newsreader Variable', style: 'italic' },
  { package: '@fontsource-variable/hanken-grotesk', family: 'Hanken Grotesk Variable', style: 'normal' },
  { package: '@fontsource-variable/spline-sans-mono', family: 'Spline Sans Mono Variable', style: 'normal' },
];

const { values } = parseArgs({ options: { out: { type: 'string' }, styles: { type: 'string' } } });
if (!values.out || !values.styles) {
  console.error('usage: npm run build -- --out DIR --styles FILE');
  process.exit(2);
}
// npm runs scripts in the package's own folder; INIT_CWD is where the person stands who called it.
const [target, styles] = [values.out, values.styles].map((path) => resolve(process.env.INIT_CWD ?? process.cwd(), path));
mkdirSync(target, { recursive: true });

const packages = await bundleEditor(join(target, 'editor.js'));
gatherFonts(join(target, 'fonts'));
FACES.forEach((face) => packages.add(face.package));
writeFileSync(join(target, 'licenses.txt'), licenses([...packages].sort()));
await bundleStyles(styles);

async function bundleEditor(outfile) {
  const { metafile } = await build({
    entryPoints: [join(HERE, 'src/editor.js')],
    outfile,
    bundle: true,
    minify: true,
    format: 'esm',
    target: BROWSERS,
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
  });
  const code = readFileSync(outfile);
  const brotli = brotliCompressSync(code, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length;
  console.log(`editor.js ${code.length} bytes, ${brotli} with brotli`);
  if (brotli > EDITOR_BROTLI_BYTES_MAX) {
    console.error(`editor.js may weigh ${EDITOR_BROTLI_BYTES_MAX} bytes with brotli at most`);
    process.exitCode = 1;
  }
  return new Set(Object.keys(metafile.inputs).flatMap((path) => packageOf(path) ?? []));
}

async function bundleStyles(outfile) {
  const entry = join(HERE, '../playground/styles/page.css');
  await build({ entryPoints: [entry], outfile, bundle: true, minify: true, target: BROWSERS, logLevel: 'warning' });
}

/** `@codemirror/view` for `node_modules/@codemirror/view/dist/index.js`. */
function packageOf(path) {
  return path.match(/node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules\/)/)?.[1];
}

function gatherFonts(folder) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  const rules = FACES.map(({ package: name, family, style }) => {
    const short = name.slice(name.indexOf('/') + 1);
    const file = `${short}-latin-wght-${style}.woff2`;
    copyFileSync(join(packageFolder(name), 'files', file), join(folder, file));
    const { weight, range } = faceOf(name, file);
    return `@font-face {
  font-family: "${family}";
  font-style: ${style};
  font-weight: ${weight};
  font-display: swap;
  src: url("./${file}") format("woff2");
  unicode-range: ${range};
}\n`;
  });
  writeFileSync(join(folder, 'fonts.css'), rules.join('\n'));
}

/** Weight and range as the package's own stylesheet declares them for this file. */
function faceOf(name, file) {
  const sheets = readdirSync(packageFolder(name)).filter((entry) => entry.endsWith('.css'));
  for (const sheet of sheets) {
    const css = readFileSync(join(packageFolder(name), sheet), 'utf8');
    const block = css.split('@font-face').find((part) => part.includes(file));
    const weight = block?.match(/font-weight: ([^;]+);/)?.[1];
    const range = block?.match(/unicode-range: ([^;]+);/)?.[1];
    if (weight && range) return { weight, range };
  }
  throw new Error(`${name} declares no face for ${file}`);
}

function licenses(names) {
  return names
    .map((name) => {
      const { version, license } = JSON.parse(readFileSync(join(packageFolder(name), 'package.json'), 'utf8'));
      const text = readFileSync(join(packageFolder(name), 'LICENSE'), 'utf8').trim();
      return `${name} ${version} (${license})\n\n${text}\n`;
    })
    .join(`\n${'-'.repeat(80)}\n\n`);
}

function packageFolder(name) {
  const folder = join(HERE, 'node_modules', name);
  if (!existsSync(folder)) throw new Error(`${name} is not installed; run npm ci in packages/ first`);
  return folder;
}
