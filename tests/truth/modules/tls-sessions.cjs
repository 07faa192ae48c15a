// TLS sessions of every kind that ends well or badly, and what both sides hear of it.
const tls = require('tls')
const net = require('net')
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
  'client.key': `-----BEGIN EC PRIVATE KEY-----
MHcCAQEEINjyzhZSdmnmMU/NsfMtTSyPrZG/051nFuUzNG1rjHfdoAoGCCqGSM49
AwEHoUQDQgAEyhDkawcwJhvm4EmBtxOCssp5D2PPewyRhQ9rIFs9DQ+DmT4EWk5V
u7FXPxH5OZSvk8Z62W2pJTHZ+BbkNPyCLg==
-----END EC PRIVATE KEY-----
`,
  'client.pem': `-----BEGIN CERTIFICATE-----
MIIBbjCCARSgAwIBAgICEAIwCgYIKoZIzj0EAwIwHjEcMBoGA1UEAwwTVGVycmFy
aXVtIHRlc3Qgcm9vdDAgFw0yMDAxMDEwMDAwMDBaGA8yMTI1MDEwMTAwMDAwMFow
ETEPMA0GA1UEAwwGY2xpZW50MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEyhDk
awcwJhvm4EmBtxOCssp5D2PPewyRhQ9rIFs9DQ+DmT4EWk5Vu7FXPxH5OZSvk8Z6
2W2pJTHZ+BbkNPyCLqNNMEswCQYDVR0TBAIwADAdBgNVHQ4EFgQUrqCsBkLKgfnv
eidYkPJPpGVRQ7swHwYDVR0jBBgwFoAU3x51iLpFizKBQIx0d2CSngcyrg8wCgYI
KoZIzj0EAwIDSAAwRQIgZ4KQk19YTl44o7e1LI52MInoTelr7p3uIrM+9/zPMrgC
IQCgcyLlvEp7u3NUGkxsznoTmQOOsDoE2UCfX5D2uZB7PQ==
-----END CERTIFICATE-----
`,
  'late.pem': `-----BEGIN CERTIFICATE-----
MIIBmzCCAUKgAwIBAgICEAQwCgYIKoZIzj0EAwIwHjEcMBoGA1UEAwwTVGVycmFy
aXVtIHRlc3Qgcm9vdDAeFw0yMDAxMDEwMDAwMDBaFw0yMTAxMDEwMDAwMDBaMA8x
DTALBgNVBAMMBGxhdGUwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATKEORrBzAm
G+bgSYG3E4KyynkPY897DJGFD2sgWz0ND4OZPgRaTlW7sVc/Efk5lK+TxnrZbakl
Mdn4FuQ0/IIuo38wfTAJBgNVHRMEAjAAMDAGA1UdEQQpMCeCD2FwaS5leGFtcGxl
LmNvbYIOKi5zaG9wLmV4YW1wbGWHBH8AAAEwHQYDVR0OBBYEFK6grAZCyoH573on
WJDyT6RlUUO7MB8GA1UdIwQYMBaAFN8edYi6RYsygUCMdHdgkp4HMq4PMAoGCCqG
SM49BAMCA0cAMEQCIBcJQWPQYcYCCuJTGoQPALu/g6CmZUXh0jbGWkpNn5uBAiBT
NSuerHTPQYQ6YOxKuXwGMcUB5jkeZ/VasqwBMw32VQ==
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

// The first number of OpenSSL's message is that of a thread.
const said = (error) => `${error.code} | ${error.reason} | ${String(error.message).replace(/^[0-9A-F]{16}:/, '').trim()}`

async function meet(name, serverOptions, clientOptions, raw) {
  const heard = { server: [], client: [] }
  const server = tls.createServer({ ...own, ...serverOptions }, (socket) => {
    heard.server.push(`secure: authorized ${socket.authorized} ${socket.authorizationError ?? ''} sni ${socket.servername} alpn ${socket.alpnProtocol}`)
    socket.on('error', (error) => heard.server.push(`error ${said(error)}`))
    socket.end('hello')
  })
  server.on('tlsClientError', (error) => heard.server.push(`refused ${said(error)}`))
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address()
  const client = raw ? net.connect(port, '127.0.0.1', () => client.write(raw)) : tls.connect({ port, host: '127.0.0.1', ...trusting, ...clientOptions }, () => {
    const { name, version, standardName } = client.getCipher()
    heard.client.push(`secure: ${client.getProtocol()} ${name} ${standardName} ${version} ${client.authorized} ${client.authorizationError ?? ''} alpn ${client.alpnProtocol} reused ${client.isSessionReused()}`)
  })
  client.on('data', (data) => heard.client.push(`data ${data}`))
  client.on('error', (error) => heard.client.push(`error ${said(error)}`))
  await new Promise((resolve) => client.on('close', resolve))
  await new Promise((resolve) => server.close(resolve))
  console.log(`${name}`)
  for (const side of ['server', 'client']) for (const line of heard[side]) console.log(`  ${side} ${line}`)
}

async function main() {
  await meet('trusted', {}, {})
  await meet('a name that the certificate does not say', {}, { servername: 'other.example.com' })
  await meet('a name by a wildcard', {}, { servername: 'www.shop.example' })
  await meet('nobody trusted', {}, { ca: undefined })
  await meet('nobody trusted, and no matter', {}, { ca: undefined, rejectUnauthorized: false })
  await meet('expired', { key: read('client.key'), cert: read('late.pem') }, {})
  await meet('RSA', { key: read('rsa.key'), cert: read('rsa.pem') }, {})
  await meet('version 1.2', { maxVersion: 'TLSv1.2' }, {})
  await meet('RSA in version 1.2', { key: read('rsa.key'), cert: read('rsa.pem'), maxVersion: 'TLSv1.2' }, {})
  await meet('ChaCha20', { ciphers: 'TLS_CHACHA20_POLY1305_SHA256' }, {})
  await meet('AES with 256 bits in version 1.2', { ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384', maxVersion: 'TLSv1.2' }, {})
  await meet('no version in common', { minVersion: 'TLSv1.3' }, { maxVersion: 'TLSv1.2' })
  await meet('no cipher in common', { ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256', maxVersion: 'TLSv1.2' }, { ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384' })
  await meet('a certificate of the client', { requestCert: true, ca: read('ca.pem') }, { key: read('client.key'), cert: read('client.pem') })
  await meet('none, though it is asked for', { requestCert: true, ca: read('ca.pem'), maxVersion: 'TLSv1.2' }, {})
  await meet('none, and no matter', { requestCert: true, rejectUnauthorized: false, ca: read('ca.pem') }, {})
  await meet('a protocol in common', { ALPNProtocols: ['b', 'a'] }, { ALPNProtocols: ['a', 'b'] })
  await meet('no protocol in common', { ALPNProtocols: ['x'] }, { ALPNProtocols: ['a', 'b'] })
  await meet('HTTP where TLS is spoken', {}, {}, 'GET / HTTP/1.1\r\n\r\n')
  await meet('nothing known', {}, {}, 'this is no TLS at all, as you see')
  await meet('a server without a key', { key: undefined, cert: undefined }, {})

  const plain = net.createServer((socket) => socket.on('error', () => {}).end('HTTP/1.1 400 Bad Request\r\n\r\n'))
  await new Promise((resolve) => plain.listen(0, '127.0.0.1', resolve))
  const client = tls.connect({ port: plain.address().port, host: '127.0.0.1', ...trusting })
  client.on('error', (error) => console.log('plain text where TLS is spoken\n  client error', said(error)))
  client.on('close', () => plain.close())
}

main()
