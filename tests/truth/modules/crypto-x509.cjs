// Certificates that OpenSSL's ca made, and all that an X509Certificate tells of them.
'use strict';
const CERTS = {
  root: `-----BEGIN CERTIFICATE-----
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
`,
  mid: `-----BEGIN CERTIFICATE-----
MIIB+jCCAaCgAwIBAgIIAiOEcJ10P+MwCgYIKoZIzj0EAwIwXzELMAkGA1UEBhMC
VUsxDjAMBgNVBAgMBVNoaXJlMQ0wCwYDVQQHDARCcmVlMRIwEAYDVQQKDAlUZXJy
YXJpdW0xDjAMBgNVBAsMBVRlc3RzMQ0wCwYDVQQDDARSb290MB4XDTIwMDEwMTAw
MDAwMFoXDTQ1MDEwMTAwMDAwMFowJTESMBAGA1UECgwJVGVycmFyaXVtMQ8wDQYD
VQQDDAZNaWRkbGUwdjAQBgcqhkjOPQIBBgUrgQQAIgNiAASAv1gJ6P/GHHvKwuk4
BlsPN4IwM1yuGhi8b677b6Wm4dKop6Qk50DyAZqWriYnxotzrv7gq5klMhZP6PQ9
c8dq+ytiKgKyI85rz6f2z4DzOubYhe6kDxRry6cBVj4MkuajYzBhMA8GA1UdEwEB
/wQFMAMBAf8wDgYDVR0PAQH/BAQDAgEGMB0GA1UdDgQWBBTRNkmXbBWuiyxGivXE
lcSUUCcobDAfBgNVHSMEGDAWgBRf0hz9ayPSPefz79Ikqv7STLul0TAKBggqhkjO
PQQDAgNIADBFAiEAlMjDoZj0Bv8YgiD1AjXkiQrZzsSjFQlOn7iF6gR7BeYCID0D
Fg8OBW+BT7zkylEId7aO08vjNI1d8uhp0lFkWsiw
-----END CERTIFICATE-----
`,
  leaf: `-----BEGIN CERTIFICATE-----
MIIE8DCCBHWgAwIBAgIIC6tP8EzBSvYwCgYIKoZIzj0EAwIwJTESMBAGA1UECgwJ
VGVycmFyaXVtMQ8wDQYDVQQDDAZNaWRkbGUwHhcNMjAwMTAxMDAwMDAwWhcNNDUw
MTAxMDAwMDAwWjCBnTEZMBcGA1UEAwwQbGVhZi5leGFtcGxlLmNvbTEfMB0GCSqG
SIb3DQEJARYQTGVhZkBFeGFtcGxlLmNvbTEMMAoGA1UECwwDb25lMRowCgYDVQQL
DAN0d28wDAYDVQQKDAV0aHJlZTENMAsGA1UECgwEIGEsYjETMBEGCgmSJomT8ixk
ARkWA2NvbTERMA8GCgmSJomT8ixkAQEMAXUwggEiMA0GCSqGSIb3DQEBAQUAA4IB
DwAwggEKAoIBAQCrD11/MmcAtbhInUiRh4Y92mSn2QJfx8HKGaKH22YIM/NhjCxE
ox1DFXDtt0plnT29YFKLcZIy2OR3V1ZLYstF5aMhlrKBCwuueMR39bkUQe9jxTBN
pO61mrPcMAnvZQteuUMsHamSUEQ6IGI+QhmjHHyJPcz4kTpwtbEvN3sZuG8IF4wR
9T8ei5ix/wr85uZsGY11YFzyBx3ZJSrOBBVafck9Sno9CE/YGCZNSpzEcf1EHE/T
DopqFYQvssat0sQodIj/lcr6b+qF0bt0JaJknSbqMq1+TfyaOmni81NRlnzGuFXn
1ET4GFxyYz/l6Pom63zNNEEaVA+JKSmn1s5ZAgMBAAGjggJJMIICRTAJBgNVHRME
AjAAMAsGA1UdDwQEAwIFoDAiBgNVHSUEGzAZBggrBgEFBQcDAQYIKwYBBQUHAwIG
AyoDBDAdBgNVHQ4EFgQUrJgN70KKuiPpkNBttFwiYAhUxAIwHwYDVR0jBBgwFoAU
0TZJl2wVrossRor1xJXElFAnKGwwgYYGCCsGAQUFBwEBBHoweDAkBggrBgEFBQcw
AYYYaHR0cDovL29jc3AuZXhhbXBsZS5jb20vMCoGCCsGAQUFBzAChh5odHRwOi8v
Y2EuZXhhbXBsZS5jb20vYSxiLmh0bWwwFwYIKwYBBQUHMAWBC3hAeS5leGFtcGxl
MAsGAyoDBYcEAQIDBDCCATwGA1UdEQSCATMwggEvgg1hLmV4YW1wbGUuY29tghIq
LndpbGQuZXhhbXBsZS5jb22HBH8AAAGHECABDbgAAAAAAAD/AABCgymBD3dob0Bl
eGFtcGxlLmNvbYEPYSdiQGV4YW1wbGUuY29thhlodHRwOi8vZXhhbXBsZS5jb20v
P2E9YixjiAQqAwQFpDYwNDELMAkGA1UEBhMCVUsxFDASBgNVBAoMC0FueSwgdGhp
bmcrMQ8wDQYDVQQDDAbDg8K8IHigGAYKKwYBBAGCNxQCA6AKDAh3aG8sw4PCvKAa
BggrBgEFBQcIB6AOFgxfc3J2LmV4YW1wbGWgDQYDKgMEoAYMBHdoYXSgEwYIKwYB
BQUHCAWgBwwFcGxhaW6gHQYIKwYBBQUHCAmgEQwPdXRmQGV4YW1wbGUuY29tMAoG
CCqGSM49BAMCA2kAMGYCMQDYSqZFkCjzLp0yJGUAMiyuu12Nh9eVkT9QKUJY2V02
LCO88s3azjkqEaRAj52G+YsCMQCZReDli4mnLSOU1FgMADgJLSvAxdiHcnd6xh+x
XmMZbBESodK4Uy8emmkKKvWcsOM=
-----END CERTIFICATE-----
`,
  eccert: `-----BEGIN CERTIFICATE-----
MIIB9TCCAXugAwIBAgIIBDqGelNSmtYwCgYIKoZIzj0EAwIwJTESMBAGA1UECgwJ
VGVycmFyaXVtMQ8wDQYDVQQDDAZNaWRkbGUwHhcNMjAwMTAxMDAwMDAwWhcNNDUw
MTAxMDAwMDAwWjAbMRkwFwYDVQQDDBAqLmVjLmV4YW1wbGUub3JnMFYwEAYHKoZI
zj0CAQYFK4EEAAoDQgAEfDCnJm2dyak3XfrxJ5x16j8B0+qZ3Qa6QrEdjqRrY0Tx
Dl6xMhsH2UD2LDAwOwA/6FOXaoV+EUKpc5t1ZfJcO6OBoTCBnjBcBgNVHREEVTBT
ghFmKi5lYy5leGFtcGxlLm9yZ4IRKnIuZWMuZXhhbXBsZS5vcmeCFXhuLS1iKi5l
Yy5leGFtcGxlLm9yZ4IUTXVsdGkuZWMuZXhhbXBsZS5vcmcwHQYDVR0OBBYEFOjC
DkH1jt85K7cazFdUZ4oAsptTMB8GA1UdIwQYMBaAFNE2SZdsFa6LLEaK9cSVxJRQ
JyhsMAoGCCqGSM49BAMCA2gAMGUCMDxguR5Cu9N7xFE9vQ/LsDBY645is2o8neEd
DDtKHQsIZaPZzfh1pA5S1nJIW5AclwIxANAinso3Yx7VA9ZQzJk+3AorSv9uSUU+
utqFhp3ort4/oZp/t5nEDB1V+B+IB90EKQ==
-----END CERTIFICATE-----
`,
  ed: `-----BEGIN CERTIFICATE-----
MIHgMIGTAggLXzcp5UGJBTAFBgMrZXAwGTEXMBUGA1UEAwwOZWQuZXhhbXBsZS5v
cmcwHhcNMjAwMTAxMDAwMDAwWhcNNDUwMTAxMDAwMDAwWjAZMRcwFQYDVQQDDA5l
ZC5leGFtcGxlLm9yZzAqMAUGAytlcAMhAPl14ALLSI5iGNpBb5wNd3LQerUfZ9Kc
SuyAPHT1gBXOMAUGAytlcANBAKIdvoMwC/LPDRd3VccptMS8BTqOWWoqJAdBSc1A
iU9+Rs6Gjsc2sve3iOJRv4ZjKDZcDuYRABs29Cye/1UgrAA=
-----END CERTIFICATE-----
`,
  ed4: `-----BEGIN CERTIFICATE-----
MIIBejCB+6ADAgECAggCFJzvo+MRpzAFBgMrZXEwHDEaMBgGA1UEAwwRZWQ0NDgu
ZXhhbXBsZS5vcmcwHhcNMjAwMTAxMDAwMDAwWhcNNDUwMTAxMDAwMDAwWjAcMRow
GAYDVQQDDBFlZDQ0OC5leGFtcGxlLm9yZzBDMAUGAytlcQM6AJX1oTRbBl+DY/2n
HJOhEjh6N5EQSc0RaUKf1VDXtaxHkMXV0bhDJ06G6DxzXiuTyZg55QQu4le7AKNC
MEAwDwYDVR0TAQH/BAUwAwEB/zAOBgNVHQ8BAf8EBAMCAQYwHQYDVR0OBBYEFJZQ
Ge5jgbjoJDijlxhBoWQxQvQBMAUGAytlcQNzADN5dRWHE4Xvijcp+/jCcC+ZuBBx
Y9AkDqt11pN5LLxYMfOe8j2MRoF1XLzT3isbIKc3GV5aSFgSAOk3t+TAfe1O15E+
AnfVosNNQVUXfrs67U9edi200QnL3+LUpGryauhumoIKIlYPfQ00M/3bZxoXAA==
-----END CERTIFICATE-----
`,
  edleaf: `-----BEGIN CERTIFICATE-----
MIIBqTCCASmgAwIBAgIIApKgLqUwBtMwBQYDK2VxMBwxGjAYBgNVBAMMEWVkNDQ4
LmV4YW1wbGUub3JnMB4XDTIwMDEwMTAwMDAwMFoXDTQ1MDEwMTAwMDAwMFowHTEb
MBkGA1UEAwwSZWRsZWFmLmV4YW1wbGUub3JnMCowBQYDK2VwAyEAxY81WZG2OKbq
NavnnaUBZJNg6TlRRKy60/51hNe48w2jgYcwgYQwQgYDVR0RBDswOYIQLmRvdC5l
eGFtcGxlLm9yZ4ITYS5iLmRvdC5leGFtcGxlLm9yZ4EQU29tZUBFeGFtcGxlLkNP
TTAdBgNVHQ4EFgQU1fuLCFmjo7thpI8ytagFK4bZ5iYwHwYDVR0jBBgwFoAUllAZ
7mOBuOgkOKOXGEGhZDFC9AEwBQYDK2VxA3MA9EqV35hkcVHHIccjDalxg1AcGwlt
u4mzS9qU5v6NIzKkU1P0tnYFCYMgCB2T9GTVxMJBYH1VMPCAf+WlH8OPBm7iUlhZ
PKohWMaTIq7zZl9KfY3g8OqhaDruLpZLxLbglg1CL2mc6Vn5KpgNdckm9QAA
-----END CERTIFICATE-----
`,
  pss: `-----BEGIN CERTIFICATE-----
MIIDYjCCAhWgAwIBAgIIAaV+C83rVRowQgYJKoZIhvcNAQEKMDWgDzANBglghkgB
ZQMEAgEFAKEcMBoGCSqGSIb3DQEBCDANBglghkgBZQMEAgEFAKIEAgIA3jAaMRgw
FgYDVQQDDA9wc3MuZXhhbXBsZS5vcmcwIBcNMjAwMTAxMDAwMDAwWhgPMjA1MTAx
MDEwMDAwMDBaMBoxGDAWBgNVBAMMD3Bzcy5leGFtcGxlLm9yZzCCASAwCwYJKoZI
hvcNAQEKA4IBDwAwggEKAoIBAQCsozRs/NNLf+RhBhPVR5V2BmaI/0y4anLVtS4W
ZxPngW2pwEAieIMPUy+8xqTxER0MgwCV1+4uTmoRlxTS5ntffPi2o55rDuQEknJ6
NOF0ZuJWziWTdvYD5ve4dwGmoGXcNrY4Gk/wq93WxkYX7M2lGQgWdhIUd5EPbZFa
KrQWxB6yqcJ25u+mrQKYDCp6qx5EDIqJw3+j6AcNzZb75pzXmFDE/VBH9VZjTLMj
x33D1BfnfUU/Xdzz4ZgkYrJJ05qnfhbU47dkfdYiYNa0RGlCdtDLw2k61Nb2psDM
qXq1LCrlFlBTZ/VbXoDUASt5HXqxo0x3tXlDIqJFV2QcxcMPAgMBAAGjQjBAMA8G
A1UdEwEB/wQFMAMBAf8wDgYDVR0PAQH/BAQDAgEGMB0GA1UdDgQWBBQWt6+u8S79
3aQja24BOjF+OEK+8jBCBgkqhkiG9w0BAQowNaAPMA0GCWCGSAFlAwQCAQUAoRww
GgYJKoZIhvcNAQEIMA0GCWCGSAFlAwQCAQUAogQCAgDeA4IBAQCRn9EFEXajD0Nk
ZyfNvgstHXHEK9pImt+Y52QQjzkZlQXipfR3ScF9X0zD2b8L2adF+DOL/2eDXshk
9z7Yws4RNul1q9V/zdSkHPH7JTFT0qdJC/JGTIGuzMKd+VA4khuwz3IimaLox7AX
ZCurUyuaA9fFA4aFV8Qt2rkAP4XhdKa18L0SR+BwdXgy27ZsH0JfR2O6tvbPk/o5
RyK5p09tKuOhLwh4mm4EJeFy5zPaWf30rY3V7ElmmOwdUtsAij+6djpJrbqOJIvm
dCKf0ebPMmcgclREl6l9Zap+dxQlX+iPAYeP6UCSgMOved9VT9VvFhypU/l/8rEC
53ttRGEN
-----END CERTIFICATE-----
`,
  pssrsa: `-----BEGIN CERTIFICATE-----
MIIDZjCCAhqgAwIBAgIIC+IEu3capaUwQQYJKoZIhvcNAQEKMDSgDzANBglghkgB
ZQMEAgEFAKEcMBoGCSqGSIb3DQEBCDANBglghkgBZQMEAgEFAKIDAgEgMB0xGzAZ
BgNVBAMMEnBzc3JzYS5leGFtcGxlLm9yZzAeFw0yMDAxMDEwMDAwMDBaFw00NTAx
MDEwMDAwMDBaMB0xGzAZBgNVBAMMEnBzc3JzYS5leGFtcGxlLm9yZzCCASIwDQYJ
KoZIhvcNAQEBBQADggEPADCCAQoCggEBAMCVu/CO/Xx/d9dcePi/LorOfn8PN2cr
lld3xhJSy0bHzijV7X3zTxs6bFm9KobdkbeSog5hFOAcp8wegw5ubreZ8+7e7Zig
P6rLnSqE+EfB0zVocZn3nrH+NU4Ps1/fACq3gP46ZfmgwJJ5FTYIKLv8rOkvpvIH
o7VF2dJXrfJs9mV9sq3D0fCy2cYtjQeUcUJ1nj61zvk9UQZhzR4gUIysQNM3CnUA
v8oKnCBKhyn/Hgw1lllKdJehnaSHK5SCfTW/PUHQZEzq32R3D5/AL6BuadzSR+VL
xQ1jddjEEepoT0whCOJkSaFhhRTtHBX97FP8pHgcspJAX2TrhJEG+JECAwEAAaNC
MEAwDwYDVR0TAQH/BAUwAwEB/zAOBgNVHQ8BAf8EBAMCAQYwHQYDVR0OBBYEFAUf
rNjZ5ZkfNRAEA0o7D4j6sZgxMEEGCSqGSIb3DQEBCjA0oA8wDQYJYIZIAWUDBAIB
BQChHDAaBgkqhkiG9w0BAQgwDQYJYIZIAWUDBAIBBQCiAwIBIAOCAQEAMV/Vj6Fy
3tV6TfsTnynjj6gFMPEZQfbfMpcRl30Q3qZYB/EVuksj4ONCoGtHj4Q1eb5AU0nU
hVRxrZWPN+vwL3vggyf7zAQ0O7Hio8DUMDNSJ/Qg8h3MN7eF5ibsX4pYZRB2Ms8i
7cWLMJhufs2541b+gsv3xgYXhRomfVb5ZYx6rz2vdJ5Wxq1QRX5RulPEITALnZZQ
pMOmtbiFGW/YUSGo8Sw++MvIFEcSPzCdjOTw9+LImt6LN5N9YxQxm2WZAPMTa8MR
gJ718SOhHbpsjAQJzKjwSSnBevyOvRwgJUr3x5n4JOLqJsDfgeXvQecv+lh5ISHh
AAZwhKcd6q7GRg==
-----END CERTIFICATE-----
`,
  rsasha1: `-----BEGIN CERTIFICATE-----
MIIBpTCCAQ4CAQAwDQYJKoZIhvcNAQEFBQAwGzEZMBcGA1UEAwwQc2hhMS5leGFt
cGxlLm9yZzAeFw0yMDAxMDEwMDAwMDBaFw00NTAxMDEwMDAwMDBaMBsxGTAXBgNV
BAMMEHNoYTEuZXhhbXBsZS5vcmcwgZ8wDQYJKoZIhvcNAQEBBQADgY0AMIGJAoGB
AMKvMqcvPj+82NysW8AtLIZWhtmR5aPhy/Gt9ubmnqGWJBeoMpkMGkbcmHHH0Xds
T5UDMS3sS6vzNNKzoboFXsxgJq8hoafRWIMy6VRRgq/k4gWi4Ty5lLW/lGW0Ny7o
Gtw3eMuKoZ5Pic6IyizWU6nYxSbs0mEuQTkvQUEIOeGlAgMBAAEwDQYJKoZIhvcN
AQEFBQADgYEAC9UWTa1AIOujnFuhV6lAVxxuoqyoHQdINDruS44cyuKuzDpPdkSJ
vh3oSZAGHaVUxYRDYPNJZp2skKUhENF1DSd5F/N3pIOkDJuGGUyKGfOyQN3X4+Ty
cIbphD9w4M5BQcHUX/vWvc+ZjQVlGNRTzByD0daw+pr0Kl7K/4vSr8I=
-----END CERTIFICATE-----
`,
};
const KEYS = {
  root: `-----BEGIN EC PRIVATE KEY-----
MHcCAQEEINwgR8P2mmxCexMHd6STXBA2za+9QWTS0oD9NuenXFeJoAoGCCqGSM49
AwEHoUQDQgAEVE9jkWxcebICvl6+OpUa2WK5U0QUwpx95evSGckAcn7DS3uPvg0X
dHpCT+5FwfR6T2KrjUPbLR3qjspBU0tlFg==
-----END EC PRIVATE KEY-----
`,
  leaf: `-----BEGIN PRIVATE KEY-----
MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQCrD11/MmcAtbhI
nUiRh4Y92mSn2QJfx8HKGaKH22YIM/NhjCxEox1DFXDtt0plnT29YFKLcZIy2OR3
V1ZLYstF5aMhlrKBCwuueMR39bkUQe9jxTBNpO61mrPcMAnvZQteuUMsHamSUEQ6
IGI+QhmjHHyJPcz4kTpwtbEvN3sZuG8IF4wR9T8ei5ix/wr85uZsGY11YFzyBx3Z
JSrOBBVafck9Sno9CE/YGCZNSpzEcf1EHE/TDopqFYQvssat0sQodIj/lcr6b+qF
0bt0JaJknSbqMq1+TfyaOmni81NRlnzGuFXn1ET4GFxyYz/l6Pom63zNNEEaVA+J
KSmn1s5ZAgMBAAECggEAAKQoM0edkfaDz5+RAfp/Slku1MIrNVI1Ue/Wx4Asmuo6
eoH/1mf0NIgThoIjwPe5EKkw6RnK6H077FLVqdgawMa6bKY2kKrFwoixZncumFW/
yVlc54LWrAK40RMzQbgACbz173uS5/vyi1+fNDJZvKzt1by3ZbxzU3WRXXMolNds
FrBye8o00h8/izyvtPNyTU0GHHiZsns1hFFI2KIebUMFyfKkOMvMGTogb2J8/Yqx
R4VRty3C0Iaoj/0Ir5dzKPS7aiPnmHT28Ri1SyJBPdE7ZDMqtEArgJMzu4fD69wS
hmO+VF84QWVlRyAds3Ki8TZav5augM2xpGs7JRQMIQKBgQDvEZbZbhiKCJP+6iQC
dGFxivSJcp9LdBV/IRCGJJeFEVAy0Q3R3WaEop5tpeUcAwNQ31SjR6EjVAPHwaf2
p5qeuHkkODVuY60R4tPs3+G3RkF1kcNmPzW/3xuZcnOIMJXOPguaKugTbilNDVRY
CbfomlEw3+QUuFt737FK0dNzaQKBgQC3LMBcyS1zMhH/6l0Qzn+fQ9anb2gE9mqo
h9U6o+O74AZ6f79bRJRMCQOun1cqMgCBFlghX/ymQEehGo8W88g52vFy5i89koKg
TZazMKP0qYR+0U9qeym6djaZz6CRWJkKEnwXIu45mBWYMzYVLqlrAEzTfbAa9tEY
mrYQz9dVcQKBgQDE/pZx9kGsRGNHM8KWbzX4bMsSE2xlrXMlPaazEqX0VY7jQNaF
b03Rz3qC2aePzH/H/S9uGFEUnl87FD2Ghxdm4JWaHeMRYnszeNiuoNEKx46bBZCg
yUdOItdIO0IuH/Lhbsj6sY5orGbGAkzU+rUbq0Vp46O62ysvSOV7xKjbuQKBgEIx
jtY48Q624mBLzhPbu6zPNAvPq5RXhBWg+II3ZX2oKE8uSPVvY/PSMh1xgWtDJIGB
lJmC+WcOxZPHaDwQHqQhpa0y15F1l3TcdQAOLMGmXLYDZ6KAHYU/YN3WdRzxGmTU
ZzlpKxNvDSayIvImqZx8QEcRHYmw9cDhb7fFk/hRAoGAceOs8zUBwOofrSYK7c7X
XE/PXWW14GA0+01RPiPb+jsXz8nvCDFsv0hBGZYyFtycwVXR60icUtye4mX5EO/Z
O6Xd5USYv1k59qeVaU8tG6UoyeGe/QtRmKpmEbKfCaVInoNUolzF2qHVgnwusmb8
JxAClWb50Gy5a7GHcWO4ctA=
-----END PRIVATE KEY-----
`,
  ed4: `-----BEGIN PRIVATE KEY-----
MEcCAQAwBQYDK2VxBDsEOXLL4+PfO+NWxMfZV00zc52cf3Slpj3mfp1TO57IMLNA
HZzRDeaBMvBtRvDgKTsQExbTU+nVKFu6xw==
-----END PRIVATE KEY-----
`,
  pss: `-----BEGIN PRIVATE KEY-----
MIIEugIBADALBgkqhkiG9w0BAQoEggSmMIIEogIBAAKCAQEArKM0bPzTS3/kYQYT
1UeVdgZmiP9MuGpy1bUuFmcT54FtqcBAIniDD1MvvMak8REdDIMAldfuLk5qEZcU
0uZ7X3z4tqOeaw7kBJJyejThdGbiVs4lk3b2A+b3uHcBpqBl3Da2OBpP8Kvd1sZG
F+zNpRkIFnYSFHeRD22RWiq0FsQesqnCdubvpq0CmAwqeqseRAyKicN/o+gHDc2W
++ac15hQxP1QR/VWY0yzI8d9w9QX531FP13c8+GYJGKySdOap34W1OO3ZH3WImDW
tERpQnbQy8NpOtTW9qbAzKl6tSwq5RZQU2f1W16A1AEreR16saNMd7V5QyKiRVdk
HMXDDwIDAQABAoIBAAVg66ljnR+n4zvPSSnmxODRpTsqcmpNIrkcH8yh4dcKIMUI
+4E3bk85a8N+ut/UhSpWddu1R7NDTSmxd9F0Tdlf7Dh104yJVmWlZxH9+MeRdwbL
qGm2QJxG2LvzX+agQ7F/NjZ8QgurscnXET2olTr0vdxD9HSVHxIIe16q9ZkUmQ4N
mz7cb0oBw3yZLZ2nDOlWEb6vzIP5CLFblcQ6dLU0YW5PKLLYLXWgCN1LxkWFzKsz
ZBJoRfahb7Ezw18ONhQDyYAWMEcoAnZHseNqJVz8FFgHWSsUUDRPRpIcBHaMmrSG
YfKmxMA2YmLggUwERmRTW0sAPp8ABQweM4wXd40CgYEA0xtZErfvynVqJf26f32h
xgYP2RZZ4oq1t2a9Vtv6KYjGqhsOoyl2xPC6dV/RIQLKTME4lqqiFAcqCIzPusdr
5oyuUrJu51pjb9D7AtSLJ1Moi6xSi8Qu6yKCBy12qmDenwhiGZGctUenj6IiLvSp
YV81J7dzZSKO3/MdX6kekV0CgYEA0VmWnBYvRlH/vmd1L4NGKmjzwqMiVQOawDFH
O91HS2A8PylouvO24yKEuQMNNt+pywYqBqRnfBSO0IUw5DlXaJlgTbs53EMn149r
SAXAI654y2N502aKF/eQq1KE4prsfj4Rym0zHe9Wk8F71TAbcpQDaVmx0QUErS2F
xDjEA1sCgYAmD8A3h8JMFm9U+jIt2lDYiy9ATK9YEPpCXtu0VWT9KBPph4dUE52+
VEjJ8MSb1wzyWcQCJjGiusfxUrIBUwM5RhQIBPPJ8poLBvq6v+d2559fz2nymSR8
cHRRJvlGLsD0m2ZUhdRjOtATLYBMRwBi9e93gbPkgB6SchrRrIQ+YQKBgDkbHAdF
0e13rrBsnj2wrHIjIOMmBtZz3kGw74J38Nuxy51bGVNt6aR5pQSmvXMLfdCAxPP8
4rGpFe/xdQ28Soig1fE+MiFQPE0DtTr3Pps9G3w3jWLKJL8268KgBtmdcwdYvRef
xALVZ6N0cugLcGFH2MpjCis/GDB5K3UEGwvjAoGAI62/LPlE56RblKfgMZWxeW9r
W3PkQJQUQp8vEyGcm54Pl1AKx315mcZHD4ZaWrYPKNGW0lHtwKCUTrzkJmh6175l
sGyydLBaDiJdZg+5KZl6j3OlygagGJhg5ULrEg7GXuzIjU7oDD3gu/agofInE7Lx
aKQ73q2SwnhvTPU9BYw=
-----END PRIVATE KEY-----
`,
};
const { X509Certificate, createPrivateKey, createPublicKey } = require('node:crypto');
const tried = (f) => { try { return f(); } catch (e) { return [e.name, e.code, e.message, e.library, e.reason, e.opensslErrorStack]; } };
const all = {};
for (const [name, pem] of Object.entries(CERTS)) {
  console.log('==', name);
  const c = all[name] = new X509Certificate(pem);
  console.log(c);
  console.log(c.ca, c.publicKey.asymmetricKeyType, c.publicKey.asymmetricKeyDetails, c.raw.length, c.toString() === pem, JSON.stringify(c) === JSON.stringify(pem));
  console.log(c.toLegacyObject());
  console.log(c.issuerCertificate, c.checkIssued(c), c.verify(c.publicKey), new X509Certificate(c.raw).fingerprint === c.fingerprint);
}
console.log('== pairs');
for (const a in all) console.log(a, Object.keys(all).filter((b) => all[a].checkIssued(all[b])), Object.keys(all).filter((b) => all[a].verify(all[b].publicKey)));
console.log('== hosts');
const flags = [undefined, { subject: 'always' }, { subject: 'never' }, { wildcards: false }, { partialWildcards: false }, { multiLabelWildcards: true }, { singleLabelSubdomains: true }];
const names = ['a.example.com', 'A.Example.Com', 'leaf.example.com', 'x.wild.example.com', 'x.y.wild.example.com', '.wild.example.com', 'wild.example.com', '.example.com', 'foo.ec.example.org', 'f.ec.example.org', 'bar.ec.example.org', 'r.ec.example.org', 'xn--bcher-kva.ec.example.org', 'multi.ec.example.org', '*.ec.example.org', 'any.ec.example.org', 'f*.ec.example.org', '.ec.example.org', '.dot.example.org', 'a.b.dot.example.org', '.b.dot.example.org', 'x.dot.example.org', 'edleaf.example.org', 'root', 'Root', '', 'a.example.com\0', 'a\0b', 'f_o.ec.example.org', 'fü.ec.example.org', '\0', '.'];
for (const a in all) for (const name of names) {
  const found = flags.map((f) => tried(() => all[a].checkHost(name, f)));
  if (found.some((x) => x !== undefined)) console.log(a, JSON.stringify(name), ...found);
}
console.log('== mailboxes');
for (const a in all) for (const name of ['who@example.com', 'WHO@example.com', 'who@EXAMPLE.com', "a'b@example.com", 'utf@example.com', 'Leaf@Example.com', 'leaf@example.com', 'Leaf@example.COM', 'Some@example.com', 'some@example.com', 'some', '', 'a\0b', '@', 'x\0'])
  { const found = flags.slice(0, 3).map((f) => tried(() => all[a].checkEmail(name, f))); if (found.some((x) => x !== undefined)) console.log(a, JSON.stringify(name), ...found); }
console.log('== addresses');
for (const ip of ['127.0.0.1', '127.0.0.2', '2001:db8::ff00:42:8329', '2001:0DB8:0:0:0:ff00:0042:8329', '2001:db8::ff00:0.66.131.41', '::1', '::', '1::', '127.1', '127.0.0.256', '127.0.0.01', '127.0.0.0001', ' 127.0.0.1', '127.0.0.1 ', '1:2', '1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8:9', '1:2:3:4:5:6:7::', '1:2:3:4::5:6:7:8', ':1', '1:', ':::', '1:::2', '1::2::3', '12345::', 'g::', '::1.2.3.4', '::1.2.3.4:5', '1.2.3.4::', '', 'x', '1.2.3', '1.2.3.4.5', '+1.2.3.4', '1:2:3:4:5:6:1.2.3.4'])
  console.log(JSON.stringify(ip), tried(() => all.leaf.checkIP(ip)));
console.log('== keys');
for (const [name, pem] of Object.entries(KEYS)) {
  const key = createPrivateKey(pem);
  console.log(name, Object.keys(all).filter((a) => all[a].checkPrivateKey(key)), Object.keys(all).filter((a) => all[a].verify(createPublicKey(key))));
}
console.log('== errors');
const { leaf } = all;
const half = leaf.toString().split('\n'); half.splice(5, 8);
for (const given of ['', 'x', '-----BEGIN CERTIFICATE-----\n', '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n', '-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n', '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n', half.join('\n'), '-----BEGIN PUBLIC KEY-----\nMAA=\n-----END PUBLIC KEY-----\n', Buffer.from([48, 0]), Buffer.from([48, 3]), leaf.raw.subarray(0, 100), 7, null])
  console.log(tried(() => new X509Certificate(given).subject));
console.log(tried(() => new X509Certificate('junk\n' + KEYS.leaf + 'more\n' + leaf + all.root).subject));
console.log(tried(() => new X509Certificate(leaf.toString().replaceAll('CERTIFICATE', 'X509 CERTIFICATE')).serialNumber), tried(() => new X509Certificate(leaf.toString().replaceAll('CERTIFICATE', 'TRUSTED CERTIFICATE')).serialNumber));
console.log(tried(() => new X509Certificate(new Uint16Array(leaf.raw.buffer.slice(leaf.raw.byteOffset, leaf.raw.byteOffset + leaf.raw.length & ~1))).serialNumber), tried(() => new X509Certificate(Buffer.concat([leaf.raw, Buffer.from('more')])).serialNumber));
for (const f of [() => leaf.checkIssued({}), () => leaf.checkPrivateKey(leaf.publicKey), () => leaf.verify(createPrivateKey(KEYS.leaf)), () => leaf.checkHost(1), () => leaf.checkHost('x', { subject: 'often' }), () => leaf.checkPrivateKey({})]) console.log(tried(f));
console.log('== travel');
const cloned = structuredClone(leaf);
console.log(cloned instanceof X509Certificate, cloned.fingerprint === leaf.fingerprint, cloned.constructor.name, String(cloned) === String(leaf), cloned.checkIssued(all.mid));
const { port1, port2 } = new MessageChannel();
port2.onmessage = ({ data }) => { console.log(data.subject, data instanceof X509Certificate); port1.close(); };
port1.postMessage(all.root);
