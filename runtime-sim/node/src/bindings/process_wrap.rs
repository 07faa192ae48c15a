//! Processes that a process begins (`src/process_wrap.cc`, libuv's `src/unix/process.c`): Node programs, in this world.
//!
//! `node`, or the path of the running Node, runs a file or, with `-e`, a text. A few commands are there besides, and
//! `sh -c` runs lines of all these: js/commands.js says which, and what the shell has. Anything else is not found. Leaves
//! out: descriptors beyond the terminal's and pipes, and what users and groups decide. Descriptors of files are numbered
//! for all processes together.

use kernel::Table;
use rquickjs::qjs;
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use crate::{
    costs,
    engine::value::{Ctx, Js, Value},
    host::Inherited,
    process::{Child, Process},
};
use protocol::ProcessSpec;

use super::{
    async_wrap, callback,
    environment::{Environment, Finished, Remote},
    handle::{self, Handle, HasHandle},
    native::{Call, Target},
    net,
    process::{EVALUATED, EXEC_PATH, PID},
    signal,
    worker::PROCESSES_MAX,
};

const EAGAIN: f64 = -11.0;
const ENOENT: f64 = -2.0;
const ESRCH: f64 = -3.0;
const EINVAL: f64 = -22.0;

/// The commands of this world and its shell, as one program that is told which of them it is.
const COMMANDS: &str = include_str!("../../js/commands.js");

/// Those that are files in /bin.
const NAMES: [&str; 19] = [
    "cat", "cp", "echo", "env", "false", "grep", "head", "ls", "mkdir", "mv", "printf", "pwd",
    "rm", "sleep", "sort", "tail", "touch", "true", "wc",
];

struct ChildProcess {
    handle: Handle,
    remote: RefCell<Option<Rc<Remote>>>,
    pid: Cell<i32>,
    hears: Cell<u64>,
}

impl HasHandle for ChildProcess {
    const KIND: &'static str = "PROCESSWRAP";

    fn handle(&self) -> &Handle {
        &self.handle
    }

    fn closed(&self, env: &Environment) {
        env.requests.close_async(self.hears.get());
    }
}

pub fn initialize(t: &Target) {
    let process = t.class("Process", |c| {
        let object = c.construct(ChildProcess {
            handle: Handle::default(),
            remote: RefCell::new(None),
            pid: Cell::new(0),
            hears: Cell::new(0),
        })?;
        async_wrap::adopt(c.ctx, &object, ChildProcess::KIND);
        Ok(object)
    });
    handle::methods::<ChildProcess>(&process)
        .with("spawn", |c| {
            let code = spawn(c)?;
            Ok(c.ctx.number(code))
        })
        .with("kill", |c| {
            let remote = c.state::<ChildProcess>()?.remote.borrow().clone();
            let Some(remote) = remote.filter(|remote| remote.finished.borrow().is_none()) else {
                return Ok(c.ctx.number(ESRCH));
            };
            let number = c.number(0) as i32;
            if !(0..=64).contains(&number) {
                return Ok(c.ctx.number(EINVAL));
            }
            signal::send(c.env(), &remote, number);
            Ok(c.ctx.number(0.0))
        });
}

fn strings(ctx: Ctx, value: &Value) -> Js<Vec<String>> {
    if !value.is_object() {
        return Ok(Vec::new());
    }
    (0..ctx.length(value))
        .map(|index| ctx.text(&ctx.at(value, index)?))
        .collect()
}

/// What a command line means here.
enum Program {
    /// As it is given.
    File(String),
    Text,
    /// What the options say, or standard input.
    None,
}

pub struct Command {
    program: Program,
    pub options: Vec<String>,
    pub args: Vec<String>,
}

impl Command {
    /// What the process begins with: an absolute path, [`EVALUATED`], or nothing.
    pub fn entry(&self, cwd: &str) -> String {
        match &self.program {
            Program::File(file) if file.starts_with('/') => file.clone(),
            Program::File(file) => format!("{}/{file}", cwd.trim_end_matches('/')),
            Program::Text => EVALUATED.to_owned(),
            Program::None => String::new(),
        }
    }
}

fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn command(ctx: Ctx, file: &str, args: &[String]) -> Option<Command> {
    let name = base_name(file);
    let in_path = !file.contains('/') || file.starts_with("/bin/") || file.starts_with("/usr/bin/");
    if file == EXEC_PATH || in_path && name == "node" {
        return Some(node(ctx, args));
    }
    if !in_path {
        return None;
    }
    if NAMES.contains(&name) {
        return Some(one_of_ours(name, args));
    }
    match (name, args) {
        ("sh", [flag, line, ..]) if flag == "-c" => Some(shell(ctx, line)),
        _ => None,
    }
}

fn one_of_ours(name: &str, args: &[String]) -> Command {
    let args = std::iter::once(name.to_owned()).chain(args.iter().cloned());
    Command {
        program: Program::Text,
        options: vec![format!("--eval={COMMANDS}")],
        args: args.collect(),
    }
}

/// Whether the value of an option of Node's may stand behind a space.
fn takes_value(ctx: Ctx, option: &str) -> bool {
    let values = Environment::of(ctx).kept("optionValues");
    values
        .and_then(|values| ctx.get(&values, option).ok())
        .is_some_and(|value| {
            value.is_string() || value.is_number() || unsafe { qjs::JS_IsArray(value.raw()) }
        })
}

/// Options, then a file or a text, then arguments.
pub fn node(ctx: Ctx, args: &[String]) -> Command {
    let mut options = Vec::new();
    let mut rest = args.iter();
    let mut text = None;
    let mut file = None;
    while let Some(arg) = rest.next() {
        match arg.as_str() {
            "-e" | "--eval" => text = rest.next().cloned(),
            "-p" | "--print" | "-pe" => {
                options.push("--print".to_owned());
                text = rest.next().cloned();
            }
            "-v" | "--version" => text = Some("console.log(process.version)".to_owned()),
            "-c" => options.push("--check".to_owned()),
            "--" => {
                file = rest.next().cloned();
                break;
            }
            option if option.starts_with('-') && option != "-" => {
                let name = match option {
                    "-r" => "--require",
                    "-C" => "--conditions",
                    other => other,
                };
                options.push(match takes_value(ctx, name) {
                    true => format!("{name}={}", rest.next().map_or("", String::as_str)),
                    false => name.to_owned(),
                });
            }
            _ => {
                file = Some(arg.clone());
                break;
            }
        }
    }
    let mut args: Vec<String> = rest.cloned().collect();
    let runs_tests = options.iter().any(|option| option == "--test");
    let program = match (text, file) {
        (Some(text), file) => {
            args.splice(0..0, file);
            options.push(format!("--eval={text}"));
            Program::Text
        }
        (None, file) if runs_tests => {
            args.splice(0..0, file);
            Program::None
        }
        (None, Some(file)) if file != "-" => Program::File(file),
        (None, file) => {
            args.splice(0..0, file);
            Program::None
        }
    };
    Command {
        program,
        options,
        args,
    }
}

/// A plain command that runs Node takes the shell's place, as dash lets the last of its commands do.
fn shell(ctx: Ctx, line: &str) -> Command {
    match words(line).as_deref() {
        Some([name, args @ ..]) if name == EXEC_PATH || name == "node" => node(ctx, args),
        _ => one_of_ours("sh", &[line.to_owned()]),
    }
}

/// Of a line that has words and quotes only.
fn words(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (Some(open), letter) if letter == open => quote = None,
            (Some('\''), letter) => word.get_or_insert_default().push(letter),
            (_, '\\') => word.get_or_insert_default().push(letters.next()?),
            (Some(_), '$' | '`')
            | (None, '$' | '`' | '|' | '&' | ';' | '<' | '>' | '(' | ')' | '*' | '?' | '#') => {
                return None;
            }
            (Some(_), letter) => word.get_or_insert_default().push(letter),
            (None, '"' | '\'') => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (None, '\n') => return None,
            (None, letter) if letter.is_whitespace() => words.extend(word.take()),
            (None, letter) => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    quote.is_none().then_some(words)
}

/// 0, or libuv's number.
fn spawn(c: &Call) -> Js<f64> {
    let (ctx, env) = (c.ctx, c.env());
    let options = c.arg(0);
    let state = c.state::<ChildProcess>()?;
    let object = c.this();
    let mut inherited = Table::new();
    let stdio = ctx.get(&options, "stdio")?;
    let count = if stdio.is_object() {
        ctx.length(&stdio)
    } else {
        0
    };
    for fd in 0..count {
        let entry = ctx.at(&stdio, fd)?;
        let behind = match ctx.text(&ctx.get(&entry, "type")?)?.as_str() {
            "pipe" | "overlapped" => {
                let socket = net::connect_to_child(ctx, &ctx.get(&entry, "handle")?)?;
                Inherited::Socket {
                    socket,
                    is_open: false,
                }
            }
            kind => behind_descriptor(ctx, &entry, kind, fd as i32)?,
        };
        inherited.insert(fd as i32, behind);
    }
    let launched = match launch(ctx, &options, inherited)? {
        Ok(launched) => launched,
        Err(code) => return Ok(code),
    };
    let listener = object.clone();
    let hears = env.requests.open_async(move |ctx| exited(ctx, &listener));
    // The handle itself says whether it keeps the loop going.
    env.requests.set_ref(hears, false);
    let process = env.place().process;
    *launched.remote.parent.borrow_mut() = Some((env.requests.clone(), hears, process));
    state.hears.set(hears);
    state.pid.set(launched.pid);
    *state.remote.borrow_mut() = Some(launched.remote);
    state.handle.start(env, &object, ChildProcess::KIND);
    ctx.set(&object, "pid", ctx.number(f64::from(launched.pid)));
    Ok(0.0)
}

/// What a child finds where its parent gave it something of its own, or nothing.
pub fn behind_descriptor(ctx: Ctx, entry: &Value, kind: &str, fd: i32) -> Js<Inherited> {
    if kind != "inherit" && kind != "fd" {
        return Ok(Inherited::Nothing);
    }
    let from = ctx.get(entry, "fd")?;
    let from = if from.is_number() {
        from.as_f64() as i32
    } else {
        fd
    };
    Ok(net::share_inherited(Environment::of(ctx), from))
}

/// A process that has been begun.
pub struct Launched {
    pub remote: Rc<Remote>,
    pub pid: i32,
}

/// Begins what `options` describes; the error is libuv's number. Nobody hears of its end yet.
pub fn launch(
    ctx: Ctx,
    options: &Value,
    inherited: Table<i32, Inherited>,
) -> Js<Result<Launched, f64>> {
    let env = Environment::of(ctx);
    let place = env.place();
    if place.scheduler.running() >= PROCESSES_MAX {
        return Ok(Err(EAGAIN));
    }
    let file = ctx.text(&ctx.get(options, "file")?)?;
    let args = strings(ctx, &ctx.get(options, "args")?)?;
    let cwd = ctx.get(options, "cwd")?;
    let cwd = if cwd.is_string() {
        ctx.text(&cwd)?
    } else {
        env.cwd.borrow().clone()
    };
    let has_folder = {
        let files = env.files.borrow();
        files.stat(&cwd, true).is_ok()
    };
    let command = command(ctx, &file, args.get(1..).unwrap_or_default()).filter(|_| has_folder);
    let Some(command) = command else {
        // The pipes are there, and nobody at their other ends.
        net::close_inherited(env, &inherited);
        return Ok(Err(ENOENT));
    };
    let pairs = ctx.get(options, "envPairs")?;
    let variables = if pairs.is_object() {
        strings(ctx, &pairs)?
            .into_iter()
            .filter_map(|pair| {
                pair.split_once('=')
                    .map(|(name, value)| (name.to_owned(), value.to_owned()))
            })
            .collect()
    } else {
        env.variables.borrow().clone()
    };
    let process = place.scheduler.number();
    let pid = PID + process as i32 - 1;
    let remote = Rc::new(Remote::new(process, 0));
    let spec = ProcessSpec {
        entry: command.entry(&cwd),
        args: command.args,
        env: variables,
        cwd,
        files: vec![],
        ..env.host().spec.clone()
    };
    place
        .common
        .family
        .0
        .borrow_mut()
        .insert(pid, remote.clone());
    let child = Child {
        library: env.library.clone(),
        process,
        spec,
        options: command.options,
        scheduler: place.scheduler.clone(),
        files: env.files.clone(),
        remote: remote.clone(),
        inherited,
        pid,
        parent_pid: place.common.pid,
        family: place.common.family.clone(),
    };
    let at_ns = env.start_ns(process, costs::PROCESS_START_NS);
    place.scheduler.spawn(
        process,
        at_ns,
        Box::new(move || Process::begin_child(child)),
    );
    Ok(Ok(Launched { remote, pid }))
}

/// `onexit`: the code and the signal's name.
fn exited(ctx: Ctx, object: &Value) {
    let env = Environment::of(ctx);
    let Ok(state) = super::native::state_of::<ChildProcess>(ctx, object.raw()) else {
        return;
    };
    let remote = state.remote.borrow().clone();
    let Some(remote) = remote else { return };
    env.requests.close_async(state.hears.get());
    state.handle.stop(env);
    env.place()
        .common
        .family
        .0
        .borrow_mut()
        .remove(&state.pid.get());
    let Some(Finished { code, .. }) = remote.finished.borrow().clone() else {
        return;
    };
    let number = remote.signal.get();
    let (code, signal) = match number {
        0 => (code & 0xff, String::new()),
        number => (0, signal::name(number)),
    };
    env.host().callback_begins();
    let args = [ctx.number(f64::from(code)), ctx.string(&signal)];
    callback::make_method(ctx, object, "onexit", &args);
}
