//! What goes wrong in a session, in OpenSSL's words (`ssl/ssl_err.c`, `ssl/record/rec_layer_s3.c` of OpenSSL 3.0).

use rustls::{Error, PeerIncompatible};

use crate::{
    bindings::native::throw_new,
    engine::value::{Ctx, Value},
};

/// Where OpenSSL fails, and how it says so.
#[derive(Clone, Copy)]
struct Reason {
    number: u32,
    function: &'static str,
    text: &'static str,
    place: &'static str,
    /// The alert that the other side sent.
    received: Option<u8>,
}

pub struct Failure {
    reason: Reason,
    /// What the other side is told, as bytes of a record.
    alert: Vec<u8>,
}

macro_rules! reasons {
    ($($name:ident $number:literal $function:literal $text:literal $place:literal;)*) => {
        $(const $name: Reason = Reason {
            number: $number,
            function: $function,
            text: $text,
            place: $place,
            received: None,
        };)*
    };
}

reasons! {
    HTTP_REQUEST 0x9c "ssl3_get_record" "http request" "record/ssl3_record.c:341";
    WRONG_VERSION 0x10b "ssl3_get_record" "wrong version number" "record/ssl3_record.c:350";
    NO_SHARED 0xc1 "tls_post_process_client_hello" "no shared cipher" "statem/statem_srvr.c:2226";
    NO_SIGNATURE 0x76 "tls_choose_sigalg" "no suitable signature algorithm" "t1_lib.c:3242";
    NO_KEY_SHARE 0x65 "final_key_share" "no suitable key share" "statem/extensions.c:1420";
    UNSUPPORTED_VERSION 0x102 "tls_early_post_process_client_hello" "unsupported protocol" "statem/statem_srvr.c:1664";
    NO_PROTOCOLS 0xbf "tls_setup_handshake" "no protocols available" "statem/statem_lib.c:105";
    NO_PROTOCOL_OF_APPLICATION 0xeb "tls_handle_alpn" "no application protocol" "statem/statem_srvr.c:2172";
    NO_CERTIFICATE 0xc7 "tls_process_client_certificate" "peer did not return a certificate" "statem/statem_srvr.c:3517";
    BAD_SIGNATURE 0x7b "tls_process_cert_verify" "bad signature" "statem/statem_lib.c:529";
    BAD_RECORD_MAC 0x119 "ssl3_get_record" "decryption failed or bad record mac" "record/ssl3_record.c:622";
    UNEXPECTED_MESSAGE 0xf4 "ossl_statem_server_read_transition" "unexpected message" "statem/statem_srvr.c:314";
    DECODE_ERROR 0x9f "ssl3_read_n" "length mismatch" "record/rec_layer_s3.c:320";
    RECORD_TOO_LONG 0xc6 "ssl3_get_record" "packet length too long" "record/ssl3_record.c:359";
    INTERNAL_ERROR 0xc0103 "tls_process_server_hello" "internal error" "statem/statem_clnt.c:1641";
}

/// Alerts by their numbers (RFC 8446, section 6), in OpenSSL's words.
const ALERTS: [(u8, &str); 26] = [
    (10, "sslv3 alert unexpected message"),
    (20, "sslv3 alert bad record mac"),
    (21, "tlsv1 alert decryption failed"),
    (22, "tlsv1 alert record overflow"),
    (40, "sslv3 alert handshake failure"),
    (42, "sslv3 alert bad certificate"),
    (43, "sslv3 alert unsupported certificate"),
    (44, "sslv3 alert certificate revoked"),
    (45, "sslv3 alert certificate expired"),
    (46, "sslv3 alert certificate unknown"),
    (47, "sslv3 alert illegal parameter"),
    (48, "tlsv1 alert unknown ca"),
    (49, "tlsv1 alert access denied"),
    (50, "tlsv1 alert decode error"),
    (51, "tlsv1 alert decrypt error"),
    (70, "tlsv1 alert protocol version"),
    (71, "tlsv1 alert insufficient security"),
    (80, "tlsv1 alert internal error"),
    (86, "tlsv1 alert inappropriate fallback"),
    (90, "tlsv1 alert user cancelled"),
    (100, "tlsv1 alert no renegotiation"),
    (109, "tlsv13 alert missing extension"),
    (110, "tlsv1 unsupported extension"),
    (112, "tlsv1 unrecognized name"),
    (116, "tlsv13 alert certificate required"),
    (120, "tlsv1 alert no application protocol"),
];

/// A fatal alert outside of any session.
fn plain_alert(number: u8) -> Vec<u8> {
    vec![21, 3, 3, 0, 2, 2, number]
}

const HANDSHAKE_FAILURE: u8 = 40;
const CERTIFICATE_REQUIRED: u8 = 116;

impl Failure {
    pub fn no_protocols_available() -> Self {
        Self::silent(NO_PROTOCOLS)
    }

    pub fn no_application_protocol() -> Self {
        Self::silent(NO_PROTOCOL_OF_APPLICATION).with_alert(plain_alert(120))
    }

    /// A server without a key.
    pub fn no_signature() -> Self {
        Self::silent(NO_SIGNATURE).with_alert(plain_alert(HANDSHAKE_FAILURE))
    }

    const fn silent(reason: Reason) -> Self {
        Self {
            reason,
            alert: Vec::new(),
        }
    }

    pub fn with_alert(mut self, alert: Vec<u8>) -> Self {
        self.alert = alert;
        self
    }

    pub fn alert(&self) -> &[u8] {
        &self.alert
    }

    /// What a server makes of a greeting. One that is no TLS at all gets no answer.
    pub fn of_greeting(error: &Error, first: &[u8], alert: Vec<u8>) -> Self {
        match error {
            Error::InvalidMessage(_) if !is_record(first) => Self::silent(not_tls(first)),
            error => Self::of(error, alert),
        }
    }

    pub fn of_answer(error: &Error, first: &[u8], alert: Vec<u8>) -> Self {
        match error {
            Error::InvalidMessage(_) if !is_record(first) => Self::silent(WRONG_VERSION),
            error => Self::of(error, alert),
        }
    }

    pub fn of(error: &Error, alert: Vec<u8>) -> Self {
        use PeerIncompatible as Differs;
        let reason = match error {
            Error::AlertReceived(alert) => {
                let number = u8::from(*alert);
                let known = ALERTS.iter().find(|(known, _)| *known == number);
                Reason {
                    number: 1000 + u32::from(number),
                    function: "ssl3_read_bytes",
                    text: known.map_or("reason(0)", |(_, text)| *text),
                    place: "record/rec_layer_s3.c:1601",
                    received: Some(number),
                }
            }
            Error::NoCertificatesPresented => NO_CERTIFICATE,
            Error::NoApplicationProtocol => NO_PROTOCOL_OF_APPLICATION,
            Error::PeerIncompatible(differs) => match differs {
                Differs::NoCipherSuitesInCommon | Differs::EcPointsExtensionRequired => NO_SHARED,
                Differs::NoSignatureSchemesInCommon
                | Differs::NoCertificateRequestSignatureSchemesInCommon => NO_SIGNATURE,
                Differs::NoKxGroupsInCommon => NO_KEY_SHARE,
                _ => UNSUPPORTED_VERSION,
            },
            Error::General(_) => NO_SIGNATURE,
            Error::InvalidCertificate(_) => BAD_SIGNATURE,
            Error::DecryptError => BAD_RECORD_MAC,
            Error::PeerSentOversizedRecord => RECORD_TOO_LONG,
            Error::InappropriateMessage { .. } | Error::InappropriateHandshakeMessage { .. } => {
                UNEXPECTED_MESSAGE
            }
            Error::PeerMisbehaved(_) => UNEXPECTED_MESSAGE,
            Error::InvalidMessage(_) => DECODE_ERROR,
            _ => INTERNAL_ERROR,
        };
        // In TLS 1.2 OpenSSL has no alert of its own for it.
        let alert = if alert == plain_alert(CERTIFICATE_REQUIRED) {
            plain_alert(HANDSHAKE_FAILURE)
        } else {
            alert
        };
        Self { reason, alert }
    }

    pub fn error(&self, ctx: Ctx) -> Value {
        let Reason {
            number,
            function,
            text,
            place,
            received,
        } = self.reason;
        let more = received.map_or_else(String::new, |number| format!("SSL alert number {number}"));
        let number = 0x0a00_0000 | number;
        // The number in front is that of the thread.
        let message = format!(
            "8000000000000000:error:{number:08X}:SSL routines:{function}:{text}:../deps/openssl/openssl/ssl/{place}:{more}\n"
        );
        throw_new(ctx, "Error", &message);
        let error = ctx.take_exception();
        let code = text.to_ascii_uppercase().replace(' ', "_");
        ctx.set(&error, "library", ctx.string("SSL routines"));
        ctx.set(&error, "reason", ctx.string(text));
        ctx.set(&error, "code", ctx.string(&format!("ERR_SSL_{code}")));
        error
    }
}

/// A record begins with its kind and a version 3.x.
fn is_record(first: &[u8]) -> bool {
    matches!(first, [20..=23, 3, ..])
}

fn not_tls(first: &[u8]) -> Reason {
    const METHODS: [&[u8]; 5] = [b"GET ", b"POST ", b"HEAD ", b"PUT ", b"CONNE"];
    if METHODS.iter().any(|method| first.starts_with(method)) {
        HTTP_REQUEST
    } else {
        WRONG_VERSION
    }
}
