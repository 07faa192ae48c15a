const { Worker, isMainThread, parentPort } = require('node:worker_threads');
if (isMainThread) {
  const { X509Certificate } = require('node:crypto');
  const worker = new Worker(__filename);
  worker.on('message', (c) => { console.log(c.subject, c instanceof X509Certificate, c.publicKey.asymmetricKeyType); worker.terminate(); });
  worker.on('error', console.log);
  worker.postMessage(new X509Certificate(`-----BEGIN CERTIFICATE-----
MIIB9jCCAZygAwIBAgIIBjqfDqe7mAUwCgYIKoZIzj0EAwIwXzELMAkGA1UEBhMC
VUsxDjAMBgNVBAgMBVNoaXJlMQ0wCwYDVQQHDARCcmVlMRIwEAYDVQQKDAlUZXJy
YXJpdW0xDjAMBgNVBAsMBVRlc3RzMQ0wCwYDVQQDDARSb290MB4XDTIwMDEwMTAw
MDAwMFoXDTQ1MDEwMTAwMDAwMFowXzELMAkGA1UEBhMCVUsxDjAMBgNVBAgMBVNo
aXJlMQ0wCwYDVQQHDARCcmVlMRIwEAYDVQQKDAlUZXJyYXJpdW0xDjAMBgNVBAsM
BVRlc3RzMQ0wCwYDVQQDDARSb290MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE
VE9jkWxcebICvl6+OpUa2WK5U0QUwpx95evSGckAcn7DS3uPvg0XdHpCT+5FwfR6
T2KrjUPbLR3qjspBU0tlFqNCMEAwDwYDVR0TAQH/BAUwAwEB/zAOBgNVHQ8BAf8E
BAMCAQYwHQYDVR0OBBYEFF/SHP1rI9I95/Pv0iSq/tJMu6XRMAoGCCqGSM49BAMC
A0gAMEUCIBywL44DGisWnG2pIo4Qwa+TGrXhgV+ktbJkrXE58wXiAiEAuPELSPnz
Fhk2tBsbVnD61n86jL+iZgksMmiVuX5TtUw=
-----END CERTIFICATE-----
`));
} else parentPort.once('message', (c) => { console.log('in', c.constructor.name, c.subject.length, c.verify(c.publicKey)); parentPort.postMessage(c); });
