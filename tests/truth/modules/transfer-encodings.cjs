const http=require('http'),net=require('net');
const vals=['chunked','Chunked','chunked ','chunked,','chunked, ','gzip, chunked','gzip,chunked','chunked, gzip','chunked,chunked','chunkedx','xchunked','x chunked','chunked x','chunked;a','"chunked"','gzip','identity','gzip, chunked, ','chunked , gzip','\tchunked',',chunked'];
const s=http.createServer((q,r)=>{q.on('error',()=>{});q.resume();q.on('end',()=>r.end());console.log(' request')});
s.on('clientError',(e,k)=>{console.log(' ',e.code,e.reason);k.end('HTTP/1.1 400 Bad Request\r\n\r\n')});
s.listen(0,async()=>{
 for (const v of vals) for (const twice of [0,1]) {
  await new Promise(d=>{const c=net.connect(s.address().port);c.write('POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding:'+(v[0]=='\t'?'':' ')+v+'\r\n'+(twice?'Transfer-Encoding: gzip\r\n':'')+'\r\n0\r\n\r\n');let o='';c.on('data',b=>o+=b);c.setTimeout(300,()=>c.destroy());c.on('close',()=>{console.log(JSON.stringify(v),twice,o.split('\r\n')[0]);d()})});
 }
 s.close();
});
