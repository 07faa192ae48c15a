//! What scripts ask a session: versions, ciphers, names, certificates and whether to trust them.

use std::sync::Arc;

use rustls::{HandshakeKind, SignatureScheme};

use crate::{
    bindings::{
        crypto::{
            context::SecureContext,
            new_buffer,
            provider::{self, Group},
            x509::{self, Certificate, Purpose},
        },
        environment::copy_bytes,
        native::{Call, Target, throw_new},
    },
    costs,
    engine::value::{Js, Value},
};

use super::{Layer, TlsWrap, context_of, layer, with};

pub fn initialize(class: &Target) {
    class
        .with("getProtocol", |c| {
            layer(c, |layer| match version_of(layer) {
                Some(13) => c.ctx.string("TLSv1.3"),
                Some(_) => c.ctx.string("TLSv1.2"),
                None => c.ctx.null(),
            })
        })
        .with("getCipher", |c| {
            layer(c, |layer| {
                let suite = layer
                    .connection()
                    .and_then(|connection| connection.negotiated_cipher_suite());
                let known = provider::SUITES
                    .iter()
                    .find(|known| Some(known.suite.suite()) == suite.map(|suite| suite.suite()));
                let Some(known) = known else {
                    return c.ctx.undefined();
                };
                let is_13 = known.suite.tls13().is_some();
                let answer = c.ctx.object();
                let version = if is_13 { "TLSv1.3" } else { "TLSv1.2" };
                c.ctx.set(&answer, "name", c.ctx.string(known.name));
                let standard_name = c.ctx.string(known.standard_name);
                c.ctx.set(&answer, "standardName", standard_name);
                c.ctx.set(&answer, "version", c.ctx.string(version));
                answer
            })
        })
        .with("getEphemeralKeyInfo", |c| {
            layer(c, |layer| {
                if layer.is_server {
                    return c.ctx.null();
                }
                let answer = c.ctx.object();
                let group = layer
                    .connection()
                    .and_then(|connection| connection.negotiated_key_exchange_group())
                    .and_then(|group| Group::of(group.name()));
                if let Some(group) = group {
                    c.ctx.set(&answer, "type", c.ctx.string("ECDH"));
                    c.ctx.set(&answer, "name", c.ctx.string(group.name));
                    let bits = c.ctx.number(f64::from(group.bits));
                    c.ctx.set(&answer, "size", bits);
                }
                answer
            })
        })
        .with("getALPNNegotiatedProtocol", |c| {
            layer(c, |layer| {
                let name = layer
                    .connection()
                    .and_then(|connection| connection.alpn_protocol());
                match name {
                    Some(name) => c.ctx.string(&String::from_utf8_lossy(name)),
                    None => c.ctx.bool(false),
                }
            })
        })
        .with("isSessionReused", |c| {
            layer(c, |layer| {
                let kind = layer
                    .connection()
                    .and_then(|connection| connection.handshake_kind());
                c.ctx.bool(kind == Some(HandshakeKind::Resumed))
            })
        })
        .with("getSharedSigalgs", |c| {
            layer(c, |layer| {
                let names = layer.shared_schemes.iter().map(|scheme| name_of(*scheme));
                c.ctx.strings(names)
            })
        })
        .with("exportKeyingMaterial", |c| {
            let (number, label) = (c.state::<TlsWrap>()?.0, c.text(1)?);
            let about = if c.arg(2).is_object() {
                Some(copy_bytes(c.ctx, &c.arg(2))?)
            } else {
                None
            };
            let output = vec![0; c.number(0) as usize];
            let made = with(c.env(), number, |layer| {
                layer.connection().map(|connection| {
                    connection.export_keying_material(output, label.as_bytes(), about.as_deref())
                })
            });
            match made {
                Some(Some(Ok(bytes))) => Ok(new_buffer(c.ctx, &bytes)),
                _ => Err(throw_new(c.ctx, "Error", "SSL_export_keying_material")),
            }
        })
        .with("getPeerCertificate", |c| {
            let chain = peer_chain(c)?;
            let roots = roots(c)?;
            x509::legacy(c.ctx, &chain, &roots, c.truthy(0))
        })
        .with("getCertificate", |c| {
            let chain = own_chain(c)?;
            x509::legacy(c.ctx, &chain, &[], false)
        })
        .with("getPeerX509Certificate", |c| {
            let chain = peer_chain(c)?;
            certificate_object(c, &chain)
        })
        .with("getX509Certificate", |c| {
            let chain = own_chain(c)?;
            certificate_object(c, &chain)
        })
        .with("verifyError", verify_error);
}

fn version_of(layer: &Layer) -> Option<u32> {
    match layer.connection()?.protocol_version()? {
        rustls::ProtocolVersion::TLSv1_3 => Some(13),
        _ => Some(12),
    }
}

fn name_of(scheme: SignatureScheme) -> &'static str {
    match scheme {
        SignatureScheme::ECDSA_NISTP256_SHA256 => "ECDSA+SHA256",
        SignatureScheme::ECDSA_NISTP384_SHA384 => "ECDSA+SHA384",
        SignatureScheme::ECDSA_NISTP521_SHA512 => "ECDSA+SHA512",
        SignatureScheme::ED25519 => "Ed25519+UNDEF",
        SignatureScheme::RSA_PSS_SHA256 => "RSA-PSS+SHA256",
        SignatureScheme::RSA_PSS_SHA384 => "RSA-PSS+SHA384",
        SignatureScheme::RSA_PSS_SHA512 => "RSA-PSS+SHA512",
        SignatureScheme::RSA_PKCS1_SHA256 => "RSA+SHA256",
        SignatureScheme::RSA_PKCS1_SHA384 => "RSA+SHA384",
        _ => "RSA+SHA512",
    }
}

type Chain = Vec<Arc<Certificate>>;

/// What the other side sent.
fn peer_chain(c: &Call) -> Js<Chain> {
    let number = c.state::<TlsWrap>()?.0;
    let sent = with(c.env(), number, |layer| {
        let connection = layer.connection()?;
        let chain = connection.peer_certificates()?.iter();
        Some(
            chain
                .filter_map(|der| Certificate::read(der))
                .map(Arc::new)
                .collect(),
        )
    });
    Ok(sent.flatten().unwrap_or_default())
}

fn secure_context(c: &Call) -> Js<Option<&'static SecureContext>> {
    let number = c.state::<TlsWrap>()?.0;
    let trusting = with(c.env(), number, |layer| {
        let chosen = layer.chosen.as_ref();
        chosen.unwrap_or(&layer.context).clone()
    });
    match trusting {
        Some(context) => context_of(c.ctx, &context).map(Some),
        None => Ok(None),
    }
}

fn own_chain(c: &Call) -> Js<Chain> {
    match secure_context(c)? {
        Some(secure) => secure.with(c.ctx, |context| context.own_chain()),
        None => Ok(Vec::new()),
    }
}

fn roots(c: &Call) -> Js<Chain> {
    match secure_context(c)? {
        Some(secure) => secure.with(c.ctx, |context| context.roots.clone()),
        None => Ok(Vec::new()),
    }
}

fn certificate_object(c: &Call, chain: &[Arc<Certificate>]) -> Js<Value> {
    match chain.first() {
        Some(first) => x509::object(c.ctx, first, &chain[1..]),
        None => c.undefined(),
    }
}

/// `null`, or why the peer's certificate is not to be trusted.
fn verify_error(c: &Call) -> Js<Value> {
    let chain = peer_chain(c)?;
    let number = c.state::<TlsWrap>()?.0;
    let is_server = with(c.env(), number, |layer| layer.is_server) == Some(true);
    let now_s = (c.env().epoch_ms() as u64 / 1000 + c.env().now_ns() / 1_000_000_000) as i64;
    let purpose = if is_server {
        Purpose::Client
    } else {
        Purpose::Server
    };
    let found = match secure_context(c)? {
        Some(_) if chain.is_empty() => Some((
            "UNABLE_TO_GET_ISSUER_CERT",
            "unable to get issuer certificate",
        )),
        Some(secure) => {
            c.env().spend_ns(costs::ASYMMETRIC_NS);
            let verified = secure.with(c.ctx, |context| {
                let partial = context.takes_partial_chains;
                x509::verify(
                    &chain,
                    &context.roots,
                    &context.lists,
                    purpose,
                    now_s,
                    partial,
                )
            })?;
            verified.err().map(|error| (error.code, error.reason))
        }
        None => None,
    };
    let Some((code, reason)) = found else {
        return Ok(c.ctx.null());
    };
    throw_new(c.ctx, "Error", reason);
    let error = c.ctx.take_exception();
    c.ctx.set(&error, "code", c.ctx.string(code));
    Ok(error)
}
