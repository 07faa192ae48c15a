//! The module, and the conversation with it (`protocol::command`).

use std::{
    env, fmt, fs,
    path::{Path, PathBuf},
    thread,
};

use protocol::{
    Command, Event, File, Limits, ProcessSpec, Record, Reply, Report, Scenario, Status, codec,
    outside::{Deed, Heard},
    scenario::{NetworkSpec, Picks},
    typescript,
};
use wasmtime::{AsContextMut, Config, Engine, Instance, Memory, Module, Store, TypedFunc};

use crate::{
    compiled,
    image::{self, Image},
    packages,
};

/// What the program calls nests in the module's machine code too; the deepest that `Limits::TERMINAL` allows takes a
/// few dozen MiB. The memory is only reserved.
const WASM_STACK_BYTES: usize = 256 << 20;
/// Between two looks at what came out: some fifty milliseconds of pure computation.
const STEP_TICKS: u64 = 1_000_000;

/// The loaded module, and the world of its last run.
pub struct Jar {
    path: PathBuf,
    engine: Engine,
    module: Module,
    /// Until it is booted or found in the cache, the library to boot.
    start: Start,
    /// Loaded for the first scenario that has TypeScript.
    typescript: Option<Module>,
    /// Each run's own, and dropped when it traps: its memory cannot be trusted any more.
    inside: Option<Inside>,
    seed: u64,
}

/// What a run begins with: the memory of an instance that has booted Node's library.
enum Start {
    Unknown { key: u64, library: Vec<Vec<u8>> },
    Known(Image),
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finished {
    /// The virtual time of the end.
    pub now_ns: u64,
    /// The first process's.
    pub exit_code: i32,
    /// Covers all events, whatever `Record` kept of them.
    pub trace_hash: u64,
}

/// What has happened in a stretch of a world that is called from outside.
pub struct Meeting {
    pub events: Vec<Event>,
    pub heard: Vec<Heard>,
    /// When something is due next, by the world's clock.
    pub next_ns: Option<u64>,
    /// Ports on which the program listens.
    pub listening: Vec<u16>,
    /// The world is over, and no deed is done any more.
    pub is_last: bool,
}

/// What callers do next, and up to which moment the world may run.
#[derive(Default)]
pub struct Outlook {
    pub until_ns: u64,
    pub deeds: Vec<Deed>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The module is missing, is not the jar, or cannot be compiled.
    Unloadable(String),
    /// The jar says why it cannot do what it was asked for.
    Refused(String),
    /// The jar broke: a bug of ours, to be reported with its seed.
    Trapped { seed: u64, trap: String },
}

impl std::error::Error for Error {}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unloadable(sentence) | Self::Refused(sentence) => formatter.write_str(sentence),
            Self::Trapped { seed, trap } => write!(
                formatter,
                "The simulation itself broke ({trap}). This is a bug of Terrarium; it happens again with --seed {seed}."
            ),
        }
    }
}

/// Where the jar is: `TERRARIUM_WASM`, or beside the program, or in the target folder that the program is in.
pub fn wasm_path() -> Result<PathBuf, Error> {
    match env::var_os("TERRARIUM_WASM") {
        Some(path) => Ok(path.into()),
        None => find("runtime_sim.wasm", "release"),
    }
}

/// Where the module is that makes JavaScript of TypeScript: as the jar, with `TERRARIUM_TYPESCRIPT_WASM`.
pub fn typescript_path() -> Result<PathBuf, Error> {
    match env::var_os("TERRARIUM_TYPESCRIPT_WASM") {
        Some(path) => Ok(path.into()),
        None => find("typescript.wasm", "page"),
    }
}

fn find(name: &str, profile: &str) -> Result<PathBuf, Error> {
    let program = env::current_exe().unwrap_or_default();
    let folders: Vec<&Path> = program.ancestors().skip(1).take(3).collect();
    let beside = folders.first().map(|folder| folder.join(name));
    let built = folders.iter().map(|folder| {
        folder
            .join("wasm32-unknown-unknown")
            .join(profile)
            .join(name)
    });
    beside
        .into_iter()
        .chain(built)
        .find(|path| path.is_file())
        .ok_or_else(|| {
            Error::Unloadable(format!(
                "There is no {name} beside {} nor in its target folder. `cargo xtask test` and `cargo xtask serve` \
                 build it; TERRARIUM_WASM and TERRARIUM_TYPESCRIPT_WASM name one somewhere else.",
                program.display()
            ))
        })
}

/// Node's own library beside the module at [`wasm_path`], as the jar's Load commands take it.
pub fn library() -> Result<Vec<Vec<u8>>, Error> {
    image::read_library(&wasm_path()?)
}

impl Jar {
    /// Loads the module from [`wasm_path`].
    pub fn load() -> Result<Self, Error> {
        Self::load_from(&wasm_path()?)
    }

    pub fn load_from(path: &Path) -> Result<Self, Error> {
        let mut config = Config::new();
        config
            .max_wasm_stack(WASM_STACK_BYTES)
            // Nothing here is asynchronous, but the two are compared all the same.
            .async_stack_size(WASM_STACK_BYTES)
            .wasm_backtrace_max_frames(None)
            .generate_address_map(false)
            .native_unwind_info(false);
        let engine = Engine::new(&config)
            .map_err(|error| Error::Unloadable(format!("There is no engine: {error:#}.")))?;
        let wasm = read(path)?;
        let module = sealed(&engine, path, &wasm)?;
        let library = image::read_library(path)?;
        Ok(Self {
            path: path.to_path_buf(),
            start: Start::Unknown {
                key: image::key(&wasm, &library),
                library,
            },
            engine,
            module,
            typescript: None,
            inside: None,
            seed: 0,
        })
    }

    /// Runs a world to its end, and hands over its events as they come.
    pub fn run(
        &mut self,
        scenario: &Scenario,
        mut on_events: impl FnMut(Vec<Event>) + Send,
    ) -> Result<Finished, Error> {
        self.on_deep_stack(|jar| {
            jar.begin(scenario)?;
            loop {
                let step = Command::Step {
                    ticks_max: STEP_TICKS,
                };
                let Reply::Stepped { status, events } = jar.ask(&step).and_then(expected)? else {
                    unreachable!("`expected` lets nothing else through");
                };
                if !events.is_empty() {
                    on_events(events);
                }
                if let Some(finished) = finished(status) {
                    return Ok(finished);
                }
            }
        })
    }

    /// Begins a world and lets it run in real time, until it ends: `meet` is called between two stretches and says what
    /// callers from outside do, and for how long the next may be.
    pub fn serve(
        &mut self,
        scenario: &Scenario,
        mut meet: impl FnMut(Meeting) -> Outlook + Send,
    ) -> Result<Finished, Error> {
        self.on_deep_stack(|jar| {
            jar.begin(scenario)?;
            let mut outlook = Outlook::default();
            loop {
                let command = Command::Exchange {
                    until_ns: outlook.until_ns,
                    ticks_max: STEP_TICKS,
                    deeds: std::mem::take(&mut outlook.deeds),
                };
                let (status, events, heard, next_ns, listening) = match jar.ask(&command)? {
                    Reply::Exchanged {
                        status,
                        events,
                        heard,
                        next_ns,
                        listening,
                    } => (status, events, heard, next_ns, listening),
                    other => return Err(unexpected(other)),
                };
                let finished = finished(status);
                outlook = meet(Meeting {
                    events,
                    heard,
                    next_ns,
                    listening,
                    is_last: finished.is_some(),
                });
                if let Some(finished) = finished {
                    return Ok(finished);
                }
            }
        })
    }

    /// In an instance of its own, so that no run can leave anything behind for the next.
    fn begin(&mut self, scenario: &Scenario) -> Result<(), Error> {
        self.seed = scenario.seed;
        let mut scenario = scenario.clone();
        packages::add_wanted(&mut scenario)?;
        let start = self.in_javascript(Command::Start(scenario))?;
        self.know_image()?;
        self.keep_compiled();
        match self.ask(&start)? {
            Reply::Started { version } => check_version(version),
            other => Err(unexpected(other)),
        }
    }

    /// Judges the run that has just finished by a lesson's checks.
    pub fn grade(&mut self, source: &str) -> Result<Report, Error> {
        let command = Command::Grade {
            source: source.to_string(),
        };
        self.on_deep_stack(|jar| match jar.ask(&command)? {
            Reply::Graded(report) => Ok(report),
            other => Err(unexpected(other)),
        })
    }

    /// Opens an instance as every run does before it starts: from the image.
    pub fn open(&mut self) -> Result<(), Error> {
        self.inside = None;
        self.on_deep_stack(|jar| {
            jar.know_image()?;
            let opened = jar.inside().map(|_| ());
            opened.map_err(|error| jar.trapped(&error))
        })
    }

    /// Boots Node's library whether or not there is an image, and puts neither to use: to measure what it costs.
    pub fn boot_anew(&mut self) -> Result<(), Error> {
        self.on_deep_stack(|jar| {
            let library = image::read_library(&jar.path)?;
            jar.boot(&library).map(|_| ())
        })
    }

    /// A thread whose stack holds what `WASM_STACK_BYTES` promises.
    fn on_deep_stack<T: Send>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, Error> + Send,
    ) -> Result<T, Error> {
        thread::scope(|scope| {
            let spawned = thread::Builder::new()
                .stack_size(WASM_STACK_BYTES + (4 << 20))
                .spawn_scoped(scope, || work(self));
            match spawned {
                Ok(handle) => match handle.join() {
                    Ok(result) => result,
                    Err(panic) => std::panic::resume_unwind(panic),
                },
                Err(error) => Err(Error::Unloadable(format!(
                    "There is no memory for a stack: {error}."
                ))),
            }
        })
    }

    /// Finds the image in the cache, or boots and keeps it there.
    fn know_image(&mut self) -> Result<(), Error> {
        let Start::Unknown { key, library } = &self.start else {
            return Ok(());
        };
        let image = match Image::find(*key) {
            Some(image) => image,
            None => {
                let image = self.warmed(self.boot(library)?)?;
                image.keep(*key);
                image
            }
        };
        self.start = Start::Known(image);
        Ok(())
    }

    /// With all of Node's modules compiled.
    fn warmed(&self, image: Image) -> Result<Image, Error> {
        let broken = |error| Error::Unloadable(format!("The jar does not run: {error:#}."));
        let mut inside = self.opened(&image).map_err(broken)?;
        let commands = [
            Command::Start(everything()),
            Command::Step {
                ticks_max: u64::MAX,
            },
        ];
        for command in commands {
            inside.ask(&command).map_err(broken)?;
        }
        match inside.ask(&Command::Compiled).map_err(broken)? {
            Reply::Compiled { library } => self.extended(&image, library).map_err(broken),
            other => Err(unexpected(other)),
        }
    }

    /// Gives the last run's instance up; what it has compiled the next ones find. Where that fails they compile for
    /// themselves.
    fn keep_compiled(&mut self) {
        let (Start::Known(image), Some(mut inside)) = (&self.start, self.inside.take()) else {
            return;
        };
        if let Ok(Reply::Compiled { library }) = inside.ask(&Command::Compiled)
            && !library.is_empty()
            && let Ok(image) = self.extended(image, library)
        {
            self.start = Start::Known(image);
        }
    }

    /// The image with the library's further part in it.
    fn extended(&self, image: &Image, library: Vec<u8>) -> wasmtime::Result<Image> {
        let fresh = Inside::new(&self.engine, &self.module)?;
        let mut inside = self.opened(image)?;
        inside.ask(&Command::Load { library })?;
        Ok(Image::new(
            fresh.memory.data(&fresh.store),
            inside.memory.data(&inside.store),
        ))
    }

    fn opened(&self, image: &Image) -> wasmtime::Result<Inside> {
        let mut inside = Inside::new(&self.engine, &self.module)?;
        image.restore(&inside.memory, inside.store.as_context_mut())?;
        Ok(inside)
    }

    fn boot(&self, library: &[Vec<u8>]) -> Result<Image, Error> {
        let broken = |error| Error::Unloadable(format!("The jar does not boot: {error:#}."));
        let mut inside = Inside::new(&self.engine, &self.module).map_err(broken)?;
        let fresh = inside.memory.data(&inside.store).to_vec();
        for part in library {
            let command = Command::Load {
                library: part.clone(),
            };
            match inside.ask(&command).map_err(broken)? {
                Reply::Loaded { version } => check_version(version)?,
                other => return Err(unexpected(other)),
            }
        }
        Ok(Image::new(&fresh, inside.memory.data(&inside.store)))
    }

    /// The command with its TypeScript made into JavaScript, each time in an instance of its own.
    fn in_javascript(&mut self, command: Command) -> Result<Command, Error> {
        if !typescript::needed(&command) {
            return Ok(command);
        }
        let module = match self.typescript.take() {
            Some(module) => module,
            None => {
                let path = typescript_path()?;
                sealed(&self.engine, &path, &read(&path)?)?
            }
        };
        let answer = Inside::new(&self.engine, &module)
            .and_then(|mut inside| inside.exchange(&codec::encode(&command)));
        self.typescript = Some(module);
        answer
            .and_then(|bytes| codec::decode(&bytes).map_err(wasmtime::Error::msg))
            .map_err(|error| Error::Trapped {
                seed: self.seed,
                trap: format!("reading TypeScript: {error:#}"),
            })
    }

    fn ask(&mut self, command: &Command) -> Result<Reply, Error> {
        let answer = self.inside().and_then(|inside| inside.ask(command));
        answer.map_err(|error| self.trapped(&error))
    }

    fn trapped(&mut self, error: &wasmtime::Error) -> Error {
        self.inside = None;
        Error::Trapped {
            seed: self.seed,
            trap: format!("{error:#}"),
        }
    }

    fn inside(&mut self) -> wasmtime::Result<&mut Inside> {
        if self.inside.is_none() {
            self.inside = Some(match &self.start {
                Start::Known(image) => self.opened(image)?,
                Start::Unknown { .. } => Inside::new(&self.engine, &self.module)?,
            });
        }
        self.inside
            .as_mut()
            .ok_or_else(|| wasmtime::Error::msg("no instance"))
    }
}

/// A program that loads all that a program can load, by both loaders.
fn everything() -> Scenario {
    let source = "import { builtinModules, createRequire } from 'node:module';
        for (const name of builtinModules) try { createRequire('/')(name) } catch {}";
    Scenario {
        seed: 1,
        epoch_ms: 0,
        limits: Limits::TERMINAL,
        record: Record::Output,
        network: NetworkSpec::default(),
        picks: Picks::default(),
        processes: vec![ProcessSpec {
            host: "app".to_owned(),
            entry: "/app/main.mjs".to_owned(),
            args: Vec::new(),
            env: Vec::new(),
            cwd: "/app".to_owned(),
            files: vec![File {
                path: "/app/main.mjs".to_owned(),
                bytes: source.into(),
            }],
            transpiled: Vec::new(),
            stdin: Vec::new(),
            tick_ns: 1,
        }],
    }
}

fn finished(status: Status) -> Option<Finished> {
    match status {
        Status::Running { .. } => None,
        Status::Finished {
            now_ns,
            exit_code,
            trace_hash,
        } => Some(Finished {
            now_ns,
            exit_code,
            trace_hash,
        }),
    }
}

fn check_version(version: u32) -> Result<(), Error> {
    if version == protocol::VERSION {
        return Ok(());
    }
    Err(Error::Unloadable(format!(
        "The jar speaks version {version} of the protocol, and this program {}. Build both again.",
        protocol::VERSION
    )))
}

fn expected(reply: Reply) -> Result<Reply, Error> {
    match reply {
        Reply::Stepped { .. } => Ok(reply),
        other => Err(unexpected(other)),
    }
}

fn unexpected(reply: Reply) -> Error {
    match reply {
        Reply::Refused { reason } => Error::Refused(reason),
        other => Error::Refused(format!(
            "The jar gave an answer to another question: {other:?}."
        )),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    fs::read(path)
        .map_err(|error| Error::Unloadable(format!("{} cannot be read: {error}.", path.display())))
}

fn sealed(engine: &Engine, path: &Path, wasm: &[u8]) -> Result<Module, Error> {
    let module = compiled::load(engine, wasm).map_err(|error| {
        Error::Unloadable(format!("{} is not a jar: {error:#}.", path.display()))
    })?;
    if let Some(import) = module.imports().next() {
        return Err(Error::Unloadable(format!(
            "{} is not sealed: it imports {}.{}.",
            path.display(),
            import.module(),
            import.name()
        )));
    }
    Ok(module)
}

/// An instance of a sealed module and its three exports.
struct Inside {
    store: Store<()>,
    memory: Memory,
    input: TypedFunc<u32, u32>,
    call: TypedFunc<(), u64>,
}

impl Inside {
    fn new(engine: &Engine, module: &Module) -> wasmtime::Result<Self> {
        let mut store = Store::new(engine, ());
        let instance = Instance::new(&mut store, module, &[])?;
        let memory = instance
            .get_memory(&mut store, "memory")
            .ok_or_else(|| wasmtime::Error::msg("it exports no memory"))?;
        let input = instance.get_typed_func(&mut store, "terrarium_input")?;
        let call = instance.get_typed_func(&mut store, "terrarium_call")?;
        Ok(Self {
            store,
            memory,
            input,
            call,
        })
    }

    fn ask(&mut self, command: &Command) -> wasmtime::Result<Reply> {
        let answer = self.exchange(&codec::encode(command))?;
        codec::decode(&answer).map_err(wasmtime::Error::msg)
    }

    fn exchange(&mut self, bytes: &[u8]) -> wasmtime::Result<Vec<u8>> {
        let place = self.input.call(&mut self.store, bytes.len() as u32)?;
        self.memory.write(&mut self.store, place as usize, bytes)?;
        let answer = self.call.call(&mut self.store, ())?;
        let (start, length) = ((answer >> 32) as usize, answer as u32 as usize);
        self.memory
            .data(&self.store)
            .get(start..start + length)
            .map(<[u8]>::to_vec)
            .ok_or_else(|| wasmtime::Error::msg("its answer is outside of its memory"))
    }
}
