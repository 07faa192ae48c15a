//! `terrarium serve` as real clients meet it.
//!
//! Each folder in `serve/` is a case: `server.cjs`, and `client.mjs`, which asks it with curl, fetch, ws and bare sockets
//! in the real Node of this machine and writes down what it sees. `expected.txt` holds what it saw of the same server in
//! real Node v20.20.2, and how that server ended by an interrupt; `UPDATE=1` asks it again.

use std::{
    env, fs,
    io::{BufRead, BufReader, Read},
    net::TcpListener,
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use tests::{assert_failures, data, entries, name_of, updating};

const TERRARIUM: &str = env!("CARGO_BIN_EXE_terrarium-under-test");
const ENDING_TIME_MAX: Duration = Duration::from_secs(20);

#[test]
fn real_clients_see_what_they_see_of_node() {
    let folder = data("serve");
    let mut failures = Vec::new();
    for case in entries(&folder).into_iter().filter(|case| case.is_dir()) {
        let golden = case.join("expected.txt");
        if updating() {
            fs::write(&golden, meet(&case, Server::node)).expect("a golden");
        }
        let expected = fs::read_to_string(&golden).unwrap_or_default();
        let seen = meet(&case, Server::terrarium);
        if seen != expected {
            failures.push((name_of(&case), difference(&expected, &seen)));
        }
    }
    assert_failures(&folder.join("known-failures.txt"), &failures);
}

/// What the client sees of the server and what becomes of the server.
fn meet(case: &Path, begin: fn(&Path, u16) -> Server) -> String {
    let port = TcpListener::bind(("127.0.0.1", 0))
        .and_then(|door| door.local_addr())
        .expect("a free port")
        .port();
    let mut server = begin(case, port);
    let client = Command::new("node")
        .arg(case.join("client.mjs"))
        .args([port.to_string(), server.child.id().to_string()])
        .output()
        .expect("node");
    server.interrupt();
    let (code, said) = server.end();
    format!(
        "{}{}--- the server\n{said}(exit code {code})\n",
        String::from_utf8_lossy(&client.stdout),
        String::from_utf8_lossy(&client.stderr)
    )
}

/// The steps that differ, both ways.
fn difference(expected: &str, seen: &str) -> String {
    let steps = |text: &str| -> Vec<String> { text.split("--- ").map(str::to_owned).collect() };
    let (expected, seen) = (steps(expected), steps(seen));
    let missing = expected.iter().filter(|step| !seen.contains(step));
    let added = seen.iter().filter(|step| !expected.contains(step));
    let lines = missing
        .map(|step| format!("expected: {step}"))
        .chain(added.map(|step| format!("but saw: {step}")));
    lines.collect()
}

struct Server {
    child: Child,
    /// What it writes to standard output.
    said: JoinHandle<String>,
    store: PathBuf,
}

impl Server {
    fn node(case: &Path, port: u16) -> Self {
        let store = env::temp_dir().join(format!("terrarium-serve-{port}"));
        let mut command = Command::new("node");
        command
            .env("PORT", port.to_string())
            .env("ROOT", &store)
            .env("NODE_PATH", data("../packages/npm/node_modules"));
        Self::begin(command, case, store, "ready", "")
    }

    fn terrarium(case: &Path, port: u16) -> Self {
        let mut command = Command::new(TERRARIUM);
        command.args(["serve", "--port", &port.to_string()]);
        Self::begin(command, case, PathBuf::new(), "", " is at http://")
    }

    /// Waits until it has said one of these on standard output and the other on standard error.
    fn begin(
        mut command: Command,
        case: &Path,
        store: PathBuf,
        on_stdout: &'static str,
        on_stderr: &'static str,
    ) -> Self {
        let mut child = command
            .arg("server.cjs")
            .current_dir(case)
            .env("NODE_ENV", "production")
            .env_remove("NODE_OPTIONS")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let mut stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut stderr = BufReader::new(child.stderr.take().expect("a pipe"));
        let mut said = wait_for(&mut stdout, on_stdout);
        wait_for(&mut stderr, on_stderr);
        thread::spawn(move || std::io::copy(&mut stderr, &mut std::io::sink()));
        let said = thread::spawn(move || {
            let mut rest = Vec::new();
            // Only an end is of interest here.
            let _ = stdout.read_to_end(&mut rest);
            said.push_str(&String::from_utf8_lossy(&rest));
            said
        });
        Self { child, said, store }
    }

    fn interrupt(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = Command::new("kill")
                .args(["-INT", &self.child.id().to_string()])
                .status();
        }
    }

    /// The exit code, as a shell tells it, and everything that it has said.
    fn end(mut self) -> (String, String) {
        let start = Instant::now();
        let code = loop {
            if let Some(status) = self.child.try_wait().expect("a child") {
                let signal = status.signal().map(|number| number + 128);
                break format!("{:?}", status.code().or(signal).unwrap_or_default());
            }
            if start.elapsed() > ENDING_TIME_MAX {
                self.child.kill().expect("a child");
                self.child.wait().expect("a child");
                break "none: it had to be killed".to_owned();
            }
            thread::sleep(Duration::from_millis(5));
        };
        let _ = fs::remove_dir_all(&self.store);
        (code, self.said.join().unwrap_or_default())
    }
}

/// Everything up to the line with these words, or to the end.
fn wait_for(pipe: &mut impl BufRead, words: &str) -> String {
    let mut text = String::new();
    while !words.is_empty() && !text.contains(words) {
        if pipe.read_line(&mut text).unwrap_or(0) == 0 {
            break;
        }
    }
    text
}
