//! How a session begins: a client's greeting, a server's choice of context, keys and protocol.

use std::sync::Arc;

use rustls::{
    ClientConfig, ClientConnection, Connection, ServerConfig, client::Resumption,
    pki_types::ServerName, server::Accepted, sign::CertifiedKey,
};

use crate::{
    bindings::{
        callback,
        crypto::{
            context::{Context, SecureContext},
            new_buffer,
            provider::{self, Clock},
        },
        environment::Environment,
        native::{state_of, throw_new},
    },
    costs,
    engine::value::{Ctx, Js, Value},
};

use super::{
    Layer, Stage,
    alerts::Failure,
    protocols_of, send, tell,
    trust::{AnyCertificate, Identities, locked},
    with,
};

pub fn context_of(ctx: Ctx, context: &Value) -> Js<&'static SecureContext> {
    state_of::<SecureContext>(ctx, context.raw())
}

pub fn refuse(ctx: Ctx, number: u64, failure: &Failure) {
    with(Environment::of(ctx), number, |layer| {
        layer.stage = Stage::Failed;
        layer.outbox.extend_from_slice(failure.alert());
    });
    send(ctx, number);
    let error = failure.error(ctx);
    tell(ctx, number, "onerror", &[error]);
}

pub fn begin_client(ctx: Ctx, number: u64) -> Js<()> {
    let env = Environment::of(ctx);
    let Some(context) = with(env, number, |layer| layer.context.clone()) else {
        return Ok(());
    };
    let secure = context_of(ctx, &context)?;
    let made = secure.with(ctx, |context| {
        with(env, number, |layer| new_client(ctx, layer, context))
    })?;
    match made {
        Some(Ok(connection)) => {
            env.spend_ns(costs::CURVE_KEY_NS);
            with(env, number, |layer| {
                layer.run(Connection::Client(connection))
            });
            tell(ctx, number, "onhandshakestart", &[ctx.number(now_ms(env))]);
        }
        Some(Err(failure)) => refuse(ctx, number, &failure),
        None => {}
    }
    Ok(())
}

pub fn now_ms(env: &Environment) -> f64 {
    (env.now_ns() / 1_000_000) as f64
}

fn new_client(ctx: Ctx, layer: &mut Layer, context: &Context) -> Result<ClientConnection, Failure> {
    let versions = context.versions();
    if versions.is_empty() {
        return Err(Failure::no_protocols_available());
    }
    let builder = ClientConfig::builder_with_details(context.provider(), Arc::new(Clock));
    let builder = builder.with_protocol_versions(&versions);
    let new_verifier = || {
        Arc::new(AnyCertificate {
            schemes: context.schemes.clone(),
            asks: true,
            needs: true,
        })
    };
    let tls = &Environment::of(ctx).tls;
    let verifier = if context.schemes == provider::SCHEMES {
        tls.verifier.get_or_init(new_verifier).clone()
    } else {
        new_verifier()
    };
    let keys = context.certified_keys();
    let keys = if keys.is_empty() {
        tls.nobody
            .get_or_init(|| Arc::new(Identities(keys)))
            .clone()
    } else {
        Arc::new(Identities(keys))
    };
    let mut config = builder
        .map_err(|error| Failure::of(&error, Vec::new()))?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_client_cert_resolver(keys);
    config.alpn_protocols.clone_from(&layer.protocols);
    *locked(&layer.sessions.offered) = layer.offered.clone();
    config.resumption = Resumption::store(layer.sessions.clone());
    if let Some(keys) = &layer.keys {
        config.key_log = keys.clone();
    }
    // Without a name nothing is said of one; sessions are kept beside, so any will do here.
    let name = layer.servername.clone();
    let name = name.and_then(|name| ServerName::try_from(name).ok());
    let name = name.unwrap_or(ServerName::IpAddress(
        std::net::IpAddr::from([127, 0, 0, 1]).into(),
    ));
    provider::within(ctx, || ClientConnection::new(Arc::new(config), name))
        .map_err(|error| Failure::of(&error, Vec::new()))
}

/// The greeting is here and the context is chosen.
pub fn accept(ctx: Ctx, number: u64) -> Js<()> {
    let env = Environment::of(ctx);
    let Some((object, context)) = with(env, number, |layer| {
        (layer.object.clone(), layer.context.clone())
    }) else {
        return Ok(());
    };
    let chosen = ctx.get(&object, "sni_context")?;
    let secure = context_of(ctx, &context)?;
    let mut keys = Vec::new();
    if chosen.is_object() {
        let Ok(chosen_context) = context_of(ctx, &chosen) else {
            let error = throw_new(ctx, "TypeError", "Invalid SNI context");
            return Err(error);
        };
        keys = chosen_context.with(ctx, |context| context.certified_keys())?;
        with(env, number, |layer| layer.chosen = Some(chosen));
    }
    let hello = with(env, number, |layer| {
        match std::mem::replace(&mut layer.stage, Stage::Failed) {
            Stage::Greeted(accepted) => Some(accepted),
            other => {
                layer.stage = other;
                None
            }
        }
    });
    let Some(Some(accepted)) = hello else {
        return Ok(());
    };
    let protocols = match chosen_protocol(ctx, number, &object, &accepted) {
        Ok(protocols) => protocols,
        Err(failure) => {
            refuse(ctx, number, &failure);
            return Ok(());
        }
    };
    let made = secure.with(ctx, |secure| {
        with(env, number, |layer| {
            let is_other = |own: &Arc<CertifiedKey>| {
                let kind = own.key.algorithm();
                keys.iter()
                    .all(|key: &Arc<CertifiedKey>| key.key.algorithm() != kind)
            };
            let own = secure.certified_keys().into_iter().filter(is_other);
            let all = own.chain(keys.iter().cloned()).collect();
            let client = accepted.client_hello();
            let offered = client.signature_schemes();
            let known = secure
                .schemes
                .iter()
                .filter(|scheme| offered.contains(scheme));
            layer.shared_schemes = known.copied().collect();
            let config = server_config(layer, secure, all, protocols)?;
            env.spend_ns(costs::CURVE_KEY_NS + costs::ASYMMETRIC_NS);
            provider::within(ctx, || accepted.into_connection(Arc::new(config))).map_err(
                |(error, mut alert)| {
                    let mut bytes = Vec::new();
                    alert.write_all(&mut bytes).expect("a vector takes all");
                    Failure::of(&error, bytes)
                },
            )
        })
    })?;
    match made {
        Some(Ok(connection)) => {
            with(env, number, |layer| {
                layer.run(Connection::Server(connection))
            });
        }
        Some(Err(failure)) => refuse(ctx, number, &failure),
        None => {}
    }
    Ok(())
}

/// What the script chooses among the client's protocols, where it wants to be asked.
fn chosen_protocol(
    ctx: Ctx,
    number: u64,
    object: &Value,
    accepted: &Accepted,
) -> Result<Vec<Vec<u8>>, Failure> {
    let env = Environment::of(ctx);
    let settings = with(env, number, |layer| {
        (layer.asks_script_of_protocol, layer.protocols.clone())
    });
    let (asks, own) = settings.unwrap_or_default();
    let hello = accepted.client_hello();
    let Some(offered) = hello
        .alpn()
        .map(|all| all.map(<[u8]>::to_vec).collect::<Vec<_>>())
    else {
        return Ok(own);
    };
    if !asks {
        return Ok(own);
    }
    let bytes: Vec<u8> = offered
        .iter()
        .flat_map(|name| [&[name.len() as u8], name.as_slice()].concat())
        .collect();
    let answer = callback::make_method(ctx, object, "ALPNCallback", &[new_buffer(ctx, &bytes)]);
    let offset = answer
        .filter(Value::is_number)
        .map(|at| at.as_f64() as usize);
    let chosen = offset.and_then(|offset| protocols_of(bytes.get(offset..)?).into_iter().next());
    chosen.map_or(Err(Failure::no_application_protocol()), |name| {
        Ok(vec![name])
    })
}

fn server_config(
    layer: &Layer,
    context: &Context,
    keys: Vec<Arc<CertifiedKey>>,
    protocols: Vec<Vec<u8>>,
) -> Result<ServerConfig, Failure> {
    let versions = context.versions();
    if versions.is_empty() {
        return Err(Failure::no_protocols_available());
    }
    if keys.is_empty() {
        return Err(Failure::no_signature());
    }
    let verifier = AnyCertificate {
        schemes: context.schemes.clone(),
        asks: layer.asks_certificate,
        needs: layer.needs_certificate,
    };
    let builder = ServerConfig::builder_with_details(context.provider(), Arc::new(Clock));
    let mut config = builder
        .with_protocol_versions(&versions)
        .map_err(|error| Failure::of(&error, Vec::new()))?
        .with_client_cert_verifier(Arc::new(verifier))
        .with_cert_resolver(Arc::new(Identities(keys)));
    config.alpn_protocols = protocols;
    config.ignore_client_order = context.prefers_own_order();
    config.session_storage = context.sessions.clone();
    if context.gives_tickets() {
        config.ticketer = context.ticketer();
    }
    if let Some(keys) = &layer.keys {
        config.key_log = keys.clone();
    }
    Ok(config)
}
