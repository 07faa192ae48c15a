//! The bindings that need only a few functions, each by the file in Node's `src/` that it stands for.

use rquickjs::qjs;

use crate::engine::value::{Ctx, Js, Value, c_string};

use super::{
    buffer,
    environment::{Environment, bytes_of, copy_bytes, new_bytes},
    hydrate, keys,
    native::{Call, Target, class, throw_with_code},
};

pub fn json_text(ctx: Ctx, value: &Value) -> Js<String> {
    let text = ctx.result(unsafe {
        qjs::JS_JSONStringify(ctx.0, value.raw(), qjs::JS_UNDEFINED, qjs::JS_UNDEFINED)
    })?;
    ctx.text(&text)
}

pub fn initialize(ctx: Ctx, name: &str, t: &Target) -> Js<()> {
    match name {
        "config" => {
            // No inspector and no ICU in this world: the library has a way of its own for each.
            for absent in ["hasInspector", "hasIntl", "hasTracing", "fipsMode"] {
                t.value(absent, ctx.bool(false));
            }
            t.with("getDefaultLocale", |c| Ok(c.ctx.string("en-US")));
        }
        "constants" => {
            for table in keys(ctx, &t.object)? {
                seal_table(ctx, &ctx.get(&t.object, &table)?)?;
            }
        }
        "options" => options(ctx, t)?,
        "trace_events" => {
            let env = Environment::of(ctx);
            let buffer = env.shared(ctx, "traceCategory", "Uint8Array", 1);
            env.keep("traceCategoryBuffer", buffer);
            t.with("trace", nothing)
                .with("isTraceCategoryEnabled", |c| Ok(c.ctx.bool(false)))
                .with("setTraceCategoryStateUpdateHandler", nothing)
                .with("getCategoryEnabledBuffer", |c| {
                    Ok(c.env()
                        .kept("traceCategoryBuffer")
                        .unwrap_or_else(|| c.ctx.undefined()))
                })
                .with("getEnabledCategories", nothing);
        }
        "mksnapshot" => {
            t.with("setSerializeCallback", nothing)
                .with("setDeserializeCallback", nothing)
                .with("setDeserializeMainFunction", nothing)
                .with("runEmbedderPreload", nothing);
        }
        // The streams of a simulated process are pipes.
        "tty_wrap" => {
            t.with("isTTY", |c| Ok(c.ctx.bool(false)));
        }
        "performance" => performance(ctx, t),
        "report" => report(ctx, t),
        "permission" => {
            t.with("has", |c| Ok(c.ctx.bool(true)));
        }
        "inspector" => {
            t.with("setConsoleExtensionInstaller", nothing)
                .with("isEnabled", |c| Ok(c.ctx.bool(false)))
                .with("registerAsyncHook", nothing)
                .value("console", ctx.object());
        }
        "wasm_web_api" => {
            t.with("setImplementation", nothing);
        }
        "worker" => {
            t.with("getEnvMessagePort", nothing);
            t.value("isInternalThread", ctx.bool(false)).value(
                "resourceLimits",
                super::environment::new_typed_array(ctx, "Float64Array", 4),
            );
        }
        "messaging" => messaging(ctx, t)?,
        "uv" => {
            t.with("errname", |c| {
                let name = format!("{}", c.number(0));
                let map = c
                    .ctx
                    .get(&c.ctx.get(&super::surface(c.ctx)?, "uv")?, "errorMap")?;
                let entries = c.ctx.get(&map, "v")?;
                for index in 0..c.ctx.length(&entries) {
                    let entry = c.ctx.at(&entries, index)?;
                    if format!("{}", c.ctx.at(&entry, 0)?.as_f64()) == name {
                        return c.ctx.at(&c.ctx.at(&entry, 1)?, 0);
                    }
                }
                Ok(c.ctx.string(&format!("Unknown system error {name}")))
            })
            .with("getErrorMap", |c| {
                let map = c
                    .ctx
                    .get(&c.ctx.get(&super::surface(c.ctx)?, "uv")?, "errorMap")?;
                hydrate(c.ctx, &map, "uv.errorMap")
            });
        }
        "encoding_binding" => encoding(ctx, t),
        "url" => url_binding(ctx, t),
        "cares_wrap" => {
            t.with("getaddrinfo", |c| Ok(c.ctx.number(-3008.0)));
            let channel = t.class("ChannelWrap", |c| c.construct(()));
            channel.with("setServers", nothing).with("cancel", nothing);
        }
        _ => {}
    }
    Ok(())
}

/// What of `src/node_report_module.cc` can be set; reports themselves are not simulated.
fn report(ctx: Ctx, t: &Target) {
    let settings = ctx.object();
    for (name, value) in [
        ("compact", ctx.bool(false)),
        ("excludeNetwork", ctx.bool(false)),
        ("directory", ctx.string("")),
        ("filename", ctx.string("")),
        ("signal", ctx.string("SIGUSR2")),
        ("onFatalError", ctx.bool(false)),
        ("onSignal", ctx.bool(false)),
        ("onUncaughtException", ctx.bool(false)),
    ] {
        ctx.set(&settings, name, value);
    }
    Environment::of(ctx).keep("reportSettings", settings);
    macro_rules! settings {
        ($($get:literal $set:literal $name:literal;)*) => {
            $(t.with($get, |c| report_setting(c, $name)).with($set, |c| set_report_setting(c, $name));)*
        };
    }
    settings! {
        "getCompact" "setCompact" "compact"; "getExcludeNetwork" "setExcludeNetwork" "excludeNetwork";
        "getDirectory" "setDirectory" "directory"; "getFilename" "setFilename" "filename";
        "getSignal" "setSignal" "signal"; "shouldReportOnFatalError" "setReportOnFatalError" "onFatalError";
        "shouldReportOnSignal" "setReportOnSignal" "onSignal";
        "shouldReportOnUncaughtException" "setReportOnUncaughtException" "onUncaughtException";
    }
}

fn report_setting(c: &Call, name: &str) -> Js<Value> {
    let settings = c
        .env()
        .kept("reportSettings")
        .unwrap_or_else(|| c.ctx.object());
    c.ctx.get(&settings, name)
}

fn set_report_setting(c: &Call, name: &str) -> Js<Value> {
    if let Some(settings) = c.env().kept("reportSettings") {
        c.ctx.set(&settings, name, c.arg(0));
    }
    c.undefined()
}

/// `NODE_DEFINE_CONSTANT`: numbers that nobody can change, in an object without a prototype.
fn seal_table(ctx: Ctx, table: &Value) -> Js<()> {
    for name in keys(ctx, table)? {
        let value = ctx.get(table, &name)?;
        if value.is_object() {
            seal_table(ctx, &value)?;
            continue;
        }
        let name = c_string(&name);
        let flags = qjs::JS_PROP_ENUMERABLE as i32;
        // SAFETY: the table is an object of this context, and takes the value.
        unsafe {
            qjs::JS_DefinePropertyValueStr(
                ctx.0,
                table.raw(),
                name.as_ptr(),
                value.into_raw(),
                flags,
            );
        }
    }
    // SAFETY: as before.
    unsafe { qjs::JS_SetPrototype(ctx.0, table.raw(), ctx.null().raw()) };
    Ok(())
}

fn nothing(c: &Call) -> Js<Value> {
    c.undefined()
}

/// `src/node_options.cc`.
fn options(ctx: Ctx, t: &Target) -> Js<()> {
    let recorded = ctx.get(&ctx.get(&super::surface(ctx)?, "options")?, "values")?;
    let values = hydrate(ctx, &recorded, "options")?;
    ctx.set(&values, "--expose-internals", ctx.bool(false));
    ctx.set(&values, "--warnings", ctx.bool(true));
    let env = Environment::of(ctx);
    env.keep("optionValues", values);
    let embedder = ctx.object();
    for (name, value) in [
        ("shouldNotRegisterESMLoader", false),
        ("noGlobalSearchPaths", false),
        ("noBrowserGlobals", false),
        ("hasEmbedderPreload", false),
    ] {
        ctx.set(&embedder, name, ctx.bool(value));
    }
    env.keep("embedderOptions", embedder);
    t.with("getCLIOptionsValues", |c| {
        Ok(c.env()
            .kept("optionValues")
            .unwrap_or_else(|| c.ctx.undefined()))
    })
    .with("getEmbedderOptions", |c| {
        Ok(c.env()
            .kept("embedderOptions")
            .unwrap_or_else(|| c.ctx.undefined()))
    });
    Ok(())
}

/// `src/node_perf.cc`. Milestones are nanoseconds of virtual time.
fn performance(ctx: Ctx, t: &Target) {
    let env = Environment::of(ctx);
    t.value(
        "observerCounts",
        env.shared(ctx, "observerCounts", "Uint32Array", 16),
    )
    .value(
        "milestones",
        env.shared(ctx, "milestones", "Float64Array", 8),
    )
    .with("now", |c| Ok(c.ctx.number(c.env().now_ns() as f64 / 1e6)))
    .with("setupObservers", |c| {
        c.env().keep("observerCallback", c.arg(0));
        c.undefined()
    })
    .with("markBootstrapComplete", nothing)
    .with("installGarbageCollectionTracking", nothing)
    .with("removeGarbageCollectionTracking", nothing)
    .with("notify", nothing)
    .with("loopIdleTime", |c| Ok(c.ctx.number(0.0)));
}

/// `src/encoding_binding.cc`.
fn encoding(ctx: Ctx, t: &Target) {
    let env = Environment::of(ctx);
    t.value(
        "encodeIntoResults",
        env.shared(ctx, "encodeIntoResults", "Uint32Array", 2),
    )
    .with("encodeUtf8String", |c| {
        Ok(new_bytes(c.ctx, &buffer::utf8_of(c.ctx, &c.arg(0))?))
    })
    .with("encodeInto", |c| {
        let text = String::from_utf8_lossy(&buffer::utf8_of(c.ctx, &c.arg(0))?).into_owned();
        let target = c.arg(1);
        let (bytes, room) = bytes_of(c.ctx, &target);
        let (mut read, mut written) = (0, 0);
        for character in text.chars() {
            if written + character.len_utf8() > room {
                break;
            }
            written += character.len_utf8();
            read += character.len_utf16();
        }
        unsafe { std::ptr::copy_nonoverlapping(text.as_ptr(), bytes, written) };
        c.env().set_u32("encodeIntoResults", 0, read as u32);
        c.env().set_u32("encodeIntoResults", 1, written as u32);
        c.undefined()
    })
    .with("decodeUTF8", |c| {
        let bytes = copy_bytes(c.ctx, &c.arg(0))?;
        let bytes = if c.truthy(1) {
            &bytes[..]
        } else {
            bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes)
        };
        if c.truthy(2) && std::str::from_utf8(bytes).is_err() {
            return Err(throw_with_code(
                c.ctx,
                "TypeError",
                "ERR_ENCODING_INVALID_ENCODED_DATA",
                "The encoded data was not valid for encoding utf-8",
            ));
        }
        Ok(c.ctx.string(&String::from_utf8_lossy(bytes)))
    })
    .with("toASCII", |c| {
        Ok(c.ctx
            .string(&idna::domain_to_ascii(&c.text(0)?).unwrap_or_default()))
    })
    .with("toUnicode", |c| {
        Ok(c.ctx.string(&idna::domain_to_unicode(&c.text(0)?).0))
    });
}

/// `src/node_url.cc`, on the crate `url`; the components are ada's `url_aggregator`'s.
fn url_binding(ctx: Ctx, t: &Target) {
    let env = Environment::of(ctx);
    t.value(
        "urlComponents",
        env.shared(ctx, "urlComponents", "Uint32Array", 9),
    )
    .with("parse", |c| {
        let (input, base) = (c.text(0)?, c.arg(1));
        let parsed = if base.is_undefined() {
            url::Url::parse(&input)
        } else {
            url::Url::parse(&c.ctx.text(&base)?).and_then(|base| base.join(&input))
        };
        match parsed {
            Ok(url) => Ok(publish(c, &url)),
            Err(_) if c.truthy(2) => {
                let thrown = throw_with_code(c.ctx, "TypeError", "ERR_INVALID_URL", "Invalid URL");
                let error = c.ctx.take_exception();
                c.ctx.set(&error, "input", c.ctx.string(&input));
                if !base.is_undefined() {
                    c.ctx.set(&error, "base", base);
                }
                let _ = thrown;
                Err(c.ctx.throw(error))
            }
            Err(_) => c.undefined(),
        }
    })
    .with("canParse", |c| {
        let (input, base) = (c.text(0)?, c.arg(1));
        let fits = if base.is_undefined() {
            url::Url::parse(&input).is_ok()
        } else {
            url::Url::parse(&c.ctx.text(&base)?)
                .and_then(|base| base.join(&input))
                .is_ok()
        };
        Ok(c.ctx.bool(fits))
    })
    .with("domainToASCII", |c| {
        let host = url::Host::parse(&c.text(0)?)
            .map(|host| host.to_string())
            .unwrap_or_default();
        Ok(c.ctx.string(&host))
    })
    .with("domainToUnicode", |c| {
        let host =
            url::Host::parse(&c.text(0)?).map(|host| idna::domain_to_unicode(&host.to_string()).0);
        Ok(c.ctx.string(&host.unwrap_or_default()))
    })
    // `format(href, fragment, unicode, search, auth)`
    .with("format", |c| {
        use url::Position::*;
        let href = c.text(0)?;
        let Ok(url) = url::Url::parse(&href) else {
            return Ok(c.ctx.string(&href));
        };
        let mut text = url[..BeforeUsername].to_owned();
        if c.truthy(4) {
            text += &url[BeforeUsername..BeforeHost];
        }
        match url.host() {
            Some(url::Host::Domain(domain)) if c.truthy(2) => {
                text += &idna::domain_to_unicode(domain).0
            }
            _ => text += &url[BeforeHost..AfterHost],
        }
        text += &url[AfterHost..AfterPath];
        if c.truthy(3) {
            text += &url[AfterPath..AfterQuery];
        }
        if c.truthy(1) {
            text += &url[AfterQuery..];
        }
        Ok(c.ctx.string(&text))
    })
    .with("update", |c| {
        let Ok(mut url) = url::Url::parse(&c.text(0)?) else {
            return Ok(c.ctx.bool(false));
        };
        let value = c.text(2)?;
        // internal/url.js: updateActions.
        match c.number(1) as u32 {
            0 => drop(url::quirks::set_protocol(&mut url, &value)),
            1 => drop(url::quirks::set_host(&mut url, &value)),
            2 => drop(url::quirks::set_hostname(&mut url, &value)),
            3 => drop(url::quirks::set_port(&mut url, &value)),
            4 => drop(url::quirks::set_username(&mut url, &value)),
            5 => drop(url::quirks::set_password(&mut url, &value)),
            6 => url::quirks::set_pathname(&mut url, &value),
            7 => url::quirks::set_search(&mut url, &value),
            8 => url::quirks::set_hash(&mut url, &value),
            _ => match url::Url::parse(&value) {
                Ok(other) => url = other,
                Err(_) => return Ok(c.ctx.bool(false)),
            },
        }
        Ok(publish(c, &url))
    });
}

fn publish(c: &Call, url: &url::Url) -> Value {
    use url::Position::*;
    const OMITTED: u32 = u32::MAX;
    let at = |position| url[..position].len() as u32;
    let scheme_end = url.scheme().len() as u32 + 1;
    let has_authority = url.has_authority();
    let start = if has_authority {
        scheme_end + 2
    } else {
        scheme_end
    };
    let (username_end, host_start) =
        if !has_authority || (url.username().is_empty() && url.password().is_none()) {
            (start, start)
        } else {
            (at(AfterUsername), at(BeforeHost) - 1)
        };
    let components = [
        scheme_end,
        username_end,
        host_start,
        if has_authority { at(AfterHost) } else { start },
        url.port().map_or(OMITTED, u32::from),
        at(BeforePath),
        url.query().map_or(OMITTED, |_| at(BeforeQuery) - 1),
        url.fragment().map_or(OMITTED, |_| at(BeforeFragment) - 1),
        match url.scheme() {
            "http" => 0,
            "https" => 2,
            "ws" => 3,
            "ftp" => 4,
            "wss" => 5,
            "file" => 6,
            _ => 1,
        },
    ];
    for (index, component) in components.into_iter().enumerate() {
        c.env().set_u32("urlComponents", index, component);
    }
    c.ctx.string(url.as_str())
}

/// `src/node_messaging.cc`: ports inside one process. What is posted is shared, not cloned, so far: objects that are
/// posted must not be changed afterwards.
fn messaging(ctx: Ctx, t: &Target) -> Js<()> {
    let env = Environment::of(ctx);
    if let Some(exports) = env.kept("domexception") {
        t.value("DOMException", ctx.get(&exports, "DOMException")?);
    }
    t.with("setDeserializerCreateFunction", nothing)
        .with("setDeserializerCreateObjectFunction", nothing)
        .with("stopMessagePort", nothing)
        .with("exposeLazyDOMExceptionProperty", |c| {
            let exports = c
                .env()
                .kept("domexception")
                .unwrap_or_else(|| c.ctx.object());
            c.ctx.set(
                &c.arg(0),
                "DOMException",
                c.ctx.get(&exports, "DOMException")?,
            );
            c.undefined()
        });
    t.class("JSTransferable", |c| c.construct(()));
    let port = t.class("MessagePort", |c| c.construct(()));
    port.with("postMessage", |c| {
        let other = c.ctx.get(&c.this(), "__other")?;
        let message = c.arg(0);
        let already = c.ctx.get(&other, "__started")?;
        let queue = c.ctx.get(&other, "__queue")?;
        let push = c.ctx.get(&queue, "push")?;
        c.ctx.call(&push, &queue, &[message])?;
        if already.truthy() {
            deliver_later(c.ctx, other);
        }
        c.undefined()
    })
    .with("start", |c| {
        let this = c.this();
        if !c.ctx.get(&this, "__started")?.truthy() {
            c.ctx.set(&this, "__started", c.ctx.bool(true));
            let waiting = c.ctx.length(&c.ctx.get(&this, "__queue")?);
            for _ in 0..waiting {
                deliver_later(c.ctx, this.clone());
            }
        }
        c.undefined()
    })
    .with("close", |c| {
        let this = c.this();
        for port in [c.ctx.get(&this, "__other")?, this] {
            c.env().requests.close(move |ctx| {
                let symbols = super::binding(ctx, "symbols");
                if let Ok(symbol) = symbols.and_then(|symbols| ctx.get(&symbols, "handle_onclose"))
                    && let Ok(function) = get_by_symbol(ctx, &port, &symbol)
                    && function.is_function()
                {
                    super::callback::make(ctx, &function, &port, &[]);
                }
            });
        }
        c.undefined()
    })
    .with("drain", nothing)
    .with("ref", nothing)
    .with("unref", nothing)
    .with("hasRef", |c| Ok(c.ctx.bool(false)));
    t.with("receiveMessageOnPort", |c| {
        let queue = match c.arg(0) {
            port if port.is_object() => c.ctx.get(&port, "__queue")?,
            _ => c.ctx.undefined(),
        };
        if !queue.is_object() {
            let text = "The \"port\" argument must be a MessagePort instance";
            return Err(throw_with_code(
                c.ctx,
                "TypeError",
                "ERR_INVALID_ARG_TYPE",
                text,
            ));
        }
        if c.ctx.length(&queue) == 0 {
            return c
                .ctx
                .get(&super::binding(c.ctx, "symbols")?, "no_message_symbol");
        }
        let shift = c.ctx.get(&queue, "shift")?;
        c.ctx.call(&shift, &queue, &[])
    });
    let channel = class(ctx, "MessageChannel", |c| {
        let pair = c.construct(())?;
        let binding = super::binding(c.ctx, "messaging")?;
        let port = c.ctx.get(&binding, "MessagePort")?;
        let prototype = c.ctx.get(&port, "prototype")?;
        let make = || {
            let made = c.ctx.owned(unsafe {
                qjs::JS_NewObjectProtoClass(c.ctx.0, prototype.raw(), c.env().handle_class)
            });
            c.ctx.set(&made, "__queue", c.ctx.array([]));
            super::async_wrap::adopt(c.ctx, &made, "MESSAGEPORT");
            made
        };
        let (one, two) = (make(), make());
        c.ctx.set(&one, "__other", two.clone());
        c.ctx.set(&two, "__other", one.clone());
        let symbols = super::binding(c.ctx, "symbols")?;
        let oninit = c.ctx.get(&symbols, "oninit")?;
        for port in [&one, &two] {
            let function = get_by_symbol(c.ctx, port, &oninit)?;
            if function.is_function() {
                c.ctx.call(&function, port, &[])?;
            }
        }
        c.ctx.set(&pair, "port1", one);
        c.ctx.set(&pair, "port2", two);
        Ok(pair)
    });
    t.value("MessageChannel", channel);
    Ok(())
}

pub fn get_by_symbol(ctx: Ctx, object: &Value, symbol: &Value) -> Js<Value> {
    unsafe {
        let atom = qjs::JS_ValueToAtom(ctx.0, symbol.raw());
        let value = ctx.result(qjs::JS_GetProperty(ctx.0, object.raw(), atom));
        qjs::JS_FreeAtom(ctx.0, atom);
        value
    }
}

fn deliver_later(ctx: Ctx, port: Value) {
    Environment::of(ctx).answer_after(0, true, move |ctx| {
        let take = || -> Js<Option<(Value, Value)>> {
            let queue = ctx.get(&port, "__queue")?;
            // receiveMessageOnPort may have taken it.
            if ctx.length(&queue) == 0 {
                return Ok(None);
            }
            let shift = ctx.get(&queue, "shift")?;
            let message = ctx.call(&shift, &queue, &[])?;
            let exports = Environment::of(ctx)
                .kept("messageport")
                .unwrap_or_else(|| ctx.object());
            Ok(Some((message, ctx.get(&exports, "emitMessage")?)))
        };
        if let Ok(Some((message, emit))) = take() {
            let ids = super::async_wrap::ids_of(ctx, &port);
            let args = [message, ctx.array([]), ctx.string("message")];
            super::callback::make_as(ctx, &emit, &port, &args, ids, Some(&port));
        }
    });
}
