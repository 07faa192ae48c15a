//! Files as Node's `fs` asks for them (`src/node_file.cc`): each operation once, in three forms. With an FSReqCallback
//! it is work for the pool and calls `oncomplete`; with `kUsePromises` it is the same with a promise; else it is done at
//! once and throws, or fills the context object that older call sites hand over.

use std::cell::Cell;

use protocol::Stream;
use rquickjs::qjs::{self, JSValue};

use crate::engine::value::{Ctx, Js, Value};

use super::{
    async_wrap,
    buffer::{self, Encoding},
    callback,
    environment::{Environment, bytes_of, new_typed_array},
    native::{Call, Target, throw_new},
    vfs::{Code, Content, FileSystem, Inode, O_CREAT, O_TRUNC, O_WRONLY},
};

const STAT_FIELDS: usize = 18;
/// What an operation takes in the pool.
const WORK_NS: u64 = 60_000;

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
    Stat(Box<[f64; STAT_FIELDS]>),
    BigStat(Box<[f64; STAT_FIELDS]>),
    Names(Vec<(String, u32)>, bool),
    /// Bytes for a buffer that the program handed over.
    Fill(Value, Vec<u8>),
    Handle(i32),
}

type Outcome = Result<Found, Failure>;

fn failed(syscall: &'static str, path: &str) -> impl Fn(Code) -> Failure {
    move |code| Failure { code, syscall, path: Some(path.to_owned()), dest: None }
}

fn failed_fd(syscall: &'static str) -> impl Fn(Code) -> Failure {
    move |code| Failure { code, syscall, path: None, dest: None }
}

fn failed_two(syscall: &'static str, path: &str, dest: &str) -> impl Fn(Code) -> Failure {
    move |code| Failure { code, syscall, path: Some(path.to_owned()), dest: Some(dest.to_owned()) }
}

/// libuv's number and words for a code.
fn errno_of(code: Code) -> (i32, &'static str) {
    match code {
        "EPERM" => (-1, "operation not permitted"),
        "ENOENT" => (-2, "no such file or directory"),
        "EBADF" => (-9, "bad file descriptor"),
        "EACCES" => (-13, "permission denied"),
        "EEXIST" => (-17, "file already exists"),
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
    /// `UVException`.
    fn error(&self, ctx: Ctx) -> Value {
        let (errno, words) = errno_of(self.code);
        let mut message = format!("{}: {words}, {}", self.code, self.syscall);
        if let Some(path) = &self.path {
            message += &format!(" '{path}'");
        }
        if let Some(dest) = &self.dest {
            message += &format!(" -> '{dest}'");
        }
        throw_new(ctx, "Error", &message);
        let error = ctx.take_exception();
        ctx.set(&error, "errno", ctx.number(f64::from(errno)));
        ctx.set(&error, "code", ctx.string(self.code));
        ctx.set(&error, "syscall", ctx.string(self.syscall));
        if let Some(path) = &self.path {
            ctx.set(&error, "path", ctx.string(path));
        }
        if let Some(dest) = &self.dest {
            ctx.set(&error, "dest", ctx.string(dest));
        }
        error
    }
}

impl Found {
    fn value(self, ctx: Ctx, shared: bool) -> Value {
        match self {
            Self::Nothing => ctx.undefined(),
            Self::Number(number) => ctx.number(number),
            Self::Text(text) => ctx.string(&text),
            Self::Stat(fields) => {
                let array = if shared {
                    Environment::of(ctx).shared(ctx, "statValues", "Float64Array", 2 * STAT_FIELDS as u32)
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
            Self::Names(names, with_types) => {
                let list = ctx.strings(names.iter().map(|(name, _)| name.as_str()));
                if !with_types {
                    return list;
                }
                let kinds: Vec<_> = names.iter().map(|(_, kind)| ctx.number(f64::from(*kind))).collect();
                ctx.array([list, ctx.array(kinds)])
            }
            Self::Fill(target, data) => {
                let (bytes, length) = bytes_of(ctx, &target);
                let count = data.len().min(length);
                unsafe { std::ptr::copy_nonoverlapping(data.as_ptr(), bytes, count) };
                ctx.number(count as f64)
            }
            Self::Handle(fd) => new_file_handle(ctx, fd),
        }
    }
}

fn stat_fields(number: u64, node: &Inode) -> Box<[f64; STAT_FIELDS]> {
    let (kind, size) = match &node.content {
        Content::File(bytes) => (0o100_000, bytes.len()),
        Content::Directory => (0o040_000, 4096),
        Content::Link(target) => (0o120_000, target.len()),
    };
    let mut fields = [
        2049.0, f64::from(kind | node.mode), f64::from(node.links), 0.0, 0.0, 0.0, 4096.0, number as f64, size as f64,
        size.div_ceil(512) as f64, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0,
    ];
    for (index, ms) in [node.accessed_ms, node.modified_ms, node.changed_ms, node.born_ms].into_iter().enumerate() {
        fields[10 + 2 * index] = (ms / 1e3).floor();
        fields[11 + 2 * index] = (ms.rem_euclid(1e3) * 1e6).floor();
    }
    Box::new(fields)
}

fn path_of(c: &Call, index: usize) -> Js<String> {
    let value = c.arg(index);
    let path = if value.is_string() {
        c.ctx.text(&value)?
    } else {
        String::from_utf8_lossy(&super::environment::copy_bytes(c.ctx, &value)?).into_owned()
    };
    if path.starts_with('/') || path.is_empty() {
        return Ok(path);
    }
    Ok(format!("{}/{path}", c.env().cwd.borrow()))
}

/// As the program wrote it, for messages.
fn said(c: &Call, index: usize) -> Js<String> {
    let value = c.arg(index);
    if value.is_string() { c.ctx.text(&value) } else { path_of(c, index) }
}

/// Carries `outcome` out in the form that the argument at `request` asks for.
fn deliver(c: &Call, request: usize, outcome: Outcome) -> Js<Value> {
    let ctx = c.ctx;
    let env = c.env();
    let req = c.arg(request);
    let promised = env.kept("kUsePromises").is_some_and(|symbol| unsafe {
        qjs::JS_IsStrictEqual(ctx.0, symbol.raw(), req.raw())
    });
    if promised {
        let mut functions: [JSValue; 2] = [qjs::JS_UNDEFINED; 2];
        let promise = ctx.result(unsafe { qjs::JS_NewPromiseCapability(ctx.0, functions.as_mut_ptr()) })?;
        let [resolve, reject] = functions.map(|raw| ctx.owned(raw));
        let resource = ctx.object();
        async_wrap::adopt(ctx, &resource, "FSREQPROMISE");
        env.queue_work(WORK_NS, move |ctx| {
            let (function, value) = match outcome {
                Ok(found) => (resolve, found.value(ctx, false)),
                Err(failure) => (reject, failure.error(ctx)),
            };
            let ids = async_wrap::ids_of(ctx, &resource);
            callback::make_as(ctx, &function, &ctx.undefined(), &[value], ids, Some(&resource));
        });
        return Ok(promise);
    }
    if req.is_object() {
        env.queue_work(WORK_NS, move |ctx| {
            let args = match outcome {
                Ok(Found::Nothing) => vec![ctx.null()],
                Ok(found) => vec![ctx.null(), found.value(ctx, false)],
                Err(failure) => vec![failure.error(ctx)],
            };
            callback::make_method(ctx, &req, "oncomplete", &args);
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

/// The file system, with its clock set.
fn files<'a>(c: &Call) -> std::cell::RefMut<'a, FileSystem> {
    let env = c.env();
    let mut files = env.files.borrow_mut();
    files.now_ms = env.epoch_ms() + env.now_ns() as f64 / 1e6;
    files
}

fn write_all(c: &Call, fd: i32, data: &[u8], position: f64) -> Outcome {
    let stream = match fd {
        1 => Stream::Stdout,
        2 => Stream::Stderr,
        _ => {
            let written = files(c).write(fd, data, position).map_err(failed_fd("write"))?;
            return Ok(Found::Number(written as f64));
        }
    };
    c.env().host().write(stream, String::from_utf8_lossy(data).into_owned());
    Ok(Found::Number(data.len() as f64))
}

fn position_of(value: &Value) -> f64 {
    if value.is_number() { value.as_f64() } else { -1.0 }
}

pub fn initialize(ctx: Ctx, t: &Target) -> Js<()> {
    let env = Environment::of(ctx);
    t.value("statValues", env.shared(ctx, "statValues", "Float64Array", 2 * STAT_FIELDS as u32));
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
        let object = c.construct(FileHandle { fd: Cell::new(c.number(0) as i32) })?;
        async_wrap::adopt(c.ctx, &object, "FILEHANDLE");
        Ok(object)
    });
    handle
        .with("close", |c| {
            let handle = c.state::<FileHandle>()?;
            let outcome = files(c).close(handle.fd.get()).map(|()| Found::Nothing).map_err(failed_fd("close"));
            handle.fd.set(-1);
            let symbol = c.env().kept("kUsePromises").unwrap_or_else(|| c.ctx.undefined());
            let args = [symbol.raw()];
            deliver(&Call { ctx: c.ctx, this: c.this, args: &args }, 0, outcome)
        })
        .with("releaseFD", |c| {
            let handle = c.state::<FileHandle>()?;
            Ok(c.ctx.number(f64::from(handle.fd.replace(-1))))
        })
        .with("getAsyncId", |c| Ok(c.ctx.number(async_wrap::ids_of(c.ctx, &c.this()).0)))
        .with("onread", |c| c.undefined());
    define_getter(ctx, &handle.object, "fd", |c| Ok(c.ctx.number(f64::from(c.state::<FileHandle>()?.fd.get()))));
    let made = ctx.get(&t.object, "FileHandle")?;
    env.keep("FileHandle", made);
    names(t);
    contents(t);
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
                Ok((_, Inode { content: Content::File(bytes), .. })) => String::from_utf8_lossy(bytes).into_owned(),
                _ => return Ok(c.ctx.array([])),
            };
            let keys = ["\"main\"", "\"name\"", "\"type\"", "\"exports\"", "\"imports\""];
            let any = keys.iter().any(|key| text.contains(key));
            Ok(c.ctx.array([c.ctx.string(&text), c.ctx.bool(any)]))
        })
        .with("legacyMainResolve", |c| {
            let folder = url_path(&c.text(0)?);
            let main = c.arg(1);
            let mut tries = Vec::new();
            if main.is_string() {
                let main = c.ctx.text(&main)?;
                for end in ["", ".js", ".json", ".node", "/index.js", "/index.json", "/index.node"] {
                    tries.push(format!("{main}{end}"));
                }
            } else {
                tries.resize(7, String::new());
            }
            tries.extend(["index.js", "index.json", "index.node"].map(str::to_owned));
            let found = tries.iter().position(|name| {
                !name.is_empty()
                    && files(c).stat(&format!("{folder}/{name}"), true).is_ok_and(|(_, node)| matches!(node.content, Content::File(_)))
            });
            found.map(|at| c.ctx.number(at as f64)).ok_or_else(|| {
                super::native::throw_with_code(c.ctx, "Error", "ERR_MODULE_NOT_FOUND", &format!("Cannot find package '{folder}'"))
            })
        });
    Ok(())
}

struct FileHandle {
    fd: Cell<i32>,
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
            ctx.0, object.raw(), atom, getter.into_raw(), qjs::JS_UNDEFINED,
            (qjs::JS_PROP_CONFIGURABLE | qjs::JS_PROP_ENUMERABLE) as i32,
        );
        qjs::JS_FreeAtom(ctx.0, atom);
    }
}

fn url_path(url: &str) -> String {
    url.strip_prefix("file://").unwrap_or(url).trim_end_matches('/').to_owned()
}

fn stat(c: &Call, syscall: &'static str, follow: bool) -> Js<Value> {
    let path = path_of(c, 0)?;
    let big = c.truthy(1);
    let outcome = files(c).stat(&path, follow).map(|(number, node)| stat_fields(number, node));
    if outcome.is_err() && c.arg(2).is_undefined() && c.args.len() > 3 && !c.arg(3).is_object() && !c.truthy(3) {
        return c.undefined();
    }
    let outcome = outcome.map(|fields| if big { Found::BigStat(fields) } else { Found::Stat(fields) });
    deliver(c, 2, outcome.map_err(failed(syscall, &said(c, 0)?)))
}

/// Operations on names.
fn names(t: &Target) {
    t.with("access", |c| {
        let path = path_of(c, 0)?;
        let outcome = files(c).stat(&path, true).map(|_| Found::Nothing);
        deliver(c, 2, outcome.map_err(failed("access", &said(c, 0)?)))
    })
    .with("existsSync", |c| {
        let path = path_of(c, 0)?;
        Ok(c.ctx.bool(files(c).stat(&path, true).is_ok()))
    })
    .with("stat", |c| stat(c, "stat", true))
    .with("lstat", |c| stat(c, "lstat", false))
    .with("fstat", |c| {
        let fd = c.number(0) as i32;
        let big = c.truthy(1);
        let outcome = files(c).stat_open(fd).map(|(number, node)| stat_fields(number, node));
        if outcome.is_err() && c.arg(2).is_undefined() && c.truthy(3) {
            return c.undefined();
        }
        let outcome = outcome.map(|fields| if big { Found::BigStat(fields) } else { Found::Stat(fields) });
        deliver(c, 2, outcome.map_err(failed_fd("fstat")))
    })
    .with("readdir", |c| {
        let path = path_of(c, 0)?;
        let types = c.truthy(2);
        let outcome = files(c).read_directory(&path).map(|names| Found::Names(names, types));
        deliver(c, 3, outcome.map_err(failed("scandir", &said(c, 0)?)))
    })
    .with("mkdir", |c| {
        let path = path_of(c, 0)?;
        let mode = c.number(1) as u32;
        let outcome = if c.truthy(2) {
            files(c).make_directories(&path, mode).map(|first| first.map_or(Found::Nothing, Found::Text))
        } else {
            files(c).make_directory(&path, mode).map(|()| Found::Nothing)
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
        deliver(c, 2, found.map(Found::Text).ok_or("ENOENT").map_err(failed("mkdtemp", &format!("{}XXXXXX", said(c, 0)?))))
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
        deliver(c, 2, outcome.map_err(failed_two("rename", &said(c, 0)?, &said(c, 1)?)))
    })
    .with("link", |c| {
        let (from, to) = (path_of(c, 0)?, path_of(c, 1)?);
        let outcome = files(c).link(&from, &to).map(|()| Found::Nothing);
        deliver(c, 2, outcome.map_err(failed_two("link", &said(c, 0)?, &said(c, 1)?)))
    })
    .with("symlink", |c| {
        let path = path_of(c, 1)?;
        let target = said(c, 0)?;
        let outcome = files(c).symlink(&target, &path).map(|()| Found::Nothing);
        deliver(c, 3, outcome.map_err(failed_two("symlink", &target, &said(c, 1)?)))
    })
    .with("readlink", |c| {
        let path = path_of(c, 0)?;
        let outcome = match files(c).stat(&path, false) {
            Ok((_, Inode { content: Content::Link(target), .. })) => Ok(Found::Text(target.clone())),
            Ok(_) => Err("EINVAL"),
            Err(code) => Err(code),
        };
        deliver(c, 2, outcome.map_err(failed("readlink", &said(c, 0)?)))
    })
    .with("realpath", |c| {
        let path = path_of(c, 0)?;
        let outcome = {
            let files = files(c);
            files.resolve(&path, true).and_then(|resolved| files.stat(&resolved, true).map(|_| Found::Text(resolved)))
        };
        deliver(c, 2, outcome.map_err(failed("realpath", &said(c, 0)?)))
    })
    .with("chmod", |c| {
        let (path, mode) = (path_of(c, 0)?, c.number(1) as u32 & 0o7777);
        let outcome = files(c).change(&path, |node| node.mode = mode).map(|()| Found::Nothing);
        deliver(c, 2, outcome.map_err(failed("chmod", &said(c, 0)?)))
    })
    .with("utimes", |c| {
        let (path, accessed, modified) = (path_of(c, 0)?, c.number(1), c.number(2));
        let outcome = files(c).change(&path, |node| {
            node.accessed_ms = accessed * 1e3;
            node.modified_ms = modified * 1e3;
        });
        deliver(c, 3, outcome.map(|()| Found::Nothing).map_err(failed("utime", &said(c, 0)?)))
    })
    .with("copyFile", |c| {
        let (from, to) = (path_of(c, 0)?, path_of(c, 1)?);
        let exclusive = c.number(2) as u32 & 1 != 0;
        let outcome = {
            let mut files = files(c);
            let source = match files.stat(&from, true) {
                Ok((_, Inode { content: Content::File(bytes), .. })) => Ok(bytes.clone()),
                Ok(_) => Err("EISDIR"),
                Err(code) => Err(code),
            };
            source.and_then(|bytes| {
                let flags = O_WRONLY | O_CREAT | if exclusive { super::vfs::O_EXCL } else { O_TRUNC };
                let fd = files.open(&to, flags, 0o644)?;
                files.write(fd, &bytes, -1.0)?;
                files.close(fd)?;
                Ok(Found::Nothing)
            })
        };
        deliver(c, 3, outcome.map_err(failed_two("copyfile", &said(c, 0)?, &said(c, 1)?)))
    });
}

/// Operations on contents.
fn contents(t: &Target) {
    t.with("open", |c| {
        let path = path_of(c, 0)?;
        let outcome = files(c).open(&path, c.number(1) as u32, c.number(2) as u32);
        deliver(c, 3, outcome.map(|fd| Found::Number(f64::from(fd))).map_err(failed("open", &said(c, 0)?)))
    })
    .with("openFileHandle", |c| {
        let path = path_of(c, 0)?;
        let outcome = files(c).open(&path, c.number(1) as u32, c.number(2) as u32);
        deliver(c, 3, outcome.map(Found::Handle).map_err(failed("open", &said(c, 0)?)))
    })
    .with("close", |c| {
        let outcome = files(c).close(c.number(0) as i32).map(|()| Found::Nothing);
        deliver(c, 1, outcome.map_err(failed_fd("close")))
    })
    .with("read", |c| {
        let buffer = c.arg(1);
        let (offset, length) = (c.number(2) as usize, c.number(3) as usize);
        let position = position_of(&c.arg(4));
        let outcome = if c.number(0) == 0.0 {
            Ok(Vec::new())
        } else {
            files(c).read(c.number(0) as i32, length, position)
        };
        let view = c.ctx.get(&buffer, "subarray")?;
        let from = c.ctx.number(offset as f64);
        let target = c.ctx.call(&view, &buffer, &[from])?;
        deliver(c, 5, outcome.map(|bytes| Found::Fill(target, bytes)).map_err(failed_fd("read")))
    })
    .with("readFileUtf8", |c| {
        let outcome = if c.arg(0).is_number() {
            files(c).read(c.number(0) as i32, usize::MAX, -1.0).map_err(failed_fd("read"))
        } else {
            let path = path_of(c, 0)?;
            let said = said(c, 0)?;
            let mut files = files(c);
            files.open(&path, c.number(1) as u32, 0o666).map_err(failed("open", &said)).and_then(|fd| {
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
            files.open(&path, c.number(2) as u32, c.number(3) as u32).map_err(failed("open", &said)).and_then(|fd| {
                let result = files.write(fd, &data, -1.0).map_err(failed_fd("write"));
                let _ = files.close(fd);
                result.map(|_| Found::Nothing)
            })
        };
        deliver(c, NEVER_LATER, outcome.map(|_| Found::Nothing))
    })
    .with("writeString", |c| {
        let encoding = c.arg(3);
        let encoding = if encoding.is_string() { Encoding::from_name(&c.ctx.text(&encoding)?) } else { Encoding::Utf8 };
        let data = buffer::encode(c.ctx, &c.arg(1), encoding)?;
        let outcome = write_all(c, c.number(0) as i32, &data, position_of(&c.arg(2)));
        deliver(c, 4, outcome)
    })
    .with("writeBuffer", |c| {
        let data = super::environment::copy_bytes(c.ctx, &c.arg(1))?;
        let offset = (c.number(2) as usize).min(data.len());
        let length = if c.arg(3).is_number() { c.number(3) as usize } else { data.len() };
        let end = offset.saturating_add(length).min(data.len());
        let outcome = write_all(c, c.number(0) as i32, &data[offset..end], position_of(&c.arg(4)));
        deliver(c, 5, outcome)
    })
    .with("writeBuffers", |c| {
        let list = c.arg(1);
        let mut data = Vec::new();
        for index in 0..c.ctx.length(&list) {
            data.extend(super::environment::copy_bytes(c.ctx, &c.ctx.at(&list, index)?)?);
        }
        let outcome = write_all(c, c.number(0) as i32, &data, position_of(&c.arg(2)));
        deliver(c, 3, outcome)
    })
    .with("ftruncate", |c| {
        let outcome = files(c).truncate(c.number(0) as i32, c.number(1) as usize).map(|()| Found::Nothing);
        deliver(c, 2, outcome.map_err(failed_fd("ftruncate")))
    })
    .with("fsync", |c| deliver(c, 1, Ok(Found::Nothing)))
    .with("fdatasync", |c| deliver(c, 1, Ok(Found::Nothing)));
}
