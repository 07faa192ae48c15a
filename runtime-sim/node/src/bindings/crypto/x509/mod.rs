//! Certificates: the class behind `X509Certificate`, and what TLS needs of them (`src/crypto/crypto_x509.cc`,
//! `crypto_common.cc`).
//!
//! What it says of bytes that are no certificate is OpenSSL's word for the first thing wrong with the outermost value
//! only; encodings that are BER and not DER are mostly refused.

mod certificate;
mod check;
mod constraints;
mod name;
mod revocation;
mod verify;

use std::{rc::Rc, sync::Arc};

use rquickjs::qjs;

use crate::{
    bindings::messaging,
    engine::value::{Ctx, Js, Value},
};

use super::{
    super::{
        environment::{Environment, copy_bytes},
        native::{Call, Target, new_handle, state_of, throw_with_code},
    },
    curve::Form,
    der::{self, Reader},
    digest::Digest,
    errors,
    keys::{Key, KeyHandle, Public},
    new_buffer,
};

pub use certificate::Certificate;
pub use revocation::RevocationList;
pub use verify::{Purpose, verify};

use certificate::{INFO_ACCESS, LABELS, SUBJECT_ALT_NAME};
use name::{Escape, GeneralName, Name, long_name, short_name};

/// Behind an object of the class, with those that vouch for it where it came from a connection.
struct Handle {
    certificate: Arc<Certificate>,
    issuer: Option<Value>,
}

pub fn initialize(ctx: Ctx, t: &Target) -> Js<()> {
    for (name, flag) in check::FLAGS {
        t.value(name, ctx.number(f64::from(*flag)));
    }
    let class = Target::new(ctx, ctx.object());
    class
        .with("subject", |c| {
            printed_name(c, |certificate| &certificate.subject)
        })
        .with("issuer", |c| {
            printed_name(c, |certificate| &certificate.issuer)
        })
        .with("subjectAltName", |c| Ok(subject_alt_name(c.ctx, this(c)?)))
        .with("infoAccess", |c| Ok(info_access(c.ctx, this(c)?)))
        .with("validFrom", |c| {
            Ok(c.ctx.string(this(c)?.not_before.text()))
        })
        .with("validTo", |c| Ok(c.ctx.string(this(c)?.not_after.text())))
        .with("fingerprint", |c| Ok(fingerprint(c.ctx, this(c)?, "sha1")))
        .with("fingerprint256", |c| {
            Ok(fingerprint(c.ctx, this(c)?, "sha256"))
        })
        .with("fingerprint512", |c| {
            Ok(fingerprint(c.ctx, this(c)?, "sha512"))
        })
        .with("keyUsage", |c| Ok(key_usage(c.ctx, this(c)?)))
        .with("serialNumber", |c| {
            Ok(c.ctx.string(&serial_number(this(c)?)))
        })
        .with("raw", |c| Ok(new_buffer(c.ctx, &this(c)?.raw)))
        .with("pem", |c| {
            Ok(c.ctx
                .string(&der::write_pem("CERTIFICATE", &this(c)?.raw, "")))
        })
        .with("publicKey", |c| match &this(c)?.key {
            Some(key) => KeyHandle::make(c.ctx, Key::Pair(key.clone(), None)),
            None => Err(errors::DECODE_ERROR.throw(c.ctx)),
        })
        .with("checkCA", |c| {
            Ok(c.ctx.bool(this(c)?.authority_kind() == 1))
        })
        .with("checkHost", check_host)
        .with("checkEmail", check_email)
        .with("checkIP", check_ip)
        .with("checkIssued", |c| {
            let issuer = &state_of::<Handle>(c.ctx, c.arg(0).raw())?.certificate;
            Ok(c.ctx.bool(this(c)?.is_issued_by(issuer)))
        })
        .with("checkPrivateKey", |c| {
            let key = KeyHandle::of(c.ctx, &c.arg(0))?;
            Ok(c.ctx.bool(match (&*key, &this(c)?.key) {
                (Key::Pair(given, _), Some(own)) => given == own,
                _ => false,
            }))
        })
        .with("verify", |c| {
            let key = KeyHandle::of(c.ctx, &c.arg(0))?;
            c.env().spend_ns(crate::costs::ASYMMETRIC_NS);
            Ok(c.ctx.bool(match &*key {
                Key::Pair(public, _) => this(c)?.signed.is_by(public),
                Key::Secret(_) => false,
            }))
        })
        .with("toLegacy", |c| legacy_object(c.ctx, this(c)?))
        .with("getIssuerCert", |c| {
            let issuer = &c.state::<Handle>()?.issuer;
            Ok(issuer.clone().unwrap_or_else(|| c.ctx.undefined()))
        });
    Environment::of(ctx).keep("X509Certificate", class.object);
    t.with("parseX509", parse);
    Environment::of(ctx)
        .travel_hooks
        .borrow_mut()
        .push(|ctx, value| {
            let certificate = messaging::state::<Handle>(ctx, value)?.certificate.clone();
            Some(messaging::Travels {
                clones: true,
                leave: Box::new(|| Rc::new(move |ctx| object(ctx, &certificate, &[]))),
            })
        });
    Ok(())
}

fn this<'a>(c: &'a Call) -> Js<&'a Arc<Certificate>> {
    Ok(&c.state::<Handle>()?.certificate)
}

fn parse(c: &Call) -> Js<Value> {
    let bytes = copy_bytes(c.ctx, &c.arg(0))?;
    let block = der::read_pem(&bytes)
        .into_iter()
        .find(|block| LABELS.contains(&block.label.as_str()));
    let certificate = match &block {
        Some(block) => Certificate::read(&block.bytes),
        None => Certificate::read(&bytes),
    };
    if let Some(certificate) = certificate {
        return object(c.ctx, &Arc::new(certificate), &[]);
    }
    // First the text was no PEM, and then it was no DER, either.
    let mut failures = match &block {
        Some(block) if block.bytes.is_empty() => Vec::new(),
        Some(block) => [decoding_failures(&block.bytes), vec![errors::PEM_OF_ASN1]].concat(),
        None if has_open_block(&bytes) => vec![errors::BAD_END_LINE],
        None => vec![errors::NO_START_LINE],
    };
    failures.extend(decoding_failures(&bytes));
    Err(errors::throw_first(c.ctx, &failures))
}

fn has_open_block(text: &[u8]) -> bool {
    let count = |mark: &str| String::from_utf8_lossy(text).matches(mark).count();
    count("-----BEGIN ") > count("-----END ")
}

/// What OpenSSL says of bytes that are no certificate. What is wrong further in is not told apart.
fn decoding_failures(bytes: &[u8]) -> Vec<errors::OpenSsl> {
    let bad_header = |reason| vec![reason, errors::BAD_OBJECT_HEADER, errors::NESTED_ASN1];
    let length_bytes = match bytes.get(1) {
        None if bytes.is_empty() => return vec![errors::TOO_SMALL],
        None => return bad_header(errors::HEADER_TOO_LONG),
        Some(first) if *first > 0x80 => usize::from(first & 0x7f),
        Some(_) => 0,
    };
    if length_bytes > 4 || bytes.len() < 2 + length_bytes {
        return bad_header(errors::HEADER_TOO_LONG);
    }
    match Reader(bytes).next() {
        None => bad_header(errors::TOO_LONG),
        Some((der::SEQUENCE, [])) => vec![errors::FIELD_MISSING],
        Some((der::SEQUENCE, _)) => {
            vec![errors::WRONG_TAG, errors::NESTED_ASN1, errors::NESTED_ASN1]
        }
        Some(_) => vec![errors::WRONG_TAG, errors::NESTED_ASN1],
    }
}

/// A handle for the library's `X509Certificate`; `issuers` stand behind it, each for the one before.
pub fn object(ctx: Ctx, certificate: &Arc<Certificate>, issuers: &[Arc<Certificate>]) -> Js<Value> {
    let issuer = match issuers.split_first() {
        Some((first, others)) => Some(object(ctx, first, others)?),
        None => None,
    };
    let prototype = Environment::of(ctx)
        .kept("X509Certificate")
        .unwrap_or_else(|| ctx.undefined());
    let certificate = certificate.clone();
    new_handle(
        ctx,
        &prototype,
        Handle {
            certificate,
            issuer,
        },
    )
}

/// What `getPeerCertificate` hands to the library: `undefined` where `chain` is empty. In detail, each is linked to the
/// one that issued it, of the chain or, where that ends, of `roots`, and a self-signed one to itself.
pub fn legacy(
    ctx: Ctx,
    chain: &[Arc<Certificate>],
    roots: &[Arc<Certificate>],
    is_detailed: bool,
) -> Js<Value> {
    let Some((mut last, others)) = chain.split_first() else {
        return Ok(ctx.undefined());
    };
    let first = legacy_object(ctx, last)?;
    if !is_detailed {
        return Ok(first);
    }
    let mut others: Vec<_> = others.iter().collect();
    let mut linked = first.clone();
    let mut link = |issuer: &Arc<Certificate>| -> Js<()> {
        let object = legacy_object(ctx, issuer)?;
        ctx.set(&linked, "issuerCertificate", object.clone());
        linked = object;
        Ok(())
    };
    while let Some(at) = others.iter().position(|issuer| last.is_issued_by(issuer)) {
        last = others.remove(at);
        link(last)?;
    }
    let now_s = (Environment::of(ctx).epoch_ms() / 1000.0) as i64;
    // Roots that vouch for each other would be linked without end.
    for _ in roots {
        if last.is_issued_by(last) {
            break;
        }
        let Some(issuer) = verify::find_issuer(roots, last, now_s) else {
            break;
        };
        link(issuer)?;
        if issuer.raw == last.raw {
            break;
        }
        last = issuer;
    }
    if last.is_issued_by(last) {
        ctx.set(&linked, "issuerCertificate", linked.clone());
    }
    Ok(first)
}

/// `X509ToObject`
fn legacy_object(ctx: Ctx, certificate: &Certificate) -> Js<Value> {
    let object = ctx.object();
    let set = |name: &str, value: Value| {
        if !value.is_undefined() {
            ctx.set(&object, name, value);
        }
    };
    set("subject", name_object(ctx, &certificate.subject)?);
    set("issuer", name_object(ctx, &certificate.issuer)?);
    set("subjectaltname", subject_alt_name(ctx, certificate));
    set("infoAccess", info_access(ctx, certificate));
    set("ca", ctx.bool(certificate.authority_kind() == 1));
    match &certificate.key {
        Some(Public::Rsa(public, None)) => {
            set("modulus", ctx.string(&format!("{:X}", public.n)));
            set("bits", ctx.number(public.n.bits() as f64));
            set("exponent", ctx.string(&format!("0x{:x}", public.e)));
            set("pubkey", new_buffer(ctx, &certificate.key_info));
        }
        Some(Public::Ec(curve, point, _)) => {
            set("bits", ctx.number(curve.order().bits() as f64));
            set(
                "pubkey",
                new_buffer(ctx, &curve.encode(point, Form::Uncompressed)),
            );
            set("asn1Curve", ctx.string(curve.name));
            if let Some(name) = curve.nist_name() {
                set("nistCurve", ctx.string(name));
            }
        }
        _ => {}
    }
    set("valid_from", ctx.string(certificate.not_before.text()));
    set("valid_to", ctx.string(certificate.not_after.text()));
    set("fingerprint", fingerprint(ctx, certificate, "sha1"));
    set("fingerprint256", fingerprint(ctx, certificate, "sha256"));
    set("fingerprint512", fingerprint(ctx, certificate, "sha512"));
    set("ext_key_usage", key_usage(ctx, certificate));
    set("serialNumber", ctx.string(&serial_number(certificate)));
    set("raw", new_buffer(ctx, &certificate.raw));
    Ok(object)
}

/// A text of OpenSSL's, of which nobody promised that it is UTF-8.
fn text(ctx: Ctx, bytes: &[u8]) -> Value {
    ctx.string(&String::from_utf8_lossy(bytes))
}

fn printed_name(c: &Call, of: impl Fn(&Certificate) -> &Name) -> Js<Value> {
    // Nothing was printed, so OpenSSL says that it failed.
    Ok(match of(this(c)?).printed(Escape::Lines) {
        Some(printed) if !printed.is_empty() => text(c.ctx, &printed),
        _ => c.ctx.undefined(),
    })
}

fn name_object(ctx: Ctx, name: &Name) -> Js<Value> {
    let mut fields: Vec<(&str, Vec<String>)> = Vec::new();
    for entry in &name.entries {
        let key = short_name(&entry.kind);
        let Some(value) = entry.text() else {
            return Ok(ctx.undefined());
        };
        match fields.iter_mut().find(|field| field.0 == key) {
            Some(field) => field.1.push(value),
            None => fields.push((key, vec![value])),
        }
    }
    let object = ctx.result(unsafe { qjs::JS_NewObjectProto(ctx.0, qjs::JS_NULL) })?;
    for (key, values) in &fields {
        let value = match &values[..] {
            [value] => ctx.string(value),
            values => ctx.strings(values.iter().map(String::as_str)),
        };
        ctx.set(&object, key, value);
    }
    Ok(object)
}

fn subject_alt_name(ctx: Ctx, certificate: &Certificate) -> Value {
    if certificate.extension_value(SUBJECT_ALT_NAME).is_none() {
        return ctx.undefined();
    }
    let print = || {
        let mut out = Vec::new();
        for (at, name) in certificate.subject_alt_names()?.iter().enumerate() {
            if at > 0 {
                out.extend(b", ");
            }
            name.print(&mut out)?;
        }
        Some(out)
    };
    print().map_or_else(|| ctx.null(), |printed| text(ctx, &printed))
}

fn info_access(ctx: Ctx, certificate: &Certificate) -> Value {
    if certificate.extension_value(INFO_ACCESS).is_none() {
        return ctx.undefined();
    }
    let printed = certificate.extension(INFO_ACCESS, |value| {
        let (mut list, mut out) = (value.sequence()?, Vec::new());
        while !list.is_empty() {
            if !out.is_empty() {
                out.push(b'\n');
            }
            let mut parts = list.sequence()?;
            let method = der::dotted(parts.object()?);
            out.extend(format!("{} - ", long_name(&method)).bytes());
            let (tag, content) = parts.next()?;
            GeneralName::of(tag, content)?.print(&mut out)?;
        }
        Some(out)
    });
    printed.map_or_else(|| ctx.null(), |printed| text(ctx, &printed))
}

fn fingerprint(ctx: Ctx, certificate: &Certificate, digest: &str) -> Value {
    let digest = Digest::by_name(digest).expect("it is in the table");
    let hex: Vec<_> = digest
        .of(&[&certificate.raw])
        .iter()
        .map(|byte| format!("{byte:02X}"))
        .collect();
    ctx.string(&hex.join(":"))
}

fn key_usage(ctx: Ctx, certificate: &Certificate) -> Value {
    match &certificate.extended_key_usage {
        Some(usages) => ctx.strings(usages.iter().map(String::as_str)),
        None => ctx.undefined(),
    }
}

/// In hexadecimal digits, two for each byte.
fn serial_number(certificate: &Certificate) -> String {
    let mut bytes = certificate.serial.clone();
    let is_negative = bytes.first().is_some_and(|byte| *byte >= 0x80);
    if is_negative {
        let mut carries = true;
        for byte in bytes.iter_mut().rev() {
            let (sum, carry) = (!*byte).overflowing_add(u8::from(carries));
            (*byte, carries) = (sum, carry);
        }
    }
    let digits: String = bytes
        .iter()
        .skip_while(|byte| **byte == 0)
        .map(|byte| format!("{byte:02X}"))
        .collect();
    match (digits.as_str(), is_negative) {
        ("", _) => "0".to_owned(),
        (_, true) => format!("-{digits}"),
        _ => digits,
    }
}

fn invalid(ctx: Ctx, what: &str) -> crate::engine::value::Thrown {
    throw_with_code(
        ctx,
        "TypeError",
        "ERR_INVALID_ARG_VALUE",
        &format!("Invalid {what}"),
    )
}

fn check_host(c: &Call) -> Js<Value> {
    let name = c.text(0)?.into_bytes();
    let name = match name.split_last() {
        // One zero at the end is tolerated.
        Some((0, rest)) if !rest.is_empty() => rest,
        _ => &name[..],
    };
    if name.contains(&0) {
        return Err(invalid(c.ctx, "name"));
    }
    let found = check::host(this(c)?, name, c.number(1) as u32);
    Ok(match found {
        // Byte by byte, as Node takes what OpenSSL found.
        Some(found) => c
            .ctx
            .string(&found.into_iter().map(char::from).collect::<String>()),
        None => c.ctx.undefined(),
    })
}

fn check_email(c: &Call) -> Js<Value> {
    let name = c.text(0)?.into_bytes();
    let name = match name.split_last() {
        Some((0, rest)) if !rest.is_empty() => rest,
        _ => &name[..],
    };
    if name.contains(&0) {
        return Err(invalid(c.ctx, "name"));
    }
    let found = check::email(this(c)?, name, c.number(1) as u32);
    Ok(if found { c.arg(0) } else { c.ctx.undefined() })
}

fn check_ip(c: &Call) -> Js<Value> {
    let Some(address) = check::parse_address(&c.text(0)?) else {
        return Err(invalid(c.ctx, "IP"));
    };
    let found = check::address(this(c)?, &address);
    Ok(if found { c.arg(0) } else { c.ctx.undefined() })
}
