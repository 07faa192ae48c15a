// Two workers answer by turns: the primary hands each connection over to one of them.
const cluster = require('cluster'), http = require('http')
if (cluster.isPrimary) {
  for (let i=0;i<2;i++) cluster.fork()
  let up=0
  cluster.on('listening', () => { if (++up===2) ask(0) })
  const ask = (n) => { if (n===4) { for (const w of Object.values(cluster.workers)) w.disconnect(); return }
    http.get({ port: 3000, agent:false }, (r) => { let t=''; r.on('data',d=>t+=d); r.on('end',()=>{ console.log(r.statusCode, t); ask(n+1) }) }) }
  cluster.on('exit',(w,c)=>console.log('exit',w.id,c))
} else http.createServer((q, s) => s.end('worker '+cluster.worker.id)).listen(3000)
