//! What the commands that run a program share: how a file becomes a world.

use std::{
    env,
    ffi::OsString,
    io::{self, IsTerminal, Read},
    path::Path,
};

use super::Failure;
use crate::project::Project;
use lexopt::{Arg, Parser, ValueExt};
use protocol::{
    Limits, ProcessSpec, Record, Scenario,
    scenario::{EPOCH_MS, Picks, TICK_NS},
};

const SEED: u64 = 1;
const HOST: &str = "jar";
/// Options of Node's own that programs are run with.
const NODE_FLAGS: [&str; 5] = [
    "experimental-vm-modules",
    "expose-internals",
    "no-warnings",
    "test",
    "test-only",
];
/// Those that have a value.
const NODE_VALUES: [&str; 9] = [
    "conditions",
    "import",
    "require",
    "test-concurrency",
    "test-name-pattern",
    "test-reporter",
    "test-reporter-destination",
    "test-shard",
    "test-timeout",
];

/// What a command that runs a program was asked for.
pub struct Request {
    pub scenario: Scenario,
    /// What the process cannot see of its project.
    pub left_out: Vec<String>,
}

/// The options that commands share, as they are read.
struct Options {
    seed: Option<u64>,
    tick_ns: u64,
    limits: Limits,
    /// Node's own.
    node: Vec<String>,
}

/// Reads the rest of the command line. `own` takes the options that only this command has. Everything behind FILE is the
/// program's, whatever it looks like.
pub fn request(
    arguments: &mut Parser,
    record: Record,
    own: impl FnMut(&str, &mut Parser) -> Result<bool, Failure>,
) -> Result<Request, Failure> {
    let mut options = Options::default();
    let file = options.read(arguments, own)?;
    let args = texts(arguments.raw_args()?.collect())?;
    match file {
        file if options.runs_tests() => {
            let paths = texts(file.into_iter().collect())?;
            options.build_tests(paths.into_iter().chain(args).collect(), record)
        }
        Some(file) => options.build(Path::new(&file), args, record),
        None => Err(no_file()),
    }
}

/// The same, with options behind FILE as well as before it: a server is given few arguments, and those behind `--`.
pub fn request_of_server(
    arguments: &mut Parser,
    record: Record,
    mut own: impl FnMut(&str, &mut Parser) -> Result<bool, Failure>,
) -> Result<Request, Failure> {
    let mut options = Options::default();
    let mut values = Vec::new();
    while let Some(value) = options.read(arguments, &mut own)? {
        values.push(value);
    }
    if values.is_empty() {
        return Err(no_file());
    }
    let file = values.remove(0);
    options.build(Path::new(&file), texts(values)?, record)
}

/// `--choose`: what is taken where the seed would choose.
pub fn read_picks(arguments: &mut Parser) -> Result<Picks, Failure> {
    let text = arguments.value()?.string()?;
    let picks = text.parse::<Picks>();
    picks.map_err(|reason| Failure::Usage(format!("--choose: {reason}")))
}

fn no_file() -> Failure {
    Failure::Usage("FILE is missing".to_string())
}

fn texts(args: Vec<OsString>) -> Result<Vec<String>, Failure> {
    args.into_iter()
        .map(OsString::into_string)
        .collect::<Result<Vec<String>, OsString>>()
        .map_err(|arg| Failure::Usage(format!("{} is not UTF-8", arg.display())))
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seed: None,
            tick_ns: TICK_NS,
            limits: Limits::TERMINAL,
            node: Vec::new(),
        }
    }
}

impl Options {
    /// Takes options up to the next argument that is none.
    fn read(
        &mut self,
        arguments: &mut Parser,
        mut own: impl FnMut(&str, &mut Parser) -> Result<bool, Failure>,
    ) -> Result<Option<OsString>, Failure> {
        loop {
            match arguments.next()? {
                Some(Arg::Value(value)) => return Ok(Some(value)),
                Some(Arg::Long(name)) => {
                    let name = name.to_string();
                    if !self.take(&name, arguments)? && !own(&name, arguments)? {
                        return Err(Arg::Long(&name).unexpected().into());
                    }
                }
                Some(Arg::Short(letter)) => {
                    if !own(&letter.to_string(), arguments)? {
                        return Err(Arg::Short(letter).unexpected().into());
                    }
                }
                None => return Ok(None),
            }
        }
    }

    fn take(&mut self, name: &str, arguments: &mut Parser) -> Result<bool, Failure> {
        match name {
            "seed" => self.seed = Some(arguments.value()?.parse()?),
            "cpu" => {
                let speed: f64 = arguments.value()?.parse()?;
                if !(0.001..=1_000.0).contains(&speed) {
                    return Err(Failure::Usage("--cpu goes from 0.001 to 1000".to_string()));
                }
                self.tick_ns = (TICK_NS as f64 / speed).round().max(1.0) as u64;
            }
            "limits" => {
                self.limits = match arguments.value()?.string()?.as_str() {
                    "terminal" => Limits::TERMINAL,
                    "page" => Limits::PAGE,
                    other => {
                        return Err(Failure::Usage(format!(
                            "--limits is terminal or page, not {other}"
                        )));
                    }
                }
            }
            flag if NODE_FLAGS.contains(&flag) => self.node.push(format!("--{flag}")),
            option if NODE_VALUES.contains(&option) => {
                let value = arguments.value()?.string()?;
                self.node.push(format!("--{option}={value}"));
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn runs_tests(&self) -> bool {
        self.node.iter().any(|option| option == "--test")
    }

    /// Node's test runner in the project of the first path, or of the working folder.
    fn build_tests(mut self, paths: Vec<String>, record: Record) -> Result<Request, Failure> {
        let first = paths.first().map_or(".", String::as_str);
        let has_reporter = |option: &String| option.starts_with("--test-reporter=");
        // The world's own streams are pipes, and its runner would choose TAP.
        if io::stdout().is_terminal() && !self.node.iter().any(has_reporter) {
            self.node.push("--test-reporter=spec".to_string());
        }
        let mut request = self.build_file(Path::new(first), Vec::new(), record)?;
        if let Some(process) = request.scenario.processes.first_mut() {
            // The last is the file that a run would be of.
            process.args.pop();
            process.args.extend(paths);
        }
        Ok(request)
    }

    fn build(self, file: &Path, args: Vec<String>, record: Record) -> Result<Request, Failure> {
        if file.extension().is_some_and(|ending| ending == "toml") {
            if let Some(option) = self.node.first() {
                return Err(Failure::Usage(format!(
                    "{option} is for FILE, not for a world"
                )));
            }
            return self.build_world(file, &args, record);
        }
        self.build_file(file, args, record)
    }

    fn build_file(
        self,
        file: &Path,
        mut args: Vec<String>,
        record: Record,
    ) -> Result<Request, Failure> {
        let failed = |error: io::Error| {
            Failure::Sentence(format!("{} cannot be read: {error}.", file.display()))
        };
        let project = Project::read(file).map_err(failed)?;
        let stdin = read_stdin(&project).map_err(|error| {
            Failure::Sentence(format!("Standard input cannot be read: {error}."))
        })?;
        let cwd = env::current_dir().map_err(failed)?;
        let mut entry = project.entry.to_string_lossy().into_owned();
        if !self.node.is_empty() {
            // The jar reads the command line.
            args.insert(0, std::mem::take(&mut entry));
            args.splice(0..0, self.node);
        }
        Ok(Request {
            scenario: Scenario {
                seed: self.seed.unwrap_or(SEED),
                picks: Picks::default(),
                epoch_ms: EPOCH_MS,
                limits: self.limits,
                record,
                network: protocol::scenario::NetworkSpec::default(),
                processes: vec![ProcessSpec {
                    host: HOST.to_string(),
                    entry,
                    args,
                    env: env::vars_os()
                        .filter_map(|(name, value)| {
                            Some((name.into_string().ok()?, value.into_string().ok()?))
                        })
                        .collect(),
                    cwd: cwd.to_string_lossy().into_owned(),
                    files: project.files,
                    transpiled: Vec::new(),
                    stdin,
                    tick_ns: self.tick_ns,
                }],
            },
            left_out: project.left_out,
        })
    }
}

impl Options {
    /// The processes of a `world.toml`; their files are those beside it.
    fn build_world(self, file: &Path, args: &[String], record: Record) -> Result<Request, Failure> {
        if let Some(arg) = args.first() {
            return Err(Failure::Usage(format!(
                "a world gives its processes their arguments, so {arg} has no place"
            )));
        }
        let world = course::load_world(file).map_err(|mistakes| {
            let lines: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
            Failure::Sentence(format!("This is no world:\n{}", lines.join("\n")))
        })?;
        let failed = |error: io::Error| {
            Failure::Sentence(format!("{} cannot be read: {error}.", file.display()))
        };
        let absolute = file.canonicalize().map_err(failed)?;
        let folder = absolute.parent().unwrap_or(Path::new("/")).to_path_buf();
        let project = Project::read_folder(&folder, world.entry()).map_err(failed)?;
        let processes = world.processes.into_iter().map(|process| ProcessSpec {
            host: process.host,
            entry: folder.join(&process.entry).to_string_lossy().into_owned(),
            args: process.args,
            env: process.env,
            cwd: folder.to_string_lossy().into_owned(),
            files: project.files.clone(),
            transpiled: Vec::new(),
            stdin: Vec::new(),
            // --cpu makes all of them slower or faster.
            tick_ns: (process.tick_ns * self.tick_ns / TICK_NS).max(1),
        });
        Ok(Request {
            scenario: Scenario {
                seed: self.seed.unwrap_or(world.seed),
                picks: Picks::default(),
                epoch_ms: world.epoch_ms,
                limits: self.limits,
                record,
                network: world.network,
                processes: processes.collect(),
            },
            left_out: project.left_out,
        })
    }
}

/// All of standard input, because the jar cannot wait for more. A terminal has none; and a pipe that nobody closes
/// must not stop a program that would never look at it, so a pipe is read only when a file of the project itself
/// speaks of standard input.
fn read_stdin(project: &Project) -> io::Result<Vec<u8>> {
    const WORDS: [&str; 4] = ["stdin", "readFileSync(0", "readSync(0", "readline"];
    let mut input = io::stdin();
    let mut bytes = Vec::new();
    if input.is_terminal() {
        return Ok(bytes);
    }
    let packages = project.root.join("node_modules");
    let wanted = project
        .files
        .iter()
        .filter(|file| !Path::new(&file.path).starts_with(&packages))
        .any(|file| {
            WORDS
                .iter()
                .any(|word| contains(&file.bytes, word.as_bytes()))
        });
    if wanted || stdin_is_file() {
        input.read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

fn contains(bytes: &[u8], word: &[u8]) -> bool {
    bytes.windows(word.len()).any(|window| window == word)
}

#[cfg(unix)]
fn stdin_is_file() -> bool {
    use std::{fs::File, os::fd::AsFd};

    let Ok(copy) = io::stdin().as_fd().try_clone_to_owned() else {
        return false;
    };
    File::from(copy)
        .metadata()
        .is_ok_and(|about| about.is_file())
}

#[cfg(not(unix))]
fn stdin_is_file() -> bool {
    false
}
