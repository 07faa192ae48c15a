//! Suites that others wrote for mocha, run inside the jar by the mocha that they bring.
//!
//! `express DIR`: `DIR` is Express's repository with what `npm install` puts there. What its `npm test` runs is run, each
//! file in a world of its own that holds the whole folder. `promises-aplus DIR`: `DIR` has `promises-aplus-tests` in its
//! `node_modules`; the adapter gives the engine's own promises. A test counts when mocha counts it.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use protocol::{File, Limits, scenario::CALL_DEPTH};
use serde_json::Value;

use crate::{
    apart::{self, Ended},
    entries, name_of,
};

const WALL_TIME_MAX: Duration = Duration::from_secs(300);
const LIMITS: Limits = Limits {
    callback_ticks_max: 4_000_000_000,
    ticks_max: 40_000_000_000,
    events_max: 100_000_000,
    virtual_ns_max: 3600 * 1_000_000_000,
    output_bytes_max: 64 << 20,
    output_lines_max: 1_000_000,
    heap_bytes_max: 1 << 30,
    call_depth_max: CALL_DEPTH,
};

const ADAPTER_NAME: &str = "terrarium-adapter.js";
/// The suite's mocha is older than Node's ending of a process whose promise was rejected in vain, and so are its tests.
const ADAPTER: &str = "\
process.on('unhandledRejection', () => {});
exports.resolved = (value) => Promise.resolve(value);
exports.rejected = (reason) => Promise.reject(reason);
exports.deferred = () => {
  const deferred = {};
  deferred.promise = new Promise((resolve, reject) => Object.assign(deferred, { resolve, reject }));
  return deferred;
};
";

/// One run of mocha: its words after `node`, the program first.
type Words = Vec<String>;

/// What mocha counted.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    passed: u64,
    failed: u64,
    pending: u64,
}

/// Runs a suite and prints what came of it. `Ok(true)` when all passed.
pub fn run(suite: &str, folder: &Path, jobs: Option<usize>) -> Result<bool, String> {
    let folder = folder
        .canonicalize()
        .map_err(|error| format!("{}: {error}", folder.display()))?;
    let runs = match suite {
        "promises-aplus" => vec![promises_aplus()],
        _ => as_npm_tests(&folder)?,
    };
    let outcomes = apart::map(&runs, apart::jobs(jobs), |words| {
        let all = ["mocha-run".to_string(), folder.display().to_string()]
            .into_iter()
            .chain(words.iter().cloned());
        apart::run_again(all, WALL_TIME_MAX)
            .map_err(|error| error.to_string())
            .and_then(|ended| report_of(&ended))
    });
    let mut sum = Counts::default();
    let mut without_report = 0;
    for (words, outcome) in runs.iter().zip(outcomes) {
        let name = words.last().map_or("", String::as_str);
        match outcome {
            Ok(report) => {
                let (counts, failures) = read(&report);
                sum.passed += counts.passed;
                sum.failed += counts.failed;
                sum.pending += counts.pending;
                for failure in failures {
                    println!("{name}: {failure}");
                }
            }
            Err(reason) => {
                without_report += 1;
                println!("{name}: mocha said nothing: {reason}");
            }
        }
    }
    let all = sum.passed + sum.failed;
    let percent = sum.passed as f64 * 100.0 / all.max(1) as f64;
    println!(
        "\n{} of {all} passed ({percent:.1} %), {} pending, {without_report} of {} runs without a report",
        sum.passed,
        sum.pending,
        runs.len()
    );
    Ok(sum.failed == 0 && without_report == 0 && sum.passed > 0)
}

/// In the process that [`run`] started.
pub fn run_one(folder: &Path, words: &[String]) -> i32 {
    let mut files = Vec::new();
    add_tree(folder, false, &mut files);
    files.push(File {
        path: folder.join(ADAPTER_NAME).to_string_lossy().into_owned(),
        bytes: ADAPTER.into(),
    });
    let Some((program, args)) = words.split_first() else {
        return 2;
    };
    let entry = folder.join(program);
    apart::show(&apart::world(folder, &entry, args.to_vec(), files, LIMITS))
}

/// Of packages only what can be loaded.
fn add_tree(folder: &Path, in_packages: bool, files: &mut Vec<File>) {
    for path in entries(folder) {
        let name = name_of(&path);
        if path.is_dir() {
            let is_link = path.is_symlink();
            if name != ".git" && name != ".bin" && !(in_packages && is_link) {
                add_tree(&path, in_packages || name == "node_modules", files);
            }
            continue;
        }
        let is_code = path.extension().is_none_or(|ending| {
            ["js", "cjs", "mjs", "json"]
                .iter()
                .any(|code| ending == *code)
        });
        if is_code || !in_packages {
            apart::add(&path, files);
        }
    }
}

fn promises_aplus() -> Words {
    let program = "node_modules/promises-aplus-tests/lib/cli.js";
    [program, ADAPTER_NAME, "--reporter", "json"]
        .map(str::to_string)
        .to_vec()
}

/// Of the script `test` in `package.json`: mocha's words, for each test file on its own.
fn as_npm_tests(folder: &Path) -> Result<Vec<Words>, String> {
    let path = folder.join("package.json");
    let description: Value = fs::read_to_string(&path)
        .map_err(|error| error.to_string())
        .and_then(|text| serde_json::from_str(&text).map_err(|error| error.to_string()))
        .map_err(|error| format!("{}: {error}", path.display()))?;
    let script = description["scripts"]["test"].as_str().unwrap_or_default();
    let (options, paths) = read_script(script)
        .ok_or_else(|| format!("the script test of {} is not mocha's", path.display()))?;
    let runs: Vec<Words> = paths
        .iter()
        .flat_map(|path| test_files(folder, path))
        .map(|file| {
            ["node_modules/mocha/bin/_mocha", "--reporter", "json"]
                .map(str::to_string)
                .into_iter()
                .chain(options.iter().cloned())
                .chain([file])
                .collect()
        })
        .collect();
    match runs.is_empty() {
        true => Err(format!("there are no tests in {}", folder.display())),
        false => Ok(runs),
    }
}

/// The options that decide what a test finds, and the paths. `None` unless the script is one call of mocha.
fn read_script(script: &str) -> Option<(Words, Words)> {
    let mut words = script.split_whitespace();
    words.next().filter(|first| *first == "mocha")?;
    let (mut options, mut paths) = (Vec::new(), Vec::new());
    while let Some(word) = words.next() {
        match word {
            "--reporter" | "-R" => {
                words.next()?;
            }
            // Every test counts.
            "--bail" | "-b" => {}
            "--require" | "-r" | "--timeout" | "-t" | "--ui" | "-u" => {
                options.extend([word.to_string(), words.next()?.to_string()]);
            }
            _ if word.starts_with('-') => options.push(word.to_string()),
            _ => paths.push(word.to_string()),
        }
    }
    Some((options, paths))
}

fn test_files(folder: &Path, path: &str) -> Vec<String> {
    let whole = folder.join(path);
    if !whole.is_dir() {
        return vec![path.to_string()];
    }
    let is_test = |file: &PathBuf| {
        let ending = file.extension();
        file.is_file()
            && ending.is_some_and(|ending| ["js", "cjs", "mjs"].iter().any(|code| ending == *code))
    };
    let path = path.trim_end_matches('/');
    entries(&whole)
        .iter()
        .filter(|file| is_test(file))
        .map(|file| format!("{path}/{}", name_of(file)))
        .collect()
}

/// What the reporter `json` wrote, after whatever the tests themselves did.
fn report_of(ended: &Ended) -> Result<Value, String> {
    let report = ended
        .stdout
        .match_indices("{\n  \"stats\"")
        .filter_map(|(at, _)| {
            let mut values = serde_json::Deserializer::from_str(&ended.stdout[at..]).into_iter();
            values.next()?.ok()
        })
        .last();
    report.ok_or_else(|| {
        let what = match ended.code {
            Some(code) => format!("exit {code}"),
            None => format!("ended after {} s", WALL_TIME_MAX.as_secs()),
        };
        let said = ended.stderr.lines().find(|line| line.contains("Error"));
        format!(
            "{what}, {}",
            said.or_else(|| ended.stderr.lines().next())
                .unwrap_or("nothing said")
        )
    })
}

/// The counts, and a line for each failure.
fn read(report: &Value) -> (Counts, Vec<String>) {
    let count = |name: &str| report["stats"][name].as_u64().unwrap_or(0);
    let counts = Counts {
        passed: count("passes"),
        failed: count("failures"),
        pending: count("pending"),
    };
    let failures = report["failures"].as_array().into_iter().flatten();
    let lines = failures.map(|failure| {
        let title = failure["fullTitle"].as_str().unwrap_or_default();
        let message = failure["err"]["message"].as_str().unwrap_or("no message");
        let message: Vec<&str> = message.split_whitespace().collect();
        let message: String = message.join(" ").chars().take(200).collect();
        format!("{title}: {message}")
    });
    (counts, lines.collect())
}

#[cfg(test)]
mod tests {
    use super::{Counts, read, read_script, report_of};
    use crate::apart::Ended;

    #[test]
    fn a_script_is_options_and_paths() {
        let script = "mocha --require test/support/env --reporter spec --bail --check-leaks test/ test/more/";
        let words = |text: &str| -> Vec<String> { text.split(' ').map(str::to_string).collect() };
        assert_eq!(
            read_script(script),
            Some((
                words("--require test/support/env --check-leaks"),
                words("test/ test/more/")
            ))
        );
        assert_eq!(read_script("nyc mocha test/"), None);
    }

    #[test]
    fn a_report_comes_after_what_tests_write() {
        let stdout = "a test's own line\n{\n  \"stats\": { \"passes\": 2, \"failures\": 1, \"pending\": 0 },\n  \
            \"failures\": [{ \"fullTitle\": \"a b\", \"err\": { \"message\": \"expected 1\\n  got 2\" } }]\n}";
        let report = report_of(&Ended {
            code: Some(1),
            stdout: stdout.into(),
            stderr: String::new(),
        });
        let (counts, failures) = read(&report.expect("a report"));
        assert_eq!(
            counts,
            Counts {
                passed: 2,
                failed: 1,
                pending: 0
            }
        );
        assert_eq!(failures, ["a b: expected 1 got 2"]);
        let none = report_of(&Ended {
            code: Some(7),
            stdout: String::new(),
            stderr: "x\nTypeError: no\n".into(),
        });
        assert_eq!(none, Err("exit 7, TypeError: no".into()));
    }
}
