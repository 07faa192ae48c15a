//! Files as Node's `fs` asks for them (`src/node_file.cc`): each operation once, in three forms. With an FSReqCallback
//! it is work for the pool and calls `oncomplete`; with `kUsePromises` it is the same with a promise; else it is done at
//! once and throws, or fills the context object that older call sites hand over.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use protocol::{Stream, trace::PoolWork};
use rquickjs::qjs::{self, JSValue};

use crate::engine::value::{Ctx, Js, Value};

use super::{
    async_wrap, bootstrap,
    buffer::{self, Encoding},
    callback,
    environment::{Environment, bytes_of, new_typed_array},
    fs_watch, messaging,
    native::{Call, Target, throw_new},
    vfs::{Code, Content, FileSystem, Inode},
};

pub const STAT_FIELDS: usize = 18;
/// What an operation takes in the pool.
pub const WORK_NS: u64 = 60_000;

/// For operations that have only the form that is done at once.
const NEVER_LATER: usize = 1 << 20;

struct Failure {
    code: Code,
    syscall: &'static str,
    path: Option<String>,
    dest: Option<String>,
}

/// What an operation found, before it is a JavaScript value.
enum Found {
    Nothing,
    Number(f64),
    Text(String),
    /// A name of the file system, in the encoding that was asked for.
    Name(String, NameForm),
    Stat(Box<[f64; STAT_FIELDS]>),
    BigStat(Box<[f64; STAT_FIELDS]>),
    Names(Vec<(String, u32)>, bool, NameForm),
    /// Names and kinds in turn, as a folder that is open gives them; nothing when there are no more.
    Entries(Vec<(String, u32)>, NameForm),
    /// Bytes for buffers that the program handed over.
    Fill(Vec<Value>, Vec<u8>),
    Handle(i32),
    Folder(String),
    Space(bool, f64),
}

/// `StringBytes::Encode` of a name.
#[derive(Clone, Copy)]
enum NameForm {
    Buffer,
    Text(Encoding),
}

impl NameForm {
    fn of(c: &Call, index: usize) -> Js<Self> {
        let value = c.arg(index);
        if !value.is_string() {
            return Ok(Self::Text(Encoding::Utf8));
        }
        let name = c.ctx.text(&value)?;
        Ok(if name == "buffer" {
            Self::Buffer
        } else {
            Self::Text(Encoding::from_name(&name))
        })
    }

    fn value(self, ctx: Ctx, name: &str) -> Value {
        match self {
            Self::Buffer => buffer::new_buffer(ctx, name.as_bytes()),
            Self::Text(Encoding::Utf8) => ctx.string(name),
            Self::Text(encoding) => buffer::decode(ctx, name.as_bytes(), encoding),
        }
    }
}

type Outcome = Result<Found, Failure>;

fn failed(syscall: &'static str, path: &str) -> impl Fn(Code) -> Failure {
    move |code| Failure {
        code,
        syscall,
        path: Some(path.to_owned()),
        dest: None,
    }
}

fn failed_fd(syscall: &'static str) -> impl Fn(Code) -> Failure {
    move |code| Failure {
        code,
        syscall,
        path: None,
        dest: None,
    }
}

fn failed_two(syscall: &'static str, path: &str, dest: &str) -> impl Fn(Code) -> Failure {
    move |code| Failure {
        code,
        syscall,
        path: Some(path.to_owned()),
        dest: Some(dest.to_owned()),
    }
}

/// libuv's number and words for a code.
pub fn errno_of(code: Code) -> (i32, &'static str) {
    match code {
        "EPERM" => (-1, "operation not permitted"),
        "ENOENT" => (-2, "no such file or directory"),
        "EBADF" => (-9, "bad file descriptor"),
        "EACCES" => (-13, "permission denied"),
        "EEXIST" => (-17, "file already exists"),
        "ENAMETOOLONG" => (-36, "name too long"),
        "ENOTDIR" => (-20, "not a directory"),
        "EISDIR" => (-21, "illegal operation on a directory"),
        "EINVAL" => (-22, "invalid argument"),
        "EMFILE" => (-24, "too many open files"),
        "ENOSPC" => (-28, "no space left on device"),
        "ENOTEMPTY" => (-39, "directory not empty"),
        "ELOOP" => (-40, "too many symbolic links encountered"),
        _ => (-5, "i/o error"),
    }
}

impl Failure {
    fn error(&self, ctx: Ctx) -> Value {
        uv_exception(
            ctx,
            self.code,
            self.syscall,
            self.path.as_deref(),
            self.dest.as_deref(),
        )
    }
}

/// `UVException`.
pub fn uv_exception(
    ctx: Ctx,
    code: Code,
    syscall: &str,
    path: Option<&str>,
    dest: Option<&str>,
) -> Value {
    let (errno, words) = errno_of(code);
    let mut message = format!("{code}: {words}, {syscall}");
    if let Some(path) = path {
        message += &format!(" '{path}'");
    }
    if let Some(dest) = dest {
        message += &format!(" -> '{dest}'");
    }
    throw_new(ctx, "Error", &message);
    let error = ctx.take_exception();
    ctx.set(&error, "errno", ctx.number(f64::from(errno)));
    ctx.set(&error, "code", ctx.string(code));
    ctx.set(&error, "syscall", ctx.string(syscall));
    if let Some(path) = path {
        ctx.set(&error, "path", ctx.string(path));
    }
    if let Some(dest) = dest {
        ctx.set(&error, "dest", ctx.string(dest));
    }
    error
}

impl Found {
    fn value(self, ctx: Ctx, shared: bool) -> Value {
        match self {
            Self::Nothing => ctx.undefined(),
            Self::Number(number) => ctx.number(number),
            Self::Text(text) => ctx.string(&text),
            Self::Name(name, form) => form.value(ctx, &name),
            Self::Stat(fields) => {
                let array = if shared {
                    Environment::of(ctx).shared(
                        ctx,
                        "statValues",
                        "Float64Array",
                        2 * STAT_FIELDS as u32,
                    )
                } else {
                    new_typed_array(ctx, "Float64Array", STAT_FIELDS as u32)
                };
                let (bytes, _) = bytes_of(ctx, &array);
                for (index, field) in fields.iter().enumerate() {
                    unsafe { *bytes.cast::<f64>().add(index) = *field };
                }
                array
            }
            Self::BigStat(fields) => {
                let array = new_typed_array(ctx, "BigInt64Array", STAT_FIELDS as u32);
                let (bytes, _) = bytes_of(ctx, &array);
                for (index, field) in fields.iter().enumerate() {
                    unsafe { *bytes.cast::<i64>().add(index) = *field as i64 };
                }
                array
            }
            Self::Names(names, with_types, form) => {
                let list: Vec<_> = names
                    .iter()
                    .map(|(name, _)| form.value(ctx, name))
                    .collect();
                let list = ctx.array(list);
                if !with_types {
                    return list;
                }
                let kinds: Vec<_> = names
                    .iter()
                    .map(|(_, kind)| ctx.number(f64::from(*kind)))
                    .collect();
                ctx.array([list, ctx.array(kinds)])
            }
            Self::Entries(names, form) => {
                if names.is_empty() {
                    return ctx.null();
                }
                let pairs: Vec<_> = names
                    .iter()
                    .flat_map(|(name, kind)| [form.value(ctx, name), ctx.number(f64::from(*kind))])
                    .collect();
                ctx.array(pairs)
            }
            Self::Fill(targets, data) => {
                let mut rest = &data[..];
                for target in &targets {
                    let (bytes, length) = bytes_of(ctx, target);
                    let count = rest.len().min(length);
                    unsafe { std::ptr::copy_nonoverlapping(rest.as_ptr(), bytes, count) };
                    rest = &rest[count..];
                }
                ctx.number((data.len() - rest.len()) as f64)
            }
            Self::Folder(path) => new_directory_handle(ctx, &path),
            // Type (ext4), block size, blocks, free, available, inodes, free inodes.
            Self::Space(big, files) => {
                let fields = [
                    61_267.0,
                    4096.0,
                    16_777_216.0,
                    8_388_608.0,
                    8_388_608.0,
                    4_194_304.0,
                    4_194_304.0 - files,
                ];
                let array = new_typed_array(
                    ctx,
                    if big { "BigInt64Array" } else { "Float64Array" },
                    fields.len() as u32,
                );
                let (bytes, _) = bytes_of(ctx, &array);
                for (index, field) in fields.into_iter().enumerate() {
                    if big {
                        unsafe { *bytes.cast::<i64>().add(index) = field as i64 };
                    } else {
                        unsafe { *bytes.cast::<f64>().add(index) = field };
                    }
                }
                array
            }
            Self::Handle(fd) => new_file_handle(ctx, fd),
        }
    }
}

pub fn stat_fields(number: u64, node: &Inode) -> Box<[f64; STAT_FIELDS]> {
    let (kind, size) = match &node.content {
        Content::File(bytes) => (0o100_000, bytes.len()),
        Content::Directory => (0o040_000, 4096),
        Content::Link(target) => (0o120_000, target.len()),
    };
    let mut fields = [
        2049.0,
        f64::from(kind | node.mode),
        f64::from(node.links),
        f64::from(node.owner),
        f64::from(node.group),
        0.0,
        4096.0,
        number as f64,
        size as f64,
        size.div_ceil(512) as f64,
        0.0,
        0.0,
        0.0,
        0.0,
        0.0,
        0.0,
        0.0,
        0.0,
    ];
    for (index, ms) in [
        node.accessed_ms,
        node.modified_ms,
        node.changed_ms,
        node.born_ms,
    ]
    .into_iter()
    .enumerate()
    {
        fields[10 + 2 * index] = (ms / 1e3).floor();
        fields[11 + 2 * index] = (ms.rem_euclid(1e3) * 1e6).floor();
    }
    Box::new(fields)
}

pub fn path_of(c: &Call, index: usize) -> Js<String> {
    let value = c.arg(index);
    let path = if value.is_string() {
        c.ctx.text(&value)?
    } else {
        String::from_utf8_lossy(&super::environment::copy_bytes(c.ctx, &value)?).into_owned()
    };
    Ok(absolute(c, path))
}

pub fn absolute(c: &Call, path: String) -> String {
    if path.starts_with('/') || path.is_empty() {
        return path;
    }
    format!("{}/{path}", c.env().cwd.borrow())
}

/// As the program wrote it, for messages.
fn said(c: &Call, index: usize) -> Js<String> {
    let value = c.arg(index);
    if value.is_string() {
        c.ctx.text(&value)
    } else {
        path_of(c, index)
    }
}

/// `GetValidatedFd`; the library has the same check for its own callers.
fn fd_of(c: &Call, index: usize) -> Js<i32> {
    let value = c.arg(index);
    let number = value.as_f64();
    if value.is_number() && number >= 0.0 && number <= f64::from(i32::MAX) && number.fract() == 0.0
    {
        return Ok(number as i32);
    }
    let utils = bootstrap::require(c.ctx, "internal/fs/utils")?;
    let validated = c.ctx.call(
        &c.ctx.get(&utils, "getValidatedFd")?,
        &c.ctx.undefined(),
        &[value],
    )?;
    Ok(validated.as_f64() as i32)
}

/// `GetValidFileMode`: of `access` up to 7, of `copyFile` too; nothing said is 0.
fn mode_of(c: &Call, index: usize) -> Js<u32> {
    const MODE_MAX: f64 = 7.0;
    let value = c.arg(index);
    if value.is_undefined() || value.is_null() {
        return Ok(0);
    }
    let validators = bootstrap::require(c.ctx, "internal/validators")?;
    let validate = c.ctx.get(&validators, "validateInteger")?;
    let args = [
        value.clone(),
        c.ctx.string("mode"),
        c.ctx.number(0.0),
        c.ctx.number(MODE_MAX),
    ];
    c.ctx.call(&validate, &c.ctx.undefined(), &args)?;
    Ok(value.as_f64() as u32)
}

/// Carries `outcome` out in the form that the argument at `request` asks for.
fn deliver(c: &Call, request: usize, outcome: Outcome) -> Js<Value> {
    let ctx = c.ctx;
    let env = c.env();
    fs_watch::tell(env);
    let req = c.arg(request);
    let promised = env
        .kept("kUsePromises")
        .is_some_and(|symbol| unsafe { qjs::JS_IsStrictEqual(ctx.0, symbol.raw(), req.raw()) });
    if promised {
        let mut functions: [JSValue; 2] = [qjs::JS_UNDEFINED; 2];
        let promise =
            ctx.result(unsafe { qjs::JS_NewPromiseCapability(ctx.0, functions.as_mut_ptr()) })?;
        let [resolve, reject] = functions.map(|raw| ctx.owned(raw));
        let resource = ctx.object();
        async_wrap::adopt(ctx, &resource, "FSREQPROMISE");
        let number = env.requests.begin_request(resource.clone(), "FSREQPROMISE");
        env.queue_work(PoolWork::File, WORK_NS, move |ctx| {
            Environment::of(ctx).requests.end_request(number);
            let (function, value) = match outcome {
                Ok(found) => (resolve, found.value(ctx, false)),
                Err(failure) => (reject, failure.error(ctx)),
            };
            let ids = async_wrap::ids_of(ctx, &resource);
            callback::make_as(
                ctx,
                &function,
                &ctx.undefined(),
                &[value],
                ids,
                Some(&resource),
            );
            async_wrap::emit_destroy(ctx, ids.0);
        });
        return Ok(promise);
    }
    if req.is_object() {
        let number = env.requests.begin_request(req.clone(), "FSREQCALLBACK");
        callback::awaited(ctx, &req, "oncomplete");
        env.queue_work(PoolWork::File, WORK_NS, move |ctx| {
            Environment::of(ctx).requests.end_request(number);
            let args = match outcome {
                Ok(Found::Nothing) => vec![ctx.null()],
                Ok(found) => vec![ctx.null(), found.value(ctx, false)],
                Err(failure) => vec![failure.error(ctx)],
            };
            callback::make_method(ctx, &req, "oncomplete", &args);
            async_wrap::emit_destroy(ctx, async_wrap::ids_of(ctx, &req).0);
        });
        return c.undefined();
    }
    match outcome {
        Ok(found) => Ok(found.value(ctx, true)),
        Err(failure) => {
            let context = c.arg(request + 1);
            if context.is_object() {
                let (errno, _) = errno_of(failure.code);
                ctx.set(&context, "errno", ctx.number(f64::from(errno)));
                ctx.set(&context, "code", ctx.string(failure.code));
                ctx.set(&context, "syscall", ctx.string(failure.syscall));
                if let Some(path) = &failure.path {
                    ctx.set(&context, "path", ctx.string(path));
                }
                if let Some(dest) = &failure.dest {
                    ctx.set(&context, "dest", ctx.string(dest));
                }
                return c.undefined();
            }
            Err(ctx.throw(failure.error(ctx)))
        }
    }
}

/// The file system, with its clock set and its disk as full as it is.
pub fn files<'a>(c: &Call) -> std::cell::RefMut<'a, FileSystem> {
    let env = c.env();
    let mut files = env.files.borrow_mut();
    files.now_ms = env.epoch_ms() + env.now_ns() as f64 / 1e6;
    #[cfg(feature = "whole")]
    {
        files.is_full = env.place().scheduler.world().borrow().disk_is_full();
    }
    files
}

fn write_all(c: &Call, fd: i32, data: &[u8], position: f64) -> Outcome {
    let stream = match fd {
        1 => Stream::Stdout,
        2 => Stream::Stderr,
        _ => {
            let written = files(c)
                .write(fd, data, position)
                .map_err(failed_fd("write"))?;
            return Ok(Found::Number(written as f64));
        }
    };
    c.env()
        .host()
        .write(stream, String::from_utf8_lossy(data).into_owned());
    Ok(Found::Number(data.len() as f64))
}

fn bigint_of(value: &Value, ctx: Ctx) -> Option<f64> {
    let mut number = 0;
    let is_big = unsafe { qjs::JS_IsBigInt(value.raw()) };
    (is_big && unsafe { qjs::JS_ToBigInt64(ctx.0, &mut number, value.raw()) } == 0)
        .then_some(number as f64)
}

fn position_of(c: &Call, value: &Value) -> f64 {
    if value.is_number() {
        value.as_f64()
    } else {
        bigint_of(value, c.ctx).unwrap_or(-1.0)
    }
}

pub fn initialize(ctx: Ctx, t: &Target) -> Js<()> {
    let env = Environment::of(ctx);
    t.value(
        "statValues",
        env.shared(ctx, "statValues", "Float64Array", 2 * STAT_FIELDS as u32),
    );
    let symbols = super::binding(ctx, "symbols")?;
    let use_promises = ctx.get(&symbols, "fs_use_promises_symbol")?;
    env.keep("kUsePromises", use_promises.clone());
    t.value("kUsePromises", use_promises);
    t.class("FSReqCallback", |c| {
        let object = c.construct(())?;
        async_wrap::adopt(c.ctx, &object, "FSREQCALLBACK");
        Ok(object)
    });
    let handle = t.class("FileHandle", |c| {
        let object = c.construct(FileHandle {
            fd: Cell::new(c.number(0) as i32),
            #[cfg(feature = "whole")]
            range: file_range(c),
        })?;
        async_wrap::adopt(c.ctx, &object, "FILEHANDLE");
        Ok(object)
    });
    handle
        .with("close", |c| {
            let handle = c.state::<FileHandle>()?;
            let outcome = files(c)
                .close(handle.fd.get())
                .map(|()| Found::Nothing)
                .map_err(failed_fd("close"));
            handle.fd.set(-1);
            let symbol = c
                .env()
                .kept("kUsePromises")
                .unwrap_or_else(|| c.ctx.undefined());
            let args = [symbol.raw()];
            deliver(
                &Call {
                    ctx: c.ctx,
                    this: c.this,
                    args: &args,
                },
                0,
                outcome,
            )
        })
        .with("releaseFD", |c| {
            let handle = c.state::<FileHandle>()?;
            Ok(c.ctx.number(f64::from(handle.fd.replace(-1))))
        })
        .with("getAsyncId", |c| {
            Ok(c.ctx.number(async_wrap::ids_of(c.ctx, &c.this()).0))
        })
        .with("onread", |c| c.undefined());
    define_getter(ctx, &handle.object, "fd", |c| {
        Ok(c.ctx.number(f64::from(c.state::<FileHandle>()?.fd.get())))
    });
    let made = ctx.get(&t.object, "FileHandle")?;
    env.keep("FileHandle", made);
    env.travel_hooks.borrow_mut().push(|ctx, object| {
        let handle = messaging::state::<FileHandle>(ctx, object)?;
        Some(messaging::Travels {
            clones: false,
            leave: Box::new(|| {
                let fd = handle.fd.replace(-1);
                Rc::new(move |ctx| Ok(new_file_handle(ctx, fd)))
            }),
        })
    });
    names(t);
    attributes(t);
    contents(t);
    fs_watch::initialize_polling(t);
    t.with("getFormatOfExtensionlessFile", |c| Ok(c.ctx.number(0.0)))
        .with("internalModuleStat", |c| {
            let path = path_of(c, c.args.len() - 1)?;
            Ok(c.ctx.number(match files(c).stat(&path, true) {
                Ok((_, node)) => f64::from(u8::from(matches!(node.content, Content::Directory))),
                Err(_) => -2.0,
            }))
        })
        .with("internalModuleReadJSON", |c| {
            let path = path_of(c, 0)?;
            let text = match files(c).stat(&path, true) {
                Ok((
                    _,
                    Inode {
                        content: Content::File(bytes),
                        ..
                    },
                )) => String::from_utf8_lossy(bytes).into_owned(),
                _ => return Ok(c.ctx.array([])),
            };
            let keys = [
                "\"main\"",
                "\"name\"",
                "\"type\"",
                "\"exports\"",
                "\"imports\"",
            ];
            let any = keys.iter().any(|key| text.contains(key));
            Ok(c.ctx.array([c.ctx.string(&text), c.ctx.bool(any)]))
        })
        .with("legacyMainResolve", |c| {
            let description = url_path(&c.text(0)?);
            let folder = description.trim_end_matches("/package.json");
            let main = c.arg(1);
            let mut tries = Vec::new();
            if main.is_string() {
                let main = c.ctx.text(&main)?;
                for end in [
                    "",
                    ".js",
                    ".json",
                    ".node",
                    "/index.js",
                    "/index.json",
                    "/index.node",
                ] {
                    tries.push(format!("{main}{end}"));
                }
            } else {
                tries.resize(7, String::new());
            }
            tries.extend(["index.js", "index.json", "index.node"].map(str::to_owned));
            let found = tries.iter().position(|name| {
                !name.is_empty()
                    && files(c)
                        .stat(&format!("{folder}/{name}"), true)
                        .is_ok_and(|(_, node)| matches!(node.content, Content::File(_)))
            });
            found.map(|at| c.ctx.number(at as f64)).ok_or_else(|| {
                let first = tries.iter().find(|name| !name.is_empty());
                super::native::throw_with_code(
                    c.ctx,
                    "Error",
                    "ERR_MODULE_NOT_FOUND",
                    &format!(
                        "Cannot find package '{folder}/{}' imported from {}",
                        first.map_or("", String::as_str),
                        url_path(&c.text(2).unwrap_or_default())
                    ),
                )
            })
        });
    Ok(())
}

struct FileHandle {
    fd: Cell<i32>,
    /// From where, and how many bytes; none is all that there is.
    #[cfg(feature = "whole")]
    range: (Option<u64>, Option<u64>),
}

#[cfg(feature = "whole")]
fn file_range(c: &Call) -> (Option<u64>, Option<u64>) {
    let given = |index| c.arg(index).is_number().then(|| c.number(index));
    let counted = |index| {
        given(index)
            .filter(|number| *number >= 0.0)
            .map(|number| number as u64)
    };
    (counted(1), counted(2))
}

/// Descriptor, first byte and number of bytes of a FileHandle that something else is to read.
#[cfg(feature = "whole")]
pub fn opened(ctx: Ctx, handle: &Value) -> Option<(i32, Option<u64>, Option<u64>)> {
    let handle = messaging::state::<FileHandle>(ctx, handle)?;
    Some((handle.fd.get(), handle.range.0, handle.range.1))
}

fn new_file_handle(ctx: Ctx, fd: i32) -> Value {
    let Some(class) = Environment::of(ctx).kept("FileHandle") else {
        return ctx.undefined();
    };
    let mut args = [qjs::JS_NewFloat64(f64::from(fd))];
    ctx.owned(unsafe { qjs::JS_CallConstructor(ctx.0, class.raw(), 1, args.as_mut_ptr()) })
}

pub fn define_getter<F: super::native::Native>(ctx: Ctx, object: &Value, name: &str, f: F) {
    let getter = super::native::function(ctx, name, f);
    let name = crate::engine::value::c_string(name);
    unsafe {
        let atom = qjs::JS_NewAtom(ctx.0, name.as_ptr());
        qjs::JS_DefinePropertyGetSet(
            ctx.0,
            object.raw(),
            atom,
            getter.into_raw(),
            qjs::JS_UNDEFINED,
            (qjs::JS_PROP_CONFIGURABLE | qjs::JS_PROP_ENUMERABLE) as i32,
        );
        qjs::JS_FreeAtom(ctx.0, atom);
    }
}

fn url_path(url: &str) -> String {
    url.strip_prefix("file://")
        .unwrap_or(url)
        .trim_end_matches('/')
        .to_owned()
}

fn stat(c: &Call, syscall: &'static str, follow: bool) -> Js<Value> {
    let path = path_of(c, 0)?;
    let big = c.truthy(1);
    let outcome = files(c)
        .stat(&path, follow)
        .map(|(number, node)| stat_fields(number, node));
    if outcome.is_err()
        && c.arg(2).is_undefined()
        && c.args.len() > 3
        && !c.arg(3).is_object()
        && !c.truthy(3)
    {
        return c.undefined();
    }
    let outcome = outcome.map(|fields| {
        if big {
            Found::BigStat(fields)
        } else {
            Found::Stat(fields)
        }
    });
    deliver(c, 2, outcome.map_err(failed(syscall, &said(c, 0)?)))
}

/// Operations on names.
fn names(t: &Target) {
    t.with("access", |c| {
        let (path, mode) = (path_of(c, 0)?, mode_of(c, 1)?);
        let outcome = files(c).access(&path, mode).map(|()| Found::Nothing);
        deliver(c, 2, outcome.map_err(failed("access", &said(c, 0)?)))
    })
    .with("existsSync", |c| {
        let path = path_of(c, 0)?;
        Ok(c.ctx.bool(files(c).stat(&path, true).is_ok()))
    })
    .with("stat", |c| stat(c, "stat", true))
    .with("lstat", |c| stat(c, "lstat", false))
    .with("fstat", |c| {
        let fd = fd_of(c, 0)?;
        let big = c.truthy(1);
        let outcome = files(c)
            .stat_open(fd)
            .map(|(number, node)| stat_fields(number, node));
        if outcome.is_err() && c.arg(2).is_undefined() && c.truthy(3) {
            return c.undefined();
        }
        let outcome = outcome.map(|fields| {
            if big {
                Found::BigStat(fields)
            } else {
                Found::Stat(fields)
            }
        });
        deliver(c, 2, outcome.map_err(failed_fd("fstat")))
    })
    .with("readdir", |c| {
        let path = path_of(c, 0)?;
        let (form, types) = (NameForm::of(c, 1)?, c.truthy(2));
        let outcome = files(c)
            .read_directory(&path)
            .map(|names| Found::Names(names, types, form));
        deliver(c, 3, outcome.map_err(failed("scandir", &said(c, 0)?)))
    })
    .with("mkdir", |c| {
        let path = path_of(c, 0)?;
        let mode = c.number(1) as u32;
        let is_relative = !said(c, 0)?.starts_with('/');
        let cwd_is_gone = is_relative && files(c).stat(&c.env().cwd.borrow(), true).is_err();
        let outcome = if cwd_is_gone {
            Err("ENOENT")
        } else if c.truthy(2) {
            files(c)
                .make_directories(&path, mode)
                .map(|first| first.map_or(Found::Nothing, Found::Text))
        } else {
            files(c)
                .make_directory(&path, mode)
                .map(|()| Found::Nothing)
        };
        deliver(c, 3, outcome.map_err(failed("mkdir", &said(c, 0)?)))
    })
    .with("mkdtemp", |c| {
        let prefix = path_of(c, 0)?;
        let found = {
            let mut files = files(c);
            (0..1000).find_map(|number| {
                let path = format!("{prefix}{number:06}");
                files.make_directory(&path, 0o700).ok().map(|()| path)
            })
        };
        let form = NameForm::of(c, 1)?;
        let found = found.map(|name| Found::Name(name, form));
        deliver(
            c,
            2,
            found
                .ok_or("ENOENT")
                .map_err(failed("mkdtemp", &format!("{}XXXXXX", said(c, 0)?))),
        )
    })
    .with("unlink", |c| {
        let path = path_of(c, 0)?;
        let outcome = files(c).unlink(&path).map(|()| Found::Nothing);
        deliver(c, 1, outcome.map_err(failed("unlink", &said(c, 0)?)))
    })
    .with("rmdir", |c| {
        let path = path_of(c, 0)?;
        let outcome = files(c).remove_directory(&path).map(|()| Found::Nothing);
        deliver(c, 1, outcome.map_err(failed("rmdir", &said(c, 0)?)))
    })
    .with("rename", |c| {
        let (from, to) = (path_of(c, 0)?, path_of(c, 1)?);
        let outcome = files(c).rename(&from, &to).map(|()| Found::Nothing);
        deliver(
            c,
            2,
            outcome.map_err(failed_two("rename", &said(c, 0)?, &said(c, 1)?)),
        )
    })
    .with("link", |c| {
        let (from, to) = (path_of(c, 0)?, path_of(c, 1)?);
        let outcome = files(c).link(&from, &to).map(|()| Found::Nothing);
        deliver(
            c,
            2,
            outcome.map_err(failed_two("link", &said(c, 0)?, &said(c, 1)?)),
        )
    })
    .with("symlink", |c| {
        let path = path_of(c, 1)?;
        let target = said(c, 0)?;
        let outcome = files(c).symlink(&target, &path).map(|()| Found::Nothing);
        deliver(
            c,
            3,
            outcome.map_err(failed_two("symlink", &target, &said(c, 1)?)),
        )
    })
    .with("readlink", |c| {
        let (path, form) = (path_of(c, 0)?, NameForm::of(c, 1)?);
        let outcome = match files(c).stat(&path, false) {
            Ok((
                _,
                Inode {
                    content: Content::Link(target),
                    ..
                },
            )) => Ok(Found::Name(target.clone(), form)),
            Ok(_) => Err("EINVAL"),
            Err(code) => Err(code),
        };
        deliver(c, 2, outcome.map_err(failed("readlink", &said(c, 0)?)))
    })
    .with("realpath", |c| {
        let (path, form) = (path_of(c, 0)?, NameForm::of(c, 1)?);
        let outcome = {
            let files = files(c);
            files.resolve(&path, true).and_then(|resolved| {
                files
                    .stat(&resolved, true)
                    .map(|_| Found::Name(resolved, form))
            })
        };
        deliver(c, 2, outcome.map_err(failed("realpath", &said(c, 0)?)))
    })
    .with("copyFile", |c| {
        let (from, to) = (path_of(c, 0)?, path_of(c, 1)?);
        let exclusive = mode_of(c, 2)? & 1 != 0;
        let outcome = files(c)
            .copy(&from, &to, exclusive)
            .map(|()| Found::Nothing);
        deliver(
            c,
            3,
            outcome.map_err(failed_two("copyfile", &said(c, 0)?, &said(c, 1)?)),
        )
    })
    .with("statfs", |c| {
        let (path, big) = (path_of(c, 0)?, c.truthy(1));
        let outcome = {
            let files = files(c);
            files
                .stat(&path, true)
                .map(|_| Found::Space(big, files.count() as f64))
        };
        deliver(c, 2, outcome.map_err(failed("statfs", &said(c, 0)?)))
    });
}

/// Operations on what is known about a file.
fn attributes(t: &Target) {
    t.with("chmod", |c| {
        let (path, mode) = (path_of(c, 0)?, c.number(1) as u32 & 0o7777);
        let outcome = files(c)
            .change(&path, true, |node| node.mode = mode)
            .map(|()| Found::Nothing);
        deliver(c, 2, outcome.map_err(failed("chmod", &said(c, 0)?)))
    })
    .with("fchmod", |c| {
        let (fd, mode) = (fd_of(c, 0)?, c.number(1) as u32 & 0o7777);
        let outcome = files(c)
            .change_open(fd, |node| node.mode = mode)
            .map(|()| Found::Nothing);
        deliver(c, 2, outcome.map_err(failed_fd("fchmod")))
    })
    .with("chown", |c| {
        let path = path_of(c, 0)?;
        let outcome = files(c)
            .change(&path, true, owner(c))
            .map(|()| Found::Nothing);
        deliver(c, 3, outcome.map_err(failed("chown", &said(c, 0)?)))
    })
    .with("lchown", |c| {
        let path = path_of(c, 0)?;
        let outcome = files(c)
            .change(&path, false, owner(c))
            .map(|()| Found::Nothing);
        deliver(c, 3, outcome.map_err(failed("lchown", &said(c, 0)?)))
    })
    .with("fchown", |c| {
        let fd = fd_of(c, 0)?;
        let outcome = files(c).change_open(fd, owner(c)).map(|()| Found::Nothing);
        deliver(c, 3, outcome.map_err(failed_fd("fchown")))
    })
    .with("utimes", |c| {
        let path = path_of(c, 0)?;
        let outcome = files(c)
            .change(&path, true, times(c))
            .map(|()| Found::Nothing);
        deliver(c, 3, outcome.map_err(failed("utime", &said(c, 0)?)))
    })
    .with("lutimes", |c| {
        let path = path_of(c, 0)?;
        let outcome = files(c)
            .change(&path, false, times(c))
            .map(|()| Found::Nothing);
        deliver(c, 3, outcome.map_err(failed("lutime", &said(c, 0)?)))
    })
    .with("futimes", |c| {
        let fd = fd_of(c, 0)?;
        let outcome = files(c).change_open(fd, times(c)).map(|()| Found::Nothing);
        deliver(c, 3, outcome.map_err(failed_fd("futime")))
    });
}

/// -1 leaves an id as it is.
fn owner(c: &Call) -> impl FnOnce(&mut Inode) + use<> {
    let ids = [c.number(1), c.number(2)].map(|id| u32::try_from(id as i64).ok());
    move |node| {
        node.owner = ids[0].unwrap_or(node.owner);
        node.group = ids[1].unwrap_or(node.group);
    }
}

fn times(c: &Call) -> impl FnOnce(&mut Inode) + use<> {
    let (accessed, modified) = (c.number(1), c.number(2));
    move |node| {
        node.accessed_ms = accessed * 1e3;
        node.modified_ms = modified * 1e3;
    }
}

/// `src/node_dir.cc`.
pub fn initialize_directories(t: &Target) {
    t.with("opendir", |c| open_directory(c, 2))
        .with("opendirSync", |c| open_directory(c, NEVER_LATER));
    let handle = t.class("DirHandle", |c| {
        let object = c.construct(Folder {
            path: RefCell::new(Some(c.text(0)?)),
            read_so_far: Cell::new(0),
        })?;
        async_wrap::adopt(c.ctx, &object, "DIRHANDLE");
        Ok(object)
    });
    handle
        .with("read", |c| {
            let folder = c.state::<Folder>()?;
            let (form, at_most) = (NameForm::of(c, 0)?, c.number(1) as usize);
            let names = match &*folder.path.borrow() {
                Some(path) => files(c)
                    .read_directory(path)
                    .map_err(failed("scandir", path)),
                None => Err(failed_fd("scandir")("EBADF")),
            };
            let outcome = names.map(|names| {
                let from = folder.read_so_far.get().min(names.len());
                let until = names.len().min(from + at_most);
                folder.read_so_far.set(until);
                Found::Entries(names[from..until].to_vec(), form)
            });
            deliver(c, 2, outcome)
        })
        .with("close", |c| {
            let outcome = match c.state::<Folder>()?.path.borrow_mut().take() {
                Some(_) => Ok(Found::Nothing),
                None => Err(failed_fd("closedir")("EBADF")),
            };
            deliver(c, 0, outcome)
        })
        .with("getAsyncId", |c| {
            Ok(c.ctx.number(async_wrap::ids_of(c.ctx, &c.this()).0))
        });
}

/// A folder that is open. What is read is what is there at that time.
struct Folder {
    path: RefCell<Option<String>>,
    read_so_far: Cell<usize>,
}

fn open_directory(c: &Call, request: usize) -> Js<Value> {
    let path = path_of(c, 0)?;
    let outcome = files(c).read_directory(&path).map(|_| Found::Folder(path));
    // Done at once, it does not say which.
    let path = if request == NEVER_LATER {
        None
    } else {
        Some(said(c, 0)?)
    };
    deliver(
        c,
        request,
        outcome.map_err(|code| Failure {
            code,
            syscall: "opendir",
            path,
            dest: None,
        }),
    )
}

fn new_directory_handle(ctx: Ctx, path: &str) -> Value {
    let made = super::binding(ctx, "fs_dir").and_then(|binding| {
        let class = ctx.get(&binding, "DirHandle")?;
        let path = ctx.string(path);
        let mut args = [path.raw()];
        ctx.result(unsafe { qjs::JS_CallConstructor(ctx.0, class.raw(), 1, args.as_mut_ptr()) })
    });
    made.unwrap_or_else(|_| ctx.undefined())
}

/// Operations on contents.
fn contents(t: &Target) {
    t.with("open", |c| {
        let path = path_of(c, 0)?;
        let outcome = files(c).open(&path, c.number(1) as u32, c.number(2) as u32);
        deliver(
            c,
            3,
            outcome
                .map(|fd| Found::Number(f64::from(fd)))
                .map_err(failed("open", &said(c, 0)?)),
        )
    })
    .with("openFileHandle", |c| {
        let path = path_of(c, 0)?;
        let outcome = files(c).open(&path, c.number(1) as u32, c.number(2) as u32);
        deliver(
            c,
            3,
            outcome
                .map(Found::Handle)
                .map_err(failed("open", &said(c, 0)?)),
        )
    })
    .with("close", |c| {
        let fd = fd_of(c, 0)?;
        let outcome = files(c).close(fd).map(|()| Found::Nothing);
        deliver(c, 1, outcome.map_err(failed_fd("close")))
    })
    .with("read", |c| {
        let buffer = c.arg(1);
        let (offset, length) = (c.number(2) as usize, c.number(3) as usize);
        let position = position_of(c, &c.arg(4));
        let outcome = if c.number(0) == 0.0 {
            Ok(Vec::new())
        } else {
            files(c).read(c.number(0) as i32, length, position)
        };
        let view = c.ctx.get(&buffer, "subarray")?;
        let from = c.ctx.number(offset as f64);
        let target = c.ctx.call(&view, &buffer, &[from])?;
        deliver(
            c,
            5,
            outcome
                .map(|bytes| Found::Fill(vec![target], bytes))
                .map_err(failed_fd("read")),
        )
    })
    .with("readBuffers", |c| {
        let (fd, list) = (fd_of(c, 0)?, c.arg(1));
        let targets = (0..c.ctx.length(&list))
            .map(|index| c.ctx.at(&list, index))
            .collect::<Js<Vec<_>>>()?;
        let length = targets.iter().map(|target| bytes_of(c.ctx, target).1).sum();
        let outcome = files(c).read(fd, length, position_of(c, &c.arg(2)));
        deliver(
            c,
            3,
            outcome
                .map(|bytes| Found::Fill(targets, bytes))
                .map_err(failed_fd("read")),
        )
    })
    .with("readFileUtf8", |c| {
        let outcome = if c.arg(0).is_number() {
            files(c)
                .read(c.number(0) as i32, usize::MAX, -1.0)
                .map_err(failed_fd("read"))
        } else {
            let path = path_of(c, 0)?;
            let said = said(c, 0)?;
            let mut files = files(c);
            files
                .open(&path, c.number(1) as u32, 0o666)
                .map_err(failed("open", &said))
                .and_then(|fd| {
                    let bytes = files.read(fd, usize::MAX, -1.0).map_err(failed_fd("read"));
                    let _ = files.close(fd);
                    bytes
                })
        };
        let text = outcome.map(|bytes| Found::Text(String::from_utf8_lossy(&bytes).into_owned()));
        deliver(c, NEVER_LATER, text)
    })
    .with("writeFileUtf8", |c| {
        let data = buffer::encode(c.ctx, &c.arg(1), Encoding::Utf8)?;
        let outcome = if c.arg(0).is_number() {
            write_all(c, c.number(0) as i32, &data, -1.0)
        } else {
            let path = path_of(c, 0)?;
            let said = said(c, 0)?;
            let mut files = files(c);
            files
                .open(&path, c.number(2) as u32, c.number(3) as u32)
                .map_err(failed("open", &said))
                .and_then(|fd| {
                    let result = files.write(fd, &data, -1.0).map_err(failed_fd("write"));
                    let _ = files.close(fd);
                    result.map(|_| Found::Nothing)
                })
        };
        deliver(c, NEVER_LATER, outcome.map(|_| Found::Nothing))
    })
    .with("writeString", |c| {
        let encoding = c.arg(3);
        let encoding = if encoding.is_string() {
            Encoding::from_name(&c.ctx.text(&encoding)?)
        } else {
            Encoding::Utf8
        };
        let data = buffer::encode(c.ctx, &c.arg(1), encoding)?;
        let outcome = write_all(c, c.number(0) as i32, &data, position_of(c, &c.arg(2)));
        deliver(c, 4, outcome)
    })
    .with("writeBuffer", |c| {
        let data = super::environment::copy_bytes(c.ctx, &c.arg(1))?;
        let offset = (c.number(2) as usize).min(data.len());
        let length = if c.arg(3).is_number() {
            c.number(3) as usize
        } else {
            data.len()
        };
        let end = offset.saturating_add(length).min(data.len());
        let outcome = write_all(
            c,
            c.number(0) as i32,
            &data[offset..end],
            position_of(c, &c.arg(4)),
        );
        deliver(c, 5, outcome)
    })
    .with("writeBuffers", |c| {
        let list = c.arg(1);
        let mut data = Vec::new();
        for index in 0..c.ctx.length(&list) {
            data.extend(super::environment::copy_bytes(
                c.ctx,
                &c.ctx.at(&list, index)?,
            )?);
        }
        let outcome = write_all(c, c.number(0) as i32, &data, position_of(c, &c.arg(2)));
        deliver(c, 3, outcome)
    })
    .with("ftruncate", |c| {
        let fd = fd_of(c, 0)?;
        let outcome = files(c)
            .truncate(fd, c.number(1) as usize)
            .map(|()| Found::Nothing);
        deliver(c, 2, outcome.map_err(failed_fd("ftruncate")))
    })
    .with("fsync", |c| sync(c, "fsync"))
    .with("fdatasync", |c| sync(c, "fdatasync"));
}

fn sync(c: &Call, syscall: &'static str) -> Js<Value> {
    let fd = fd_of(c, 0)?;
    let outcome = if files(c).is_open(fd) {
        Ok(Found::Nothing)
    } else {
        Err(failed_fd(syscall)("EBADF"))
    };
    deliver(c, 1, outcome)
}
