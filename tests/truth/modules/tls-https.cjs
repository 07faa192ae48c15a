// HTTPS: bodies both ways, an agent's kept connections, tickets, contexts by name, fetch, TLS within a stream of one's own.
const https = require('https')
const tls = require('tls')
const { Duplex } = require('stream')
// Made for this test: they open nothing.
const files = {
  'ca.pem': `-----BEGIN CERTIFICATE-----
MIIBXzCCAQagAwIBAgICEAAwCgYIKoZIzj0EAwIwHjEcMBoGA1UEAwwTVGVycmFy
aXVtIHRlc3Qgcm9vdDAgFw0yMDAxMDEwMDAwMDBaGA8yMTI1MDEwMTAwMDAwMFow
HjEcMBoGA1UEAwwTVGVycmFyaXVtIHRlc3Qgcm9vdDBZMBMGByqGSM49AgEGCCqG
SM49AwEHA0IABJUodIPLNaDgsKZ/bVdb2XqhWKykn3FTy5SZqCY3OxfUIeJb2swy
iXhDL7DGrdhliGeKo4b+x+oo5A6Kdn3YxS+jMjAwMA8GA1UdEwEB/wQFMAMBAf8w
HQYDVR0OBBYEFN8edYi6RYsygUCMdHdgkp4HMq4PMAoGCCqGSM49BAMCA0cAMEQC
ICDT/ikp0/6gRQIKuGSudOyx8P1sqxpcNLJVSfhwkAlaAiB7jXExZa7jMNb7AD09
+EnVTdYnLXy486RMKnCJre4WnA==
-----END CERTIFICATE-----
`,
  'rsa.key': `-----BEGIN PRIVATE KEY-----
MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC4Y084YHeUIAIU
AvdsMj38+RbU9F/fuQMCMP3126BROqaADwTbgSpaW1gK642BQ0o+t/XmsL6FKmRg
xLpFxrCW39snKbPkYvg9XbZN9t2vAmD0HIjeSx3p+EL90XcfRTZOCpQfbml6Hrwa
yvM6vFz9HoM4/RCJOlJmDrN4LNK8DhnHlqg+z1nThUVezoUOStLmAKqL3Wg3vRGG
8pZLonhWUh5/Co8m1J6WT9qBgl2ZPyJBZWTz2bz3IlhD+RQUgTQ3ao6Kqn3j6qM6
Cb5vjT4+WIBU/ytELV8JG7iDmSncS0gZX/IUxEWD/9SeqFwDTHTaqdYCZa7ZLyID
EeNrAoF7AgMBAAECggEABasrILgs6CVIkXjt3/bdDppRzpMDISU89HCxJHSi3xxt
SS6TbA2/UZVq6+fSxKoruo98d269Mx1BUyasW1maZpw6aCyeCf1vVRbWdFsmJ/hr
827h8YOTR3Tvo+hjcyPblL0HUYtBbuGwnFpBum9XPhwVokdInnXOjRisNJucKiMI
+cv3WXxPs5zOAOc/71gejd9OEBmKlWrJgCM9NQhKfkYgO4rKJAjWKF+X+hbTMxD2
NKo0ZauT34HDyyat794WgF2s05iz2orXhb0FReaIEHxv6y0o+wbv0AipxYITY3JS
zaLcJnHFJex032Kr1o3Q2OQj5LvOrLBlBcEmNAq9QQKBgQD2Vcxfsh/s49B+Ks9N
CDMDqo78Q4IWAnrnqTeiINMvqcoBuR7K9uaibscfg6uuBv0tOyEpBK3ubPc/ai2G
4Tz+vtMbbQR8+1aX2+ba1irtaYAf93wofIpJilOhca2SH1eCBDl5Rn24UPl1ofX8
dzJGDTgW3sSUa2VgwaFY/OyrSwKBgQC/n09y55n6vqXIdcGdi5m6ckAIuSJpxSuI
LfAl46tPXJvRi4wA6zF0Zwt0sQsf9O/rD0LUHe6sP43VzJ9ZV1km+rqr7Yb4HDqJ
CEbLcUIMCf5+ZoXjS8opmY5g/zyK/b0ONPVALLdusWxgBg41g0CHgIYhBEIWP8Id
/YReD9b0kQKBgE1QJmHOjRiTc8d1djSuIxy+djwUkAqKYrq8sHpRJRcrifw6dsCq
9z352MM6VzK6fNGqYkD2eASB7KPZlkpj/PnTOHy+HY+AbvAgk3cRis2StCTUTwKB
/AESyia8gAaBkbx7yPIYPrMPrwvNdl/zpTK5SWZcKoSOpHXWr+Y3E6y7AoGAUn9M
3iRVx30CtL31wFUUtw9vABJsfWr0pelZJYbR/xXYw6s3eEHJhdrDNNbv+i8ih2mH
lPjaA3BNKQmyZO1VJZH2ggR+Ah1tGgflKrs0+yfmWBbdd5DulWBVyu636wL4vMAS
AjH+OvrJtMGGpoU+Z9fuZxKFPTzv3qeBsFlTavECgYEA2y0fCUR1C9m4LvbmnVp7
wLjs0/KKwlT6/kJfYINxpsfpZrus3yNgZOatEtCJ8MVAq2sVH5j81/AxWiOR5ENP
NRkVmSELLZsWjdcySFiuEWGpjWTZH7xvQKznh2yd98hFMwcdtSK3qoWR32Jdj+zo
PYVer2thSxzBhtcidIH1Lr4=
-----END PRIVATE KEY-----
`,
  'rsa.pem': `-----BEGIN CERTIFICATE-----
MIICaDCCAg6gAwIBAgICEAMwCgYIKoZIzj0EAwIwHjEcMBoGA1UEAwwTVGVycmFy
aXVtIHRlc3Qgcm9vdDAgFw0yMDAxMDEwMDAwMDBaGA8yMTI1MDEwMTAwMDAwMFow
DjEMMAoGA1UEAwwDcnNhMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA
uGNPOGB3lCACFAL3bDI9/PkW1PRf37kDAjD99dugUTqmgA8E24EqWltYCuuNgUNK
Prf15rC+hSpkYMS6Rcawlt/bJymz5GL4PV22TfbdrwJg9ByI3ksd6fhC/dF3H0U2
TgqUH25peh68GsrzOrxc/R6DOP0QiTpSZg6zeCzSvA4Zx5aoPs9Z04VFXs6FDkrS
5gCqi91oN70RhvKWS6J4VlIefwqPJtSelk/agYJdmT8iQWVk89m89yJYQ/kUFIE0
N2qOiqp94+qjOgm+b40+PliAVP8rRC1fCRu4g5kp3EtIGV/yFMRFg//UnqhcA0x0
2qnWAmWu2S8iAxHjawKBewIDAQABo38wfTAJBgNVHRMEAjAAMDAGA1UdEQQpMCeC
D2FwaS5leGFtcGxlLmNvbYIOKi5zaG9wLmV4YW1wbGWHBH8AAAEwHQYDVR0OBBYE
FJ4ST7KNX3TDozfdbYHgldP1wcJlMB8GA1UdIwQYMBaAFN8edYi6RYsygUCMdHdg
kp4HMq4PMAoGCCqGSM49BAMCA0gAMEUCIB7BaVG+bsDz/FQc8ZH848j10aHLEI6x
2dITgzOw4b1kAiEAqxLGDvs/T+u+tXXYRlqlWKCNxs1hPe6efG4iOY0lcX8=
-----END CERTIFICATE-----
`,
  'srv.key': `-----BEGIN EC PRIVATE KEY-----
MHcCAQEEIJ1r/IeLkQ887HzmDvrinqnmntGFmi29uqe5RdGpXg9HoAoGCCqGSM49
AwEHoUQDQgAEP4pm0+MLPcUVLnm6sNQkeh/rDFFT3nzRE/z+dkMQ1oA2/obnomuq
p8T+RsXYSPyvtBLJZLEtUvuYTzrkqSVUEA==
-----END EC PRIVATE KEY-----
`,
  'srv.pem': `-----BEGIN CERTIFICATE-----
MIIBnTCCAUOgAwIBAgICEAEwCgYIKoZIzj0EAwIwHjEcMBoGA1UEAwwTVGVycmFy
aXVtIHRlc3Qgcm9vdDAgFw0yMDAxMDEwMDAwMDBaGA8yMTI1MDEwMTAwMDAwMFow
DjEMMAoGA1UEAwwDc3J2MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEP4pm0+ML
PcUVLnm6sNQkeh/rDFFT3nzRE/z+dkMQ1oA2/obnomuqp8T+RsXYSPyvtBLJZLEt
UvuYTzrkqSVUEKN/MH0wCQYDVR0TBAIwADAwBgNVHREEKTAngg9hcGkuZXhhbXBs
ZS5jb22CDiouc2hvcC5leGFtcGxlhwR/AAABMB0GA1UdDgQWBBTxPRiEuQDIhoSy
kvMGOYYyY+O79jAfBgNVHSMEGDAWgBTfHnWIukWLMoFAjHR3YJKeBzKuDzAKBggq
hkjOPQQDAgNIADBFAiB0B6GBWb+M980u8bIudl8yIpqu1jGggr4cqV9IKMJaFwIh
AMpbLFDnDmG4876OnCTibkidZK1ZsgZNErlY8yVeBede
-----END CERTIFICATE-----
`,
}
const read = (name) => files[name]

const own = { key: read('srv.key'), cert: read('srv.pem') }
const trusting = { ca: read('ca.pem'), servername: 'api.example.com' }

function ask(options, body) {
  return new Promise((resolve, reject) => {
    const request = https.request({ host: '127.0.0.1', ...trusting, ...options }, (response) => {
      const { socket } = response
      let length = 0
      response.on('data', (chunk) => { length += chunk.length })
      response.on('end', () => resolve({
        status: response.statusCode,
        length,
        reused: request.reusedSocket,
        resumed: socket.isSessionReused(),
        subject: socket.getPeerCertificate().subject,
        group: socket.getEphemeralKeyInfo(),
      }))
    })
    request.on('error', reject)
    request.end(body)
  })
}

async function main() {
  const server = https.createServer(own, (request, response) => {
    let length = 0
    request.on('data', (chunk) => { length += chunk.length })
    request.on('end', () => {
      response.setHeader('x-got', length)
      response.end('x'.repeat(Number(request.headers['x-want'] ?? 10)))
    })
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address()

  console.log('one', await ask({ port, agent: false }))
  console.log('large', await ask({ port, agent: false, method: 'POST', headers: { 'x-want': 300000 } }, Buffer.alloc(500000, 'a')))
  const agent = new https.Agent({ keepAlive: true, maxSockets: 1 })
  for (let round = 0; round < 3; round += 1) console.log('kept', await ask({ port, agent }))
  agent.destroy()
  const resuming = new https.Agent({ maxCachedSessions: 10 })
  for (let round = 0; round < 2; round += 1) {
    const { resumed, reused } = await ask({ port, agent: resuming, maxVersion: 'TLSv1.2' })
    console.log('by a ticket', { resumed, reused })
  }
  resuming.destroy()
  await ask({ port, agent: false, servername: 'nobody.example.com' }).catch((error) => console.log(error.code, error.reason))
  server.close()

  const named = tls.createServer({ ...own, SNICallback: (name, chosen) => {
    console.log('asked for', name)
    chosen(null, name.startsWith('rsa') ? tls.createSecureContext({ key: read('rsa.key'), cert: read('rsa.pem') }) : undefined)
  } }, (socket) => socket.end(socket.servername))
  await new Promise((resolve) => named.listen(0, '127.0.0.1', resolve))
  for (const servername of ['rsa.shop.example', 'api.example.com']) {
    await new Promise((resolve) => {
      const client = tls.connect({ port: named.address().port, host: '127.0.0.1', ...trusting, servername }, () => {
        const { subject, bits, asn1Curve } = client.getPeerCertificate()
        console.log(client.authorized, { ...subject }, bits, asn1Curve)
      })
      client.on('data', (data) => console.log(String(data)))
      client.on('close', resolve)
    })
  }
  named.close()

  // Both ends in this process, joined by hand.
  const pair = () => {
    let other
    const make = () => new Duplex({ read() {}, write(chunk, encoding, done) { this.other.push(chunk); done() }, final(done) { this.other.push(null); done() } })
    const one = make()
    other = make()
    one.other = other
    other.other = one
    return [one, other]
  }
  const [left, right] = pair()
  const inside = new tls.TLSSocket(right, { isServer: true, ...own })
  inside.on('data', (data) => { console.log('inside heard', String(data)); inside.end('and answers') })
  const outside = tls.connect({ socket: left, ...trusting }, () => outside.write('through a stream'))
  outside.on('data', (data) => console.log('outside heard', String(data)))
  outside.on('end', () => console.log('ends'))
}

main()
