//! The bindings that need only a few functions, each by the file in Node's `src/` that it stands for.

use rquickjs::qjs;

use crate::engine::value::{Ctx, Js, Value, c_string};

use super::{
    buffer,
    environment::{Environment, bytes_of, copy_bytes, new_bytes},
    hydrate, keys,
    native::{Call, Target, throw_with_code},
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
        #[cfg(feature = "whole")]
        "wasm_web_api" => {
            t.with("setImplementation", super::web_assembly::set_implementation);
        }
        #[cfg(not(feature = "whole"))]
        "wasm_web_api" => {
            t.with("setImplementation", nothing);
        }
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
    t.with("getCLIOptionsInfo", |c| {
        if cfg!(not(feature = "whole")) {
            c.env().library.want_whole_jar();
            return Err(c.ctx.throw_uncatchable());
        }
        let record = c.ctx.get(&super::surface(c.ctx)?, "command_line_options")?;
        hydrate(c.ctx, &record, "options")
    })
    .with("getCLIOptionsValues", |c| {
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
    #[cfg(feature = "whole")]
    super::histogram::initialize(t);
    #[cfg(not(feature = "whole"))]
    {
        t.with("createELDHistogram", super::contextify::want_whole_jar);
        t.class("Histogram", super::contextify::want_whole_jar);
    }
    t.value(
        "observerCounts",
        env.shared(ctx, "observerCounts", "Uint32Array", 16),
    )
    .value(
        "milestones",
        env.shared(ctx, "milestones", "Float64Array", 8),
    )
    .with("now", |c| {
        let now_ns = c.env().now_ns() - c.env().started_ns.get();
        Ok(c.ctx.number(now_ns as f64 / 1e6))
    })
    .with("setupObservers", |c| {
        c.env().keep("observerCallback", c.arg(0));
        c.undefined()
    })
    .with("markBootstrapComplete", nothing)
    .with("installGarbageCollectionTracking", nothing)
    .with("removeGarbageCollectionTracking", nothing)
    .with("notify", nothing)
    .with("loopIdleTime", |c| {
        let idle_ns = c.env().place().remote.idle_ns.get();
        Ok(c.ctx.number(idle_ns as f64 / 1e6))
    });
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
        let name = host_text(c, 0)?;
        Ok(c.ctx
            .string(&idna::domain_to_ascii(&name).unwrap_or_default()))
    })
    .with("toUnicode", |c| {
        Ok(c.ctx.string(&idna::domain_to_unicode(&host_text(c, 0)?).0))
    });
}

/// The argument's text, which names a host or has a name of one in it. The plain jar knows hosts in ASCII only and asks
/// for the whole one where there may be another: no harm when that was not needed.
fn host_text(c: &Call, index: usize) -> Js<String> {
    let text = c.text(index)?;
    let behind_scheme = match text.split_once(':') {
        Some((scheme, rest))
            if scheme
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte)) =>
        {
            rest
        }
        _ => &text,
    };
    let authority = behind_scheme
        .trim_start_matches(['/', '\\'])
        .split(['/', '\\', '?', '#'])
        .next()
        .unwrap_or_default();
    let is_file = text.starts_with("file:///");
    let is_plain = authority.is_ascii()
        && !authority.contains(['%', '\t', '\n', '\r'])
        && !authority.to_ascii_lowercase().contains("xn--");
    if cfg!(not(feature = "whole")) && !is_file && !is_plain {
        c.env().library.want_whole_jar();
        return Err(c.ctx.throw_uncatchable());
    }
    Ok(text)
}

/// `src/node_url.cc`, on the crate `url`; the components are ada's `url_aggregator`'s.
fn url_binding(ctx: Ctx, t: &Target) {
    let env = Environment::of(ctx);
    // HTTP/2 alone asks for it.
    #[cfg(feature = "whole")]
    t.with("getOrigin", |c| {
        let parsed = url::Url::parse(&host_text(c, 0)?);
        let Ok(parsed) = parsed else {
            return Err(throw_with_code(
                c.ctx,
                "TypeError",
                "ERR_INVALID_URL",
                "Invalid URL",
            ));
        };
        Ok(c.ctx.string(&parsed.origin().ascii_serialization()))
    });
    t.value(
        "urlComponents",
        env.shared(ctx, "urlComponents", "Uint32Array", 9),
    )
    .with("parse", |c| {
        let (input, base) = (host_text(c, 0)?, c.arg(1));
        let parsed = if base.is_undefined() {
            url::Url::parse(&input)
        } else {
            url::Url::parse(&host_text(c, 1)?).and_then(|base| base.join(&input))
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
        let (input, base) = (host_text(c, 0)?, c.arg(1));
        let fits = if base.is_undefined() {
            url::Url::parse(&input).is_ok()
        } else {
            url::Url::parse(&host_text(c, 1)?)
                .and_then(|base| base.join(&input))
                .is_ok()
        };
        Ok(c.ctx.bool(fits))
    })
    .with("domainToASCII", |c| {
        let host = url::Host::parse(&host_text(c, 0)?)
            .map(|host| host.to_string())
            .unwrap_or_default();
        Ok(c.ctx.string(&host))
    })
    .with("domainToUnicode", |c| {
        let host = url::Host::parse(&host_text(c, 0)?)
            .map(|host| idna::domain_to_unicode(&host.to_string()).0);
        Ok(c.ctx.string(&host.unwrap_or_default()))
    })
    // `format(href, fragment, unicode, search, auth)`
    .with("format", |c| {
        use url::Position::*;
        let href = host_text(c, 0)?;
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
        let Ok(mut url) = url::Url::parse(&host_text(c, 0)?) else {
            return Ok(c.ctx.bool(false));
        };
        let value = host_text(c, 2)?;
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

pub fn get_by_symbol(ctx: Ctx, object: &Value, symbol: &Value) -> Js<Value> {
    unsafe {
        let atom = qjs::JS_ValueToAtom(ctx.0, symbol.raw());
        let value = ctx.result(qjs::JS_GetProperty(ctx.0, object.raw(), atom));
        qjs::JS_FreeAtom(ctx.0, atom);
        value
    }
}
