// Names in encodings, attributes, folders that are open, watchers, the working folder and the mask of new files.
const fs = require('fs');
const path = require('path');

const root = fs.mkdtempSync('/tmp/files-');
process.chdir(root);
console.log('cwd', process.cwd() === fs.realpathSync(root));
fs.writeFileSync('a.txt', 'alpha');
fs.mkdirSync('folder/inner', { recursive: true });
fs.writeFileSync('folder/b.txt', 'beta');
console.log('relative', fs.readFileSync(path.join(root, 'a.txt'), 'utf8'), fs.readdirSync('.'));

console.log('names', fs.readdirSync('.', 'buffer'), fs.readdirSync('folder', 'hex'), fs.readdirSync('folder', 'base64'));
fs.symlinkSync('a.txt', 'link');
console.log('link', fs.readlinkSync('link'), fs.readlinkSync('link', 'buffer'), fs.lstatSync('link').isSymbolicLink());

const before = process.umask(0o077);
fs.writeFileSync('private', '');
console.log('umask', before.toString(8), process.umask(before).toString(8), (fs.statSync('private').mode & 0o777).toString(8));
fs.chmodSync('private', 0o640);
fs.chownSync('private', 12, 34);
fs.utimesSync('private', 10, 20.5);
const { mode, uid, gid, atimeMs, mtimeMs } = fs.statSync('private');
console.log('attributes', (mode & 0o777).toString(8), uid, gid, atimeMs, mtimeMs);
for (const what of [() => fs.accessSync('private', fs.constants.X_OK), () => process.chdir('nowhere'), () => fs.opendirSync('nowhere'),
  () => fs.renameSync('folder', 'folder/inner/deeper'), () => fs.renameSync('a.txt', 'folder'), () => fs.closeSync('3'), () => fs.fsyncSync(-1)]) {
  try {
    what();
  } catch (error) {
    console.log(error.code, error.message.replaceAll(root, 'ROOT').replaceAll(fs.realpathSync(root), 'ROOT'));
  }
}

const folder = fs.opendirSync('.');
const seen = [];
for (let entry; (entry = folder.readSync()) !== null;) seen.push(`${entry.name}${entry.isDirectory() ? '/' : entry.isSymbolicLink() ? '@' : ''}`);
folder.closeSync();
console.log('opendir', seen.sort());

const file = fs.openSync('a.txt', 'r+');
const parts = [Buffer.alloc(2), Buffer.alloc(4)];
console.log('readv', fs.readvSync(file, parts, 0), String(parts[0]), String(parts[1].subarray(0, 3)));
fs.fchmodSync(file, 0o600);
fs.futimesSync(file, 1, 2);
fs.fsyncSync(file);
console.log('open', (fs.fstatSync(file).mode & 0o777).toString(8), fs.fstatSync(file).mtimeMs);
fs.closeSync(file);

const told = [];
const watcher = fs.watch(root, (kind, name) => told.push(`${kind} ${name}`));
watcher.on('close', () => console.log('closed'));
setTimeout(() => {
  fs.writeFileSync('new', 'text');
  setTimeout(() => {
    fs.unlinkSync('new');
    setTimeout(() => {
      console.log('watched', told);
      watcher.close();
      fs.promises.rm(root, { recursive: true }).then(() => console.log('gone', fs.existsSync(root)));
    }, 50);
  }, 50);
}, 50);
