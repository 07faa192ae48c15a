//! Node's own tests, each in a world of its own.
//!
//! The folder given holds Node's `test/`, with `common` and `fixtures` in it. A test's world has these two, the file
//! itself and the helpers beside it, under their real paths; what it writes stays in the world. It passes when its
//! process ends with code 0, as in Node's own runner.
//!
//! The list has a line for each test: its path inside `test/`, its group and its tier (1: nothing special, 2: starts
//! processes or workers, 3: needs command-line flags), with tabs between them; without a list, all `test-*` files of
//! `test/` are run, and a group is a folder.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use protocol::{File, Limits, scenario::CALL_DEPTH};

use crate::{
    apart::{self, Ended, add},
    entries, name_of,
};

const WALL_TIME_MAX: Duration = Duration::from_secs(30);
/// What a test may use up, far above what any of them needs.
const LIMITS: Limits = Limits {
    callback_ticks_max: 400_000_000,
    ticks_max: 400_000_000,
    events_max: 20_000_000,
    virtual_ns_max: 3600 * 1_000_000_000,
    output_bytes_max: 64 << 20,
    output_lines_max: 1_000_000,
    heap_bytes_max: 1 << 30,
    call_depth_max: CALL_DEPTH,
};

/// What to run, as the command line says it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    pub list: Option<PathBuf>,
    pub group: Option<String>,
    pub tier: Option<u8>,
    pub jobs: Option<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Test {
    pub group: String,
    /// Inside `test/`.
    pub path: String,
    pub tier: u8,
}

#[derive(Debug)]
enum Outcome {
    Passed,
    /// Passed, because it found that it has nothing to test here.
    Skipped,
    Failed(String),
}

impl Choice {
    /// `[--list FILE] [--group NAME] [--tier N] [--jobs N]`; the error is a sentence.
    pub fn parse(arguments: &[String]) -> Result<Self, String> {
        let mut choice = Self::default();
        let mut words = arguments.iter();
        while let Some(option) = words.next() {
            let value = words
                .next()
                .ok_or_else(|| format!("{option} needs a value"))?;
            let number = || {
                value
                    .parse()
                    .map_err(|_| format!("{value} is not a number"))
            };
            match option.as_str() {
                "--list" => choice.list = Some(value.into()),
                "--group" => choice.group = Some(value.clone()),
                "--tier" => choice.tier = Some(number()? as u8),
                "--jobs" => choice.jobs = Some(number()?),
                _ => return Err(format!("there is no option {option}")),
            }
        }
        Ok(choice)
    }

    pub fn tests(&self, folder: &Path) -> Result<Vec<Test>, String> {
        let mut tests = match &self.list {
            Some(list) => listed(
                &fs::read_to_string(list)
                    .map_err(|error| format!("{} cannot be read: {error}", list.display()))?,
            ),
            None => found(&folder.join("test")),
        };
        tests.retain(|test| {
            self.group.as_ref().is_none_or(|group| *group == test.group)
                && self.tier.is_none_or(|tier| tier == test.tier)
        });
        tests.sort();
        match tests.is_empty() {
            true => Err(format!("there are no such tests in {}", folder.display())),
            false => Ok(tests),
        }
    }
}

fn listed(text: &str) -> Vec<Test> {
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| {
            let mut fields = line.split('\t');
            let path = fields.next().filter(|path| !path.is_empty())?.to_owned();
            let group = fields.next()?.to_owned();
            let tier = fields.next()?.trim().parse().ok()?;
            Some(Test { group, path, tier })
        })
        .collect()
}

fn found(root: &Path) -> Vec<Test> {
    let mut tests = Vec::new();
    for folder in folders_in(root) {
        let group = name_of(&folder);
        if ["common", "fixtures"].contains(&group.as_str()) {
            continue;
        }
        for file in entries(&folder).iter().map(|path| name_of(path)) {
            let is_program = [".js", ".mjs", ".cjs"]
                .iter()
                .any(|end| file.ends_with(end));
            if file.starts_with("test-") && is_program {
                tests.push(Test {
                    path: format!("{group}/{file}"),
                    group: group.clone(),
                    tier: 1,
                });
            }
        }
    }
    tests
}

fn folders_in(root: &Path) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = fs::read_dir(root)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    folders
}

/// Runs them all and prints what came of it. `Ok(true)` when all passed.
pub fn run(folder: &Path, choice: &Choice) -> Result<bool, String> {
    let folder = folder
        .canonicalize()
        .map_err(|error| format!("{}: {error}", folder.display()))?;
    let tests = choice.tests(&folder)?;
    let outcomes = apart::map(&tests, apart::jobs(choice.jobs), |test| {
        outcome_of(&folder, test)
    });
    let outcomes = tests.into_iter().zip(outcomes).collect();
    Ok(report(&outcomes))
}

fn report(outcomes: &BTreeMap<Test, Outcome>) -> bool {
    let mut groups: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
    for (test, outcome) in outcomes {
        let [passed, skipped, all] = groups.entry(&test.group).or_default();
        *all += 1;
        match outcome {
            Outcome::Passed => *passed += 1,
            Outcome::Skipped => {
                *passed += 1;
                *skipped += 1;
            }
            Outcome::Failed(reason) => println!("{}: {reason}", test.path),
        }
    }
    println!(
        "\n{:<24} {:>7} {:>7} {:>7} {:>8}",
        "group", "passed", "of", "%", "skipped"
    );
    let line = |name: &str, [passed, skipped, all]: [usize; 3]| {
        let percent = passed as f64 * 100.0 / all as f64;
        println!("{name:<24} {passed:>7} {all:>7} {percent:>7.1} {skipped:>8}");
    };
    let mut sum = [0; 3];
    for (group, counts) in &groups {
        line(group, *counts);
        sum = [0, 1, 2].map(|index| sum[index] + counts[index]);
    }
    line("all", sum);
    sum[0] == sum[2]
}

/// In a process of its own, with [`run_one`].
fn outcome_of(folder: &Path, test: &Test) -> Outcome {
    let words = ["node-test".as_ref(), folder.as_os_str(), test.path.as_ref()];
    match apart::run_again(words, WALL_TIME_MAX) {
        Ok(ended) => judge(folder, &ended),
        Err(error) => Outcome::Failed(format!("it cannot be run: {error}")),
    }
}

fn judge(folder: &Path, ended: &Ended) -> Outcome {
    match ended.code {
        Some(0) if ended.stdout.contains("1..0 # Skipped:") => Outcome::Skipped,
        Some(0) => Outcome::Passed,
        Some(code) => Outcome::Failed(format!("exit {code}, {}", reason(folder, &ended.stderr))),
        None => Outcome::Failed(format!("ended after {} s", WALL_TIME_MAX.as_secs())),
    }
}

/// The error's own line, and the place in the test nearest to it.
fn reason(folder: &Path, stderr: &str) -> String {
    let lines = || {
        stderr
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
    };
    let is_error = |line: &&str| {
        line.split_once(':').is_some_and(|(name, _)| {
            let name = name.split(" [").next().unwrap_or_default();
            name.ends_with("Error") || name.ends_with("Exception")
        })
    };
    let what = lines().find(is_error).or_else(|| lines().next());
    let tests = folder.join("test").to_string_lossy().into_owned();
    let at = lines()
        .filter(|line| line.starts_with("at "))
        .find_map(|line| line.split_once(&format!("{tests}/")))
        .map(|(_, place)| format!(" ({})", place.trim_end_matches(')')))
        .unwrap_or_default();
    let what: String = what.unwrap_or("nothing said").chars().take(200).collect();
    format!("{what}{at}")
}

/// Runs one test to its end, shows what it writes and answers its exit code.
pub fn run_one(folder: &Path, path: &str) -> i32 {
    let root = folder.join("test");
    let entry = root.join(path);
    let mut files = Vec::new();
    for common in ["common", "fixtures"] {
        add_tree(&root.join(common), &mut files);
    }
    if let Some(own) = entry.parent() {
        add_helpers(own, &mut files);
    }
    add(&entry, &mut files);
    apart::show(&apart::world(folder, &entry, Vec::new(), files, LIMITS))
}

fn add_tree(folder: &Path, files: &mut Vec<File>) {
    if !folder.is_dir() {
        return;
    }
    for path in entries(folder) {
        match path.is_dir() {
            true => add_tree(&path, files),
            false => add(&path, files),
        }
    }
}

/// What lies beside a test and is none.
fn add_helpers(folder: &Path, files: &mut Vec<File>) {
    for path in entries(folder) {
        if path.is_file() && !name_of(&path).starts_with("test-") {
            add(&path, files);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Choice, Test, listed, reason};
    use std::path::Path;

    #[test]
    fn a_list_has_paths_groups_and_tiers() {
        let list = "# a comment\npath\tgroup\ttier\nparallel/test-a.js\tfs\t1\npath/test-b.mjs\turl\t2\n\n";
        let test = |path: &str, group: &str, tier| Test {
            group: group.into(),
            path: path.into(),
            tier,
        };
        assert_eq!(
            listed(list),
            [
                test("parallel/test-a.js", "fs", 1),
                test("path/test-b.mjs", "url", 2)
            ]
        );
    }

    #[test]
    fn options_choose() {
        let words = |text: &str| -> Vec<String> { text.split(' ').map(str::to_string).collect() };
        let choice = Choice::parse(&words("--list a.tsv --group fs --tier 1")).expect("a choice");
        assert_eq!(
            (choice.group.as_deref(), choice.tier),
            (Some("fs"), Some(1))
        );
        for wrong in ["--list", "--tier x", "--speed 3"] {
            assert!(Choice::parse(&words(wrong)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_reason_is_one_line() {
        let stderr = "node:assert:126\n  throw new AssertionError(obj);\n  ^\n\n\
            AssertionError [ERR_ASSERTION]: Missing expected exception.\n    at node:assert:1:2\n    \
            at Object.<anonymous> (/nt/test/parallel/test-a.js:7:8)\n";
        assert_eq!(
            reason(Path::new("/nt"), stderr),
            "AssertionError [ERR_ASSERTION]: Missing expected exception. (parallel/test-a.js:7:8)"
        );
        assert_eq!(reason(Path::new("/nt"), ""), "nothing said");
    }
}
