// Records what real Node prints: `node record.cjs`, with Node v20.20.2. New snippets and programs need nothing else.
const { execFileSync, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

if (process.version !== 'v20.20.2') throw new Error(`This is Node ${process.version}; the records are of v20.20.2.`);
const folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'errors-')));

function files(kind, ending) {
  const all = fs.readdirSync(path.join(__dirname, kind)).filter((name) => ending.test(name)).sort();
  return all.map((name) => path.join(__dirname, kind, name));
}

for (const file of files('caught', /\.txt$/)) {
  const snippets = fs.readFileSync(file, 'utf8').split('\n').filter((line) => line !== '');
  const program = path.join(folder, 'main.cjs');
  fs.rmSync(path.join(folder, 'snippets'), { recursive: true, force: true });
  fs.mkdirSync(path.join(folder, 'snippets'));
  snippets.forEach((snippet, index) => fs.writeFileSync(path.join(folder, 'snippets', `${index}.cjs`), snippet));
  fs.writeFileSync(program, `const count = ${snippets.length};\n${fs.readFileSync(path.join(__dirname, 'runner.js'))}`);
  fs.writeFileSync(file.replace(/\.txt$/, '.out'), execFileSync(process.execPath, [program], { encoding: 'utf8' }).replaceAll(folder, '/app'));
}

for (const file of files('uncaught', /\.[cm]js$/)) {
  const program = path.join(folder, path.basename(file));
  fs.copyFileSync(file, program);
  const { stdout, stderr, status } = spawnSync(process.execPath, [program], { encoding: 'utf8' });
  // Programs live in /app, and what of Node stands below them is no part of the comparison.
  const hideFolder = (text) => text.replaceAll(folder, '/app');
  const shown = hideFolder(stderr).split('\n').filter((line) => !/^ {4}at .*node:/.test(line)).join('\n');
  fs.writeFileSync(file.replace(/\.[cm]js$/, '.out'), `${hideFolder(stdout)}${shown}exit:${status}\n`);
}
fs.rmSync(folder, { recursive: true });
