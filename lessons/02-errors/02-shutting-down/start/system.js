// What systemd, Docker or Kubernetes do: start the server, and when it should end, ask for it with a signal.
const { spawn } = require('child_process')
const { setTimeout: sleep } = require('timers/promises')

const PATIENCE_MS = 2_000

function start() {
  const server = spawn(process.execPath, ['server.js'])
  server.stdout.on('data', (text) => process.stdout.write(text))
  server.stderr.on('data', (text) => process.stderr.write(text))
  return server
}

function end(server, why) {
  return new Promise((resolve) => {
    console.log(`system: ${why}, please end`)
    const asked = Date.now()
    server.kill('SIGTERM')
    const patience = setTimeout(() => {
      console.log('system: enough')
      server.kill('SIGKILL')
    }, PATIENCE_MS)
    server.on('exit', (code, signal) => {
      clearTimeout(patience)
      const ms = Math.round((Date.now() - asked) / 10) * 10
      console.log(`system: ended ${signal === null ? `by itself with code ${code}` : `by ${signal}`} after ${ms} ms`)
      resolve()
    })
  })
}

async function main() {
  const old = start()
  await sleep(1_000)
  await end(old, 'a new version is there')
  const next = start()
  await sleep(5_000)
  await end(next, 'it is night')
}

main()
