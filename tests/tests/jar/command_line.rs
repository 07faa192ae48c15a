//! The program `terrarium` as a person meets it.
//!
//! Each folder in `command-line/` is a case: its `main` file is run with the lines of `args.txt` as arguments and
//! `stdin.txt` as input, and `expected.txt` holds what real Node v20.20.2 did: exit code, standard output, standard error.
//! `UPDATE=1` asks the `node` of this machine again. Node 20 reads no TypeScript: such cases hold what Node v22.23.3
//! did, which `UPDATE=1 NODE22=…` asks again. The folder's own path reads `HERE`, and stack frames inside of Node
//! itself are left out, because their line numbers are an implementation's own.

use std::{
    env, fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use protocol::LIBRARY_FILES;
use tests::{assert_failures, data, entries, name_of, updating};

const TERRARIUM: &str = env!("CARGO_BIN_EXE_terrarium-under-test");

#[test]
fn run_behaves_like_node() {
    let folder = data("command-line");
    let mut failures = Vec::new();
    for case in entries(&folder) {
        if !case.is_dir() {
            continue;
        }
        let golden = case.join("expected.txt");
        if updating()
            && let Some(said) = ask_node(&case)
        {
            fs::write(&golden, said).expect("a golden");
        }
        let expected = fs::read_to_string(&golden).unwrap_or_default();
        let said = describe(&case, &run(&case, TERRARIUM, &["run"]));
        if said != expected {
            failures.push((
                name_of(&case),
                format!("expected\n{expected}\nbut said\n{said}"),
            ));
        }
    }
    assert_failures(&folder.join("known-failures.txt"), &failures);
}

/// `None` for TypeScript without a Node that reads it.
fn ask_node(case: &Path) -> Option<String> {
    if !main_of(case).ends_with("ts") {
        return Some(describe(case, &run(case, "node", &[])));
    }
    let node = env::var("NODE22").ok()?;
    let mut options = vec!["--no-warnings"];
    // Only what cannot be stripped: with it, Node shows stack frames of ES modules without `file://`.
    if name_of(case) == "typescript-transformed" {
        options.push("--experimental-transform-types");
    }
    let said = describe(case, &run(case, &node, &options));
    Some(said.replace("\nNode.js v22.23.3\n", "\nNode.js v20.20.2\n"))
}

fn main_of(case: &Path) -> &'static str {
    ["main.cjs", "main.mjs", "main.ts", "main.cts"]
        .into_iter()
        .find(|name| case.join(name).exists())
        .unwrap_or("main.cjs")
}

fn run(case: &Path, program: &str, before: &[&str]) -> Output {
    let args = fs::read_to_string(case.join("args.txt")).unwrap_or_default();
    let stdin = fs::read(case.join("stdin.txt")).unwrap_or_default();
    let mut command = Command::new(program);
    command
        .args(before)
        .arg(main_of(case))
        .args(args.lines())
        .current_dir(case)
        .env("GREETING", "hello")
        .env_remove("NODE_OPTIONS");
    feed(&mut command, &stdin)
}

fn feed(command: &mut Command, stdin: &[u8]) -> Output {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    // A program that does not read its input may be gone already.
    let _ = child.stdin.take().expect("a pipe").write_all(stdin);
    child.wait_with_output().expect("the program ends")
}

fn describe(case: &Path, output: &Output) -> String {
    let here = case.canonicalize().expect("a folder");
    let text =
        |bytes: &[u8]| String::from_utf8_lossy(bytes).replace(&here.display().to_string(), "HERE");
    let stderr: String = text(&output.stderr)
        .lines()
        .filter(|line| !line.trim_start().starts_with("at ") || !line.contains("node:internal"))
        .map(|line| format!("{line}\n"))
        .collect();
    format!(
        "exit {}\n--- stdout\n{}--- stderr\n{stderr}",
        output.status.code().unwrap_or(-1),
        text(&output.stdout)
    )
}

#[test]
fn a_command_line_that_makes_no_sense_exits_with_2() {
    for arguments in [
        &[][..],
        &["walk"],
        &["run"],
        &["run", "--seed", "x", "main.js"],
        &["run", "--sead", "1", "main.js"],
        &["run", "--cpu", "0", "main.js"],
        &["trace", "--format", "xml", "main.js"],
        &["check", "no-such-folder"],
        &["--json"],
    ] {
        let output = terrarium(arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(
            said.starts_with("terrarium: ") && said.ends_with("See `terrarium --help`.\n"),
            "{said}"
        );
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
}

#[test]
fn help_and_version_are_asked_for() {
    let help = String::from_utf8(terrarium(&["--help"]).stdout).expect("text");
    for command in ["terrarium run", "terrarium check", "terrarium trace"] {
        assert!(help.contains(command), "{help}");
    }
    let version = String::from_utf8(terrarium(&["--version"]).stdout).expect("text");
    assert_eq!(
        version,
        format!("terrarium {}\n", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn a_missing_module_says_what_builds_it() {
    let output = Command::new(TERRARIUM)
        .args(["run", "main.js"])
        .env("TERRARIUM_WASM", "/no/such/file.wasm")
        .output()
        .expect("the program starts");
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("/no/such/file.wasm cannot be read"), "{said}");
}

#[test]
fn a_missing_library_says_what_makes_it() {
    let folder = scratch("no-library");
    let jar = folder.join("runtime_sim.wasm");
    fs::copy(terrarium::wasm_path().expect("the jar"), &jar).expect("a copy");
    let output = Command::new(TERRARIUM)
        .args(["run", "main.js"])
        .env("TERRARIUM_WASM", &jar)
        .output()
        .expect("the program starts");
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("node-lib.bin cannot be read"), "{said}");
    assert!(said.contains("`cargo xtask assets` makes it"), "{said}");
}

#[test]
fn a_library_of_two_builds_is_refused() {
    let folder = scratch("mixed-library");
    let jar = terrarium::wasm_path().expect("the jar");
    for name in LIBRARY_FILES.into_iter().chain(["runtime_sim.wasm"]) {
        fs::copy(jar.with_file_name(name), folder.join(name)).expect("a copy");
    }
    let part = folder.join("node-lib-more.bin");
    let mut bytes = fs::read(&part).expect("a part");
    bytes[8] ^= 0xff;
    fs::write(&part, bytes).expect("another build's part");
    let output = Command::new(TERRARIUM)
        .args(["run", "main.js"])
        .env("TERRARIUM_WASM", folder.join("runtime_sim.wasm"))
        .output()
        .expect("the program starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("more belongs to another build"), "{said}");
}

#[test]
fn a_damaged_cache_is_made_again() {
    let caches = scratch("cache");
    let program = scratch("cache-program").join("main.cjs");
    fs::write(&program, "console.log('hello')").expect("a program");
    let hello = || {
        let output = Command::new(TERRARIUM)
            .arg("run")
            .arg(&program)
            .env("XDG_CACHE_HOME", &caches)
            .stdin(Stdio::null())
            .output()
            .expect("the program starts");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.stdout, b"hello\n", "{said}");
    };
    hello();
    for (shelf, ending) in [("compiled", "cwasm"), ("images", "memory")] {
        let folder = caches.join("terrarium").join(shelf);
        let file = |ending: &str| -> PathBuf {
            let mut found = entries(&folder);
            found.retain(|path| path.extension().is_some_and(|other| other == ending));
            assert_eq!(found.len(), 1, "files .{ending} in {}", folder.display());
            found.remove(0)
        };
        let sound = fs::read(file(ending)).expect("what is kept");
        let mut flipped = sound.clone();
        let middle = flipped.len() / 2;
        flipped[middle] ^= 0xff;
        for damaged in [&flipped[..], &sound[..1000]] {
            fs::write(file(ending), damaged).expect("damage");
            hello();
            let kept = fs::read(file(ending)).expect("what is kept");
            assert!(kept == sound, "{shelf}: it is whole again, byte for byte");
        }
        fs::write(file("ref"), "../../etc/passwd").expect("damage");
        hello();
    }
    fs::remove_dir_all(&caches).expect("the cache goes");
}

#[test]
fn output_into_a_closed_pipe_ends_quietly() {
    let program = scratch("pipe").join("main.cjs");
    fs::write(
        &program,
        "for (let i = 0; i < 50_000; i += 1) console.log('line', i)",
    )
    .expect("a program");
    let mut child = Command::new(TERRARIUM)
        .arg("run")
        .arg(&program)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("the program ends");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn an_open_pipe_that_nobody_reads_does_not_stop_a_program() {
    let program = scratch("open-pipe").join("main.cjs");
    fs::write(&program, "console.log('done')").expect("a program");
    let mut child = Command::new(TERRARIUM)
        .arg("run")
        .arg(&program)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let held_open = child.stdin.take();
    let output = child.wait_with_output().expect("the program ends");
    assert_eq!(output.stdout, b"done\n");
    drop(held_open);
}

#[test]
fn the_seed_decides_and_nothing_else() {
    let program = scratch("seed").join("main.cjs");
    fs::write(
        &program,
        "console.log(Math.random(), Date.now(), performance.now())",
    )
    .expect("a program");
    let said = |seed: &str| {
        let output = terrarium(&["run", "--seed", seed, program.to_str().expect("UTF-8")]);
        String::from_utf8(output.stdout).expect("text")
    };
    assert_eq!(said("5"), said("5"));
    assert_ne!(said("5"), said("6"));
}

#[test]
fn a_slower_core_takes_longer() {
    let program = scratch("cpu").join("main.cjs");
    let source = "for (let i = 0; i < 1e5; i += 1);\nconsole.log(Math.round(performance.now()))";
    fs::write(&program, source).expect("a program");
    let took = |speed: &str| -> u32 {
        let output = terrarium(&["run", "--cpu", speed, program.to_str().expect("UTF-8")]);
        let text = String::from_utf8(output.stdout).expect("text");
        text.trim()
            .parse()
            .unwrap_or_else(|error| panic!("{text}: {error}"))
    };
    let (slow, fast) = (took("0.1"), took("10"));
    assert!(slow > 5 * fast.max(1), "{slow} ms against {fast} ms");
}

#[test]
fn traces_are_json() {
    let program = scratch("trace").join("main.cjs");
    fs::write(&program, "setTimeout(() => console.log('\"late\"'), 5)").expect("a program");
    let path = program.to_str().expect("UTF-8");

    let lines =
        String::from_utf8(terrarium(&["trace", "--format", "json", path]).stdout).expect("text");
    for (id, line) in lines.lines().enumerate() {
        let event: serde_json::Value = serde_json::from_str(line).expect(line);
        assert_eq!(event["id"], id, "{line}");
        assert!(
            event["time_ns"].is_u64() && event["kind"].is_object() | event["kind"].is_string(),
            "{line}"
        );
    }
    assert!(lines.lines().count() > 10, "{lines}");

    let out = program.with_extension("json");
    let quiet = terrarium(&["trace", "-o", out.to_str().expect("UTF-8"), path]);
    assert_eq!((quiet.status.code(), quiet.stdout.len()), (Some(0), 0));
    let chrome: serde_json::Value =
        serde_json::from_slice(&fs::read(&out).expect("a trace")).expect("JSON");
    let events = chrome["traceEvents"].as_array().expect("a list");
    let count = |phase: &str| events.iter().filter(|event| event["ph"] == phase).count();
    assert_eq!(count("B"), count("E"), "what begins ends");
    assert_eq!(count("b"), count("e"), "every wait ends");
    assert!(
        count("B") >= 2 && count("s") >= 1 && count("f") >= 1,
        "tasks and arrows"
    );
    let late = events
        .iter()
        .find(|event| event["name"] == "\"late\"")
        .expect("the output");
    assert!(late["ts"].as_f64().is_some_and(|ts| ts > 5_000.0), "{late}");
}

#[test]
fn check_names_the_file_and_the_line() {
    let lessons = scratch("lessons");
    copy(&data("../course/tests/base"), &lessons);
    let lesson = lessons.join("01-chapter/01-lesson");
    let checks = "import { check, expect } from 'terrarium:check'\n\
                  check('it prints one', (run) => expect(run.stdout, 'the output').toBe('one\\n'))\n";
    fs::write(lesson.join("checks.js"), checks).expect("checks");
    let start = "console.log('two')\nsetTimeout(() => console.log('one'))\n";
    fs::write(lesson.join("start/main.js"), start).expect("a start");
    let sound = terrarium(&["check", lessons.to_str().expect("UTF-8")]);
    let said = String::from_utf8_lossy(&sound.stdout).into_owned();
    assert_eq!(sound.status.code(), Some(0), "{said}");

    fs::write(lesson.join("solution/main.js"), "console.log('three')\n").expect("a solution");
    let wrong = terrarium(&["check", lesson.to_str().expect("UTF-8")]);
    let said = String::from_utf8_lossy(&wrong.stdout).into_owned();
    assert_eq!(wrong.status.code(), Some(1), "{said}");
    assert!(
        said.contains("solution/main.js:1: With seed 1, \"it prints one\" fails: "),
        "{said}"
    );

    fs::write(lesson.join("world.toml"), "seed = 1\nentri = \"main.js\"\n").expect("a world");
    let malformed = terrarium(&["check", "--json", lessons.to_str().expect("UTF-8")]);
    assert_eq!(malformed.status.code(), Some(1));
    let json: serde_json::Value = serde_json::from_slice(&malformed.stdout).expect("JSON");
    let mistakes = json["lessons"][0]["mistakes"].as_array().expect("mistakes");
    assert_eq!(json["passed"], false);
    assert!(
        mistakes.iter().any(|mistake| mistake["line"] == 2
            && mistake["path"]
                .as_str()
                .is_some_and(|path| path.ends_with("world.toml"))
            && mistake["sentence"] == "`entri` is not a key of world.toml. Did you mean `entry`?"),
        "{mistakes:?}"
    );
}

fn terrarium(arguments: &[&str]) -> Output {
    feed(Command::new(TERRARIUM).args(arguments), b"")
}

/// An empty folder of this test's own.
fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a scratch folder");
    folder
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for path in entries(from) {
        let target = to.join(name_of(&path));
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).expect("a copy");
        }
    }
}
