//! What Node's own JavaScript stands on: `internalBinding(name)` in Rust, one file for each binding or small family,
//! named as in Node's `src/`.
//!
//! `surface.json` and `surface_whole.json` are recorded from real Node (packages/node-lib/record.cjs): every name of
//! every binding, and the values of what is data. A binding starts as that record; the Rust side puts its functions over
//! it. What nobody put there throws an error that names it, so that nothing is missing in silence.

#[cfg(feature = "whole")]
pub mod addons;
pub mod async_wrap;
pub mod atomics;
pub mod blob;
#[cfg(feature = "whole")]
pub mod block_list;
pub mod bootstrap;
pub mod buffer;
pub mod builtins;
pub mod callback;
#[cfg(feature = "whole")]
pub mod cares_wrap;
pub mod code_cache;
pub mod contextify;
#[cfg(feature = "whole")]
pub mod contexts;
#[cfg(feature = "whole")]
pub mod coverage;
pub mod credentials;
#[cfg(feature = "whole")]
pub mod crypto;
pub mod dotenv;
pub mod environment;
pub mod errors;
pub mod fs;
pub mod fs_watch;
pub mod handle;
#[cfg(feature = "whole")]
pub mod histogram;
#[cfg(feature = "whole")]
pub mod http2;
#[cfg(feature = "whole")]
pub mod http_parser;
#[cfg(feature = "whole")]
mod http_scanner;
pub mod library;
pub mod messaging;
#[cfg(feature = "whole")]
pub mod middleware;
pub mod module_wrap;
pub mod names;
pub mod native;
#[cfg(feature = "whole")]
pub mod net;
pub mod os;
pub mod process;
#[cfg(feature = "whole")]
pub mod process_wrap;
pub mod requests;
#[cfg(feature = "whole")]
pub mod scripts;
pub mod serdes;
pub mod shared_memory;
pub mod signal;
pub mod small;
#[cfg(feature = "whole")]
pub mod spawn_sync;
pub mod string_decoder;
pub mod task_queue;
pub mod timers;
#[cfg(feature = "whole")]
pub mod tls_wrap;
pub mod trace;
pub mod typescript;
#[cfg(feature = "whole")]
pub mod udp_wrap;
pub mod util;
pub mod v8;
pub mod variables;
pub mod vfs;
#[cfg(feature = "whole")]
pub mod web_assembly;
pub mod worker;
#[cfg(feature = "whole")]
pub mod zlib;

use std::ffi::c_int;

use rquickjs::qjs::{self, JSContext, JSValue};

use crate::engine::value::{Ctx, Js, Value, c_string};

use self::{
    environment::{Environment, new_typed_array},
    native::{Call, Target, throw_new},
};

/// Bindings of what few lessons need, a name a line: the plain jar asks for the whole one when a program comes to them.
const WHOLE_ONLY: &str = include_str!("whole_only.txt");

const SURFACE: &str = include_str!("surface.json");
#[cfg(feature = "whole")]
const SURFACE_WHOLE: &str = include_str!("surface_whole.json");

/// What `internalBinding(name)` answers.
pub fn internal_binding(c: &Call) -> Js<Value> {
    let name = c.text(0)?;
    binding(c.ctx, &name)
}

pub fn binding(ctx: Ctx, name: &str) -> Js<Value> {
    let env = Environment::of(ctx);
    if let Some(binding) = env.bindings.borrow().get(name) {
        return Ok(binding.clone());
    }
    if cfg!(not(feature = "whole")) && WHOLE_ONLY.lines().any(|only| only == name) {
        env.library.want_whole_jar();
        return Err(ctx.throw_uncatchable());
    }
    // The library asks for these two by itself, so nothing recorded them.
    let is_bare = matches!(name, "trace" | "internal_only_v8")
        || cfg!(not(feature = "whole")) && name == "fs_event_wrap";
    let record = if is_bare {
        ctx.object()
    } else {
        ctx.get(&surface(ctx)?, name)?
    };
    if !record.is_object() {
        return Err(throw_new(ctx, "Error", &format!("No such binding: {name}")));
    }
    let object = hydrate(ctx, &record, &format!("internalBinding('{name}')"))?;
    env.bindings
        .borrow_mut()
        .insert(name.to_owned(), object.clone());
    let t = Target::new(ctx, object.clone());
    match name {
        "async_wrap" => async_wrap::initialize(ctx, &t)?,
        "buffer" => buffer::initialize(ctx, &t)?,
        "builtins" => builtins::initialize(ctx, &t)?,
        "contextify" => contextify::initialize(ctx, &t)?,
        #[cfg(feature = "whole")]
        "crypto" => crypto::initialize(ctx, &t)?,
        "errors" => errors::initialize(&t),
        "fs" => fs::initialize(ctx, &t)?,
        "messaging" => messaging::initialize(ctx, &t)?,
        "fs_dir" => fs::initialize_directories(&t),
        #[cfg(feature = "whole")]
        "fs_event_wrap" => fs_watch::initialize(&t),
        // All of fs loads it, and few programs watch.
        #[cfg(not(feature = "whole"))]
        "fs_event_wrap" => drop(t.class("FSEvent", contextify::want_whole_jar)),
        #[cfg(feature = "whole")]
        "http2" => http2::initialize(ctx, &t)?,
        #[cfg(feature = "whole")]
        "stream_pipe" => http2::pipe::initialize(&t),
        #[cfg(feature = "whole")]
        "http_parser" => http_parser::initialize(ctx, &t)?,
        "module_wrap" => module_wrap::initialize(ctx, &t)?,
        "serdes" => serdes::initialize(ctx, &t)?,
        "string_decoder" => string_decoder::initialize(&t),
        "blob" => blob::initialize(ctx, &t),
        "credentials" => credentials::initialize(&t),
        #[cfg(feature = "whole")]
        "block_list" => block_list::initialize(ctx, &t),
        #[cfg(feature = "whole")]
        "cares_wrap" => net::initialize_names(&t),
        #[cfg(feature = "whole")]
        "pipe_wrap" => net::initialize_pipes(ctx, &t)?,
        #[cfg(feature = "whole")]
        "stream_wrap" => net::initialize_streams(ctx, &t),
        #[cfg(feature = "whole")]
        "tcp_wrap" => net::initialize_tcp(ctx, &t)?,
        #[cfg(feature = "whole")]
        "udp_wrap" => udp_wrap::initialize(ctx, &t),
        #[cfg(feature = "whole")]
        "tls_wrap" => tls_wrap::initialize(ctx, &t)?,
        #[cfg(feature = "whole")]
        "js_stream" => tls_wrap::js_stream::initialize(ctx, &t)?,
        "os" => os::initialize(&t),
        "process_methods" => process::initialize(ctx, &t)?,
        "signal_wrap" => signal::initialize(&t),
        "task_queue" => task_queue::initialize(ctx, &t)?,
        "timers" => timers::initialize(ctx, &t),
        "trace" => trace::initialize(ctx, &t),
        "util" => util::initialize(ctx, &t)?,
        "internal_only_v8" => {
            t.value(
                "queryObjects",
                not_simulated(ctx, "internalBinding('internal_only_v8').queryObjects"),
            );
        }
        #[cfg(feature = "whole")]
        "process_wrap" => process_wrap::initialize(&t),
        #[cfg(feature = "whole")]
        "spawn_sync" => spawn_sync::initialize(&t),
        "worker" => worker::initialize(ctx, &t)?,
        #[cfg(feature = "whole")]
        "zlib" => zlib::initialize(&t),
        "v8" => v8::initialize(&t),
        "types" => util::initialize_types(&t),
        _ => small::initialize(ctx, name, &t)?,
    }
    Ok(object)
}

pub fn surface(ctx: Ctx) -> Js<Value> {
    let env = Environment::of(ctx);
    if let Some(surface) = env.surface.borrow().as_ref() {
        return Ok(surface.clone());
    }
    let surface = parse_json(ctx, SURFACE)?;
    #[cfg(feature = "whole")]
    {
        let more = parse_json(ctx, SURFACE_WHOLE)?;
        for name in keys(ctx, &more)? {
            ctx.set(&surface, &name, ctx.get(&more, &name)?);
        }
    }
    *env.surface.borrow_mut() = Some(surface.clone());
    Ok(surface)
}

pub fn parse_json(ctx: Ctx, text: &str) -> Js<Value> {
    let bytes = c_string(text);
    ctx.result(unsafe {
        qjs::JS_ParseJSON(
            ctx.0,
            bytes.as_ptr(),
            text.len() as _,
            c"surface.json".as_ptr(),
        )
    })
}

/// The keys of an object, in its order.
pub fn keys(ctx: Ctx, object: &Value) -> Js<Vec<String>> {
    let (mut table, mut count) = (std::ptr::null_mut(), 0);
    let flags = (qjs::JS_GPN_STRING_MASK | qjs::JS_GPN_ENUM_ONLY) as c_int;
    unsafe {
        if qjs::JS_GetOwnPropertyNames(ctx.0, &mut table, &mut count, object.raw(), flags) < 0 {
            return Err(crate::engine::value::Thrown);
        }
        let mut names = Vec::new();
        for index in 0..count as usize {
            let name = ctx.owned(qjs::JS_AtomToString(ctx.0, (*table.add(index)).atom));
            names.push(ctx.text(&name)?);
        }
        qjs::JS_FreePropertyEnum(ctx.0, table, count);
        Ok(names)
    }
}

/// Makes values of a record: see `data` in record.cjs.
pub fn hydrate(ctx: Ctx, record: &Value, path: &str) -> Js<Value> {
    if !record.is_object() {
        return Ok(record.clone());
    }
    if unsafe { qjs::JS_IsArray(record.raw()) } {
        let items = (0..ctx.length(record))
            .map(|index| hydrate(ctx, &ctx.at(record, index)?, path))
            .collect::<Js<Vec<_>>>()?;
        return Ok(ctx.array(items));
    }
    let kind = ctx.get(record, "$")?;
    if !kind.is_string() {
        let object = ctx.object();
        for key in keys(ctx, record)? {
            let value = hydrate(ctx, &ctx.get(record, &key)?, &format!("{path}.{key}"))?;
            ctx.set(&object, &key, value);
        }
        return Ok(object);
    }
    let value = ctx.get(record, "v")?;
    match ctx.text(&kind)?.as_str() {
        "undefined" => Ok(ctx.undefined()),
        "number" => Ok(ctx.number(match ctx.text(&value)?.as_str() {
            "Infinity" => f64::INFINITY,
            "-Infinity" => f64::NEG_INFINITY,
            _ => f64::NAN,
        })),
        "bigint" => {
            let number = ctx.text(&value)?.parse().unwrap_or(0);
            Ok(ctx.owned(unsafe { qjs::JS_NewBigInt64(ctx.0, number) }))
        }
        "symbol" => {
            let name = c_string(&ctx.text(&value)?);
            Ok(ctx.owned(unsafe { qjs::JS_NewSymbol(ctx.0, name.as_ptr(), false) }))
        }
        "map" => {
            let entries = hydrate(ctx, &value, path)?;
            construct(ctx, "Map", &[entries])
        }
        "function" => {
            let function = not_simulated(ctx, path);
            let methods = ctx.get(record, "methods")?;
            let prototype = ctx.object();
            for index in 0..ctx.length(&methods) {
                let method = ctx.text(&ctx.at(&methods, index)?)?;
                let path = format!("{path}.prototype.{method}");
                ctx.set(&prototype, &method, not_simulated(ctx, &path));
            }
            unsafe {
                qjs::JS_SetConstructorBit(ctx.0, function.raw(), true);
                qjs::JS_SetConstructor(ctx.0, function.raw(), prototype.raw());
            }
            Ok(function)
        }
        class => Ok(new_typed_array(ctx, class, value.as_f64() as u32)),
    }
}

pub fn construct(ctx: Ctx, class: &str, args: &[Value]) -> Js<Value> {
    let class = ctx.get(&ctx.global(), class)?;
    let mut raw: Vec<JSValue> = args.iter().map(Value::raw).collect();
    ctx.result(unsafe {
        qjs::JS_CallConstructor(ctx.0, class.raw(), raw.len() as c_int, raw.as_mut_ptr())
    })
}

/// A function that says what is missing.
fn not_simulated(ctx: Ctx, path: &str) -> Value {
    let mut data = [ctx.string(path).into_raw()];
    let function = ctx.owned(unsafe {
        qjs::JS_NewCFunctionData(ctx.0, Some(throw_not_simulated), 0, 0, 1, data.as_mut_ptr())
    });
    drop(ctx.owned(data[0]));
    function
}

unsafe extern "C" fn throw_not_simulated(
    ctx: *mut JSContext,
    _: JSValue,
    _: c_int,
    _: *mut JSValue,
    _: c_int,
    data: *mut JSValue,
) -> JSValue {
    let ctx = Ctx(ctx);
    let path = ctx.text_of(unsafe { *data }).unwrap_or_default();
    throw_new(
        ctx,
        "Error",
        &format!("{path} is not simulated by Terrarium yet"),
    );
    qjs::JS_EXCEPTION
}
