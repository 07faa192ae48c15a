// exec and its shell: commands, quotes, variables, pipes, lists and redirections.
const { exec, spawn, execFile } = require('child_process');
const fs = require('fs'), os = require('os'), path = require('path');
const { promisify } = require('util');
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'shell-'));
fs.writeFileSync(path.join(folder, 'b.txt'), 'two\none\nthree\n');
fs.writeFileSync(path.join(folder, 'a.js'), 'console.log(process.argv.slice(2).join("+"))\n');
fs.mkdirSync(path.join(folder, 'sub'));
const lines = [
  'echo hello   world', `echo 'single $HOME' "double $NAME \\"q\\"" back\\ slash`, 'echo "a\\nb"', 'echo -n no newline', 'echo $NAME ${NAME}s "$NAME"x $MISSING.',
  'printf "%s-%d|%5s|%-4s|%%\\n" a 7 b c', 'printf "%s\\n" 1 2 3', 'pwd | wc -c > /dev/null; echo $?', 'true && echo yes || echo no', 'false && echo yes || echo no',
  'false; echo $?', 'exit 5', 'exit', 'ls', 'ls -a', 'ls b.txt no-such', 'ls sub *.txt', 'ls -r -1', 'cat b.txt', 'cat no-such b.txt', 'cat < b.txt', 'cat < no-such',
  'sort b.txt', 'sort -r < b.txt | head -n 2', 'cat b.txt | grep -n o | wc -l', 'grep -c o b.txt', 'grep -v o b.txt', 'grep zzz b.txt', 'grep -i TWO b.txt', 'wc b.txt', 'wc -l b.txt', 'wc -w < b.txt', 'tail -n 1 b.txt', 'head -1 b.txt',
  'echo one > c.txt; echo two >> c.txt; cat c.txt', 'ls no-such 2> /dev/null; echo $?', 'ls no-such 2>&1 | wc -l', 'echo out; echo err >&2', 'node a.js x y', 'node a.js x | cat', 'node -e "process.exit(4)"; echo $?', 'echo in | node -e "process.stdin.on(\'data\', (d) => console.log(String(d).trim() + \'!\'))"',
  'A=1 B=2; echo $A$B', 'A=5 node -p process.env.A', 'export Z=9; node -p process.env.Z', 'node -p 1; echo after; node -p 2 >&2; echo end', 'cd sub && ls .. | head -n 1', 'cd no-such', 'no-such-command', 'no-such-command 2>/dev/null || echo caught', 'sleep 0.01 && echo slept', 'mkdir -p x/y && touch x/y/z && ls x/y', 'mkdir x', 'cp b.txt d.txt && mv d.txt e.txt && cat e.txt && rm e.txt && ls e.txt', 'rm -f no-such; echo $?', 'rm no-such', 'rm sub', 'echo a; # comment', 'echo a|cat', 'echo "unterminated', '| cat', 'echo a &&', 'env | grep NAME', 'echo *.none', 'echo a > /no/such/file', 'true > made.txt && cat made.txt',
];
(async () => {
  for (const line of lines) {
    await new Promise((resolve) => exec(line, { cwd: folder, env: { NAME: 'Ada', PATH: process.env.PATH } }, (error, stdout, stderr) => {
      console.log(`$ ${line}`);
      console.log([error && [error.code, error.signal, error.killed, error.message], stdout, stderr]);
      resolve();
    }));
  }
  console.log(await promisify(exec)('echo promised'));
  await promisify(exec)('echo bad >&2; exit 9').catch((error) => console.log(error.code, error.stdout, error.stderr, error.cmd));
  await new Promise((resolve) => execFile('echo', ['a\\nb', '$NAME'], (error, stdout) => resolve(console.log(error, stdout))));
  const shell = spawn('echo $0 "$X"', { shell: true, env: { X: '1', PATH: process.env.PATH } });
  shell.stdout.on('data', (data) => console.log(String(data)));
  shell.on('close', (code, signal) => {
    console.log(code, signal);
    exec('sleep 5', { timeout: 50 }, (error) => {
      console.log(error.killed, error.signal, error.code);
      fs.rmSync(folder, { recursive: true });
    });
  });
})();
