//! Running other programs: quietly while they are quick, with a line when they are not, with their last words when
//! they fail.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::Result;
use crate::workspace::Workspace;

/// A step that takes longer than this is worth a line.
const QUIET: Duration = Duration::from_secs(1);
const TAIL_LINES: usize = 60;

/// Variables for child processes: where the tools are and which of them to use.
#[derive(Clone, Default)]
pub struct Environment {
    variables: Vec<(String, OsString)>,
    folders: Vec<OsString>,
}

impl Environment {
    pub fn set(&mut self, name: &str, value: impl AsRef<OsStr>) {
        self.variables
            .push((name.to_owned(), value.as_ref().to_owned()));
    }

    /// Puts a folder in front of PATH.
    pub fn add_folder(&mut self, folder: &Path) {
        self.folders.push(folder.as_os_str().to_owned());
    }

    pub fn extend(&mut self, other: Self) {
        self.variables.extend(other.variables);
        self.folders.extend(other.folders);
    }

    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        forget_cargo(&mut command);
        if !self.folders.is_empty() {
            let path = std::env::var_os("PATH").unwrap_or_default();
            let folders = self.folders.iter().map(Into::into);
            let all = folders.chain(std::env::split_paths(&path));
            if let Ok(joined) = std::env::join_paths(all) {
                command.env("PATH", joined);
            }
        }
        for (name, value) in &self.variables {
            command.env(name, value);
        }
        command
    }
}

/// What `cargo run` told this process about itself is not true of the Cargo that it starts.
fn forget_cargo(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text == "CARGO" || text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST") {
            command.env_remove(&name);
        }
    }
    // The compiler's own libraries were put there for this process; another toolchain has others.
    command.env_remove("LD_LIBRARY_PATH");
    command.env_remove("DYLD_FALLBACK_LIBRARY_PATH");
}

/// Runs to the end with output in `target/logs/NAME.log`; on failure the sentence holds its tail.
pub fn step(workspace: &Workspace, doing: &str, command: &mut Command) -> Result {
    let (status, log) = logged(workspace, doing, command)?;
    if status.success() {
        return Ok(());
    }
    Err(format!(
        "{}\n{doing} failed ({status}). All of it: {}",
        tail(&log),
        log.display()
    ))
}

/// As [`step`], for those who want to read the log whatever happened.
pub fn logged(
    workspace: &Workspace,
    doing: &str,
    command: &mut Command,
) -> Result<(ExitStatus, std::path::PathBuf)> {
    let folder = workspace.logs();
    let name: String = doing
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == '.' {
                c
            } else {
                '-'
            }
        })
        .collect();
    let log = folder.join(format!("{}.log", name.to_lowercase()));
    let open = || -> std::io::Result<(File, File)> {
        fs::create_dir_all(&folder)?;
        let file = File::create(&log)?;
        Ok((file.try_clone()?, file))
    };
    let (out, err) =
        open().map_err(|error| format!("{} cannot be written: {error}.", log.display()))?;
    command
        .stdin(Stdio::null())
        .stdout(Stdio::from(out))
        .stderr(Stdio::from(err));
    let start = Instant::now();
    let mut child = command
        .spawn()
        .map_err(|error| cannot_start(command, &error))?;
    let mut announced = false;
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) => {}
            Err(error) => return Err(format!("{doing}: {error}.")),
        }
        if !announced && start.elapsed() > QUIET {
            announced = true;
            println!("{doing} …");
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    if announced {
        println!("{doing}: {}", seconds(start.elapsed()));
    }
    Ok((status, log))
}

/// Whether the command ended well within the time; its output goes nowhere.
pub fn succeeds(command: &mut Command, limit: Duration) -> bool {
    let quiet = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let Ok(mut child) = quiet.spawn() else {
        return false;
    };
    let start = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return status.success(),
            Ok(None) if start.elapsed() < limit => std::thread::sleep(Duration::from_millis(5)),
            _ => {
                let _ = child.kill();
                let _ = child.wait();
                return false;
            }
        }
    }
}

/// Standard output, trimmed, if the command ended well.
pub fn output(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

pub fn cannot_start(command: &Command, error: &std::io::Error) -> String {
    format!(
        "{} cannot be started: {error}.",
        command.get_program().to_string_lossy()
    )
}

pub fn seconds(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    if seconds < 60.0 {
        format!("{seconds:.1} s")
    } else {
        format!(
            "{:.0} min {:02.0} s",
            (seconds / 60.0).floor(),
            seconds % 60.0
        )
    }
}

pub fn tail(log: &Path) -> String {
    let bytes = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
}
