// Processes: streams, a channel, signals, exit codes, what is not there.
const { spawn, fork, exec, execFile } = require('child_process');
if (process.argv[2] === 'child') {
  console.log('child says', process.argv.slice(2), process.env.X, typeof process.send, process.connected);
  console.error('child err');
  process.on('message', (m) => { process.send({ echo: m }); if (m === 'bye') process.disconnect(); });
  process.on('SIGUSR2', () => { console.log('got usr2'); process.exit(7); });
  if (!process.send) process.stdin.on('data', (d) => console.log('stdin', String(d))).on('end', () => console.log('stdin end'));
  return;
}
const c = spawn(process.execPath, [__filename, 'child', 'a'], { env: { X: '1' } });
let out = '', err = '';
c.stdout.setEncoding('utf8').on('data', (d) => { out += d; });
c.stderr.on('data', (d) => { err += d; });
c.on('spawn', () => console.log('spawned'));
c.on('exit', (code, sig) => console.log('exit', code, sig));
c.on('close', (code) => { console.log('close', code, out, err); two(); });
c.stdin.end('hello');
function two() {
  const f = fork(__filename, ['child', 'f']);
  f.send('one'); f.send('bye');
  f.on('message', (m) => console.log('msg', m)).on('disconnect', () => console.log('disconnect')).on('exit', (c, s) => { console.log('fork exit', c, s); three(); });
}
function three() {
  const k = spawn(process.execPath, ['-e', 'setInterval(()=>{},10)']);
  k.on('exit', (c, s) => { console.log('killed', c, s, k.killed);
    spawn('nowhere', ['x']).on('error', (e) => { console.log(e.code, e.message, e.path, e.spawnargs, e.syscall);
      exec('echo "a b" c', (e, out, err) => { console.log(e, out, err);
        exec('exit 3', (e) => { console.log(e.code, e.message);
          execFile('false', (e) => console.log(e.code));
        }); }); }); });
  k.on('spawn', () => setTimeout(() => console.log('kill', k.kill()), 100));
}
