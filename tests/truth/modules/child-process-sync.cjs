// spawnSync, execFileSync and execSync: what they answer, how they fail, time limits, input and output limits.
const { spawnSync, execFileSync, execSync } = require('child_process');
const node = (text, options, ...args) => spawnSync(process.execPath, ['-e', text, ...args], options);
const show = (result) => console.log({ ...result, pid: result.pid > 0, error: result.error && [result.error.code, result.error.syscall, result.error.message].map((text) => text.replaceAll(process.execPath, 'node')) });
show(node('console.log("out"); console.error("err"); process.exitCode = 3', { encoding: 'utf8' }));
show(node('process.stdin.pipe(process.stdout)', { input: 'given', encoding: 'utf8' }));
show(node('process.exit(0)'));
show(node('process.kill(process.pid, "SIGTERM"); setTimeout(() => {}, 10000)'));
show(node('setTimeout(() => {}, 10000)', { timeout: 300 }));
show(node('setTimeout(() => {}, 10000)', { timeout: 300, killSignal: 'SIGKILL' }));
show(node('process.stdout.write("x".repeat(100)); setTimeout(() => {}, 10000)', { maxBuffer: 50, encoding: 'utf8' }));
show(spawnSync('no-such-program', ['a', 'b']));
show(spawnSync(process.execPath, ['-e', '0'], { cwd: '/no/such/folder' }));
show(node('console.log(process.env.ANSWER, process.argv[1], process.cwd())', { env: { ANSWER: '42' }, cwd: '/', encoding: 'utf8' }, 'first'));
console.log(execFileSync(process.execPath, ['-p', '6 * 7']).toString());
console.log(execFileSync(process.execPath, ['-p', '6 * 7'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
try {
  execFileSync(process.execPath, ['-e', 'console.error("bad"); process.exit(2)'], { stdio: 'pipe' });
} catch (error) {
  console.log(error.message.replaceAll(process.execPath, 'node'), error.status, error.signal, String(error.stderr), Object.keys(error).join());
}
try { execFileSync('no-such-program'); } catch (error) { console.log(error.message, error.code, error.errno, error.path); }
console.log(String(execSync('echo hello && echo "a b"  c; exit 0')));
try { execSync('exit 7', { stdio: 'pipe' }); } catch (error) { console.log(error.message, error.status); }
try { execSync('no-such-program --flag', { stdio: 'pipe' }); } catch (error) { console.log(error.message, error.status); }
console.log(String(execSync(`"${process.execPath}" -p 1+1`)));
node('console.log("inherited")', { stdio: 'inherit' });
const before = Date.now();
node('setTimeout(() => {}, 500)');
console.log(Date.now() - before >= 500);
// The loop of the parent stands still meanwhile.
setTimeout(() => console.log('timer'), 1);
Promise.resolve().then(() => console.log('microtask'));
console.log(String(node('require("child_process").spawnSync(process.execPath, ["-e", "console.log(`inner`)"], { stdio: "inherit" })').stdout));
try { spawnSync('echo', [], { timeout: -1 }); } catch (error) { console.log(error.code); }
console.log(spawnSync('cat', { input: Buffer.alloc(300000, 'y') }).stdout.length);
