//! What rustls asks: who may come back with which session, which keys may speak, and where secrets are told.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use rustls::{
    DigitallySignedStruct, DistinguishedName, Error, KeyLog, NamedGroup, SignatureScheme,
    client::{
        ClientSessionStore, ResolvesClientCert, Tls12ClientSessionValue, Tls13ClientSessionValue,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    pki_types::{CertificateDer, ServerName, UnixTime},
    server::{
        ClientHello, ResolvesServerCert,
        danger::{ClientCertVerified, ClientCertVerifier},
    },
    sign::CertifiedKey,
};

use crate::bindings::crypto::{provider, x509::Certificate};

/// What a server gave a client to come back with.
#[derive(Debug)]
pub enum Session {
    /// The server has sent none yet: a connection by it begins from the beginning.
    None,
    Twelve(Box<Tls12ClientSessionValue>),
    /// Good for once.
    Thirteen(Mutex<Option<Tls13ClientSessionValue>>),
}

#[derive(Debug, Default)]
pub struct Sessions {
    pub offered: Mutex<Option<Arc<Session>>>,
    pub new: Mutex<VecDeque<Arc<Session>>>,
}

pub fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}

impl ClientSessionStore for Sessions {
    fn set_kx_hint(&self, _: ServerName<'static>, _: NamedGroup) {}

    fn kx_hint(&self, _: &ServerName<'_>) -> Option<NamedGroup> {
        None
    }

    fn set_tls12_session(&self, _: ServerName<'static>, value: Tls12ClientSessionValue) {
        // Whoever came back with a session keeps it.
        if !matches!(locked(&self.offered).as_deref(), Some(Session::Twelve(_))) {
            locked(&self.new).push_back(Arc::new(Session::Twelve(Box::new(value))));
        }
    }

    fn tls12_session(&self, _: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        match locked(&self.offered).as_deref() {
            Some(Session::Twelve(value)) => Some((**value).clone()),
            _ => None,
        }
    }

    fn remove_tls12_session(&self, _: &ServerName<'static>) {
        let mut offered = locked(&self.offered);
        if matches!(offered.as_deref(), Some(Session::Twelve(_))) {
            offered.take();
        }
    }

    fn insert_tls13_ticket(&self, _: ServerName<'static>, value: Tls13ClientSessionValue) {
        // A ticket is good for once; the next one takes its place, as if the first went on being good.
        if let Some(Session::Thirteen(used)) = locked(&self.offered).as_deref() {
            *locked(used) = Some(value);
            return;
        }
        let session = Session::Thirteen(Mutex::new(Some(value)));
        locked(&self.new).push_back(Arc::new(session));
    }

    fn take_tls13_ticket(&self, _: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        match locked(&self.offered).as_deref() {
            Some(Session::Thirteen(value)) => locked(value).take(),
            _ => None,
        }
    }
}

#[derive(Debug, Default)]
pub struct Keys(pub Mutex<VecDeque<String>>);

impl KeyLog for Keys {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        let hex =
            |bytes: &[u8]| -> String { bytes.iter().map(|byte| format!("{byte:02x}")).collect() };
        let line = format!("{label} {} {}\n", hex(client_random), hex(secret));
        locked(&self.0).push_back(line);
    }
}

/// Takes any certificate whose key signs.
#[derive(Debug)]
pub struct AnyCertificate {
    pub schemes: Vec<SignatureScheme>,
    pub asks: bool,
    pub needs: bool,
}

fn has_signed(
    message: &[u8],
    certificate: &CertificateDer<'_>,
    signed: &DigitallySignedStruct,
) -> Result<HandshakeSignatureValid, Error> {
    let certificate = Certificate::read(certificate);
    let public = certificate.as_ref().and_then(|known| known.key.as_ref());
    let holds = public.is_some_and(|public| {
        provider::is_signed(public, signed.scheme, message, signed.signature())
    });
    if holds {
        Ok(HandshakeSignatureValid::assertion())
    } else {
        Err(Error::InvalidCertificate(
            rustls::CertificateError::BadSignature,
        ))
    }
}

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        has_signed(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        has_signed(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.schemes.clone()
    }
}

impl ClientCertVerifier for AnyCertificate {
    fn offer_client_auth(&self) -> bool {
        self.asks
    }

    fn client_auth_mandatory(&self) -> bool {
        self.needs
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        has_signed(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        has_signed(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.schemes.clone()
    }
}

/// Keys of which the other side chooses by its order of schemes.
#[derive(Debug)]
pub struct Identities(pub Vec<Arc<CertifiedKey>>);

impl Identities {
    fn choose(&self, schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let signs = |scheme: &SignatureScheme| {
            let signs = |one: &&Arc<CertifiedKey>| one.key.choose_scheme(&[*scheme]).is_some();
            self.0.iter().find(signs).cloned()
        };
        schemes.iter().find_map(signs)
    }
}

impl ResolvesServerCert for Identities {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.choose(hello.signature_schemes())
    }
}

impl ResolvesClientCert for Identities {
    fn resolve(&self, _: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.choose(schemes)
    }

    fn has_certs(&self) -> bool {
        !self.0.is_empty()
    }
}
