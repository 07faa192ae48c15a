//! Errors against real Node's: `tests/truth/errors/caught` has snippets, one a line, with what they throw and where;
//! `uncaught` has programs with everything they print. What differs stands in `errors-known-failures.txt`, and whatever
//! of that begins to pass must be taken off the list. `record.cjs` there records both; `UPDATE=1` writes the list anew.

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
};

use protocol::File;

use crate::common;

const KNOWN: &str = "errors-known-failures.txt";

fn truth(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../tests/truth")
        .join(name)
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The files of a folder with one of these endings, sorted.
fn files(folder: &str, endings: &[&str]) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(truth(folder))
        .expect("the folder")
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            path.extension()
                .is_some_and(|ending| endings.iter().any(|known| ending == *known))
        })
        .collect();
    paths.sort();
    paths
}

/// What Node prints of itself below a program's frames is no part of the comparison.
fn without_own_frames(stderr: &str) -> String {
    stderr
        .split('\n')
        .filter(|line| !(line.starts_with("    at ") && line.contains("node:")))
        .collect::<Vec<_>>()
        .join("\n")
}

/// The failures among the snippets: what names each in the list, and how the two differ.
fn snippets(failures: &mut Vec<(String, String)>) -> usize {
    let mut jar = common::jar();
    let runner = read(&truth("errors/runner.js"));
    let mut count = 0;
    for file in files("errors/caught", &["txt"]) {
        let group = file.file_stem().expect("a name").to_string_lossy();
        let text = read(&file);
        let snippets: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
        let program = format!("const count = {};\n{runner}", snippets.len());
        let mut scenario = common::scenario("main.cjs", program.as_bytes(), 1);
        for (index, snippet) in snippets.iter().enumerate() {
            scenario.processes[0].files.push(File {
                path: format!("/app/snippets/{index}.cjs"),
                bytes: snippet.as_bytes().to_vec(),
            });
        }
        let run = common::carry_out(&mut jar, scenario, 1 << 40);
        assert_eq!(run.exit_code, 0, "{group}: {}", run.stderr);
        let expected = read(&file.with_extension("out"));
        count += snippets.len();
        for ((snippet, ours), node) in snippets
            .iter()
            .zip(run.stdout.lines())
            .zip(expected.lines())
        {
            if ours != node {
                let difference = format!("{snippet}\n  node: {node}\n  here: {ours}");
                failures.push((format!("{group}: {snippet}"), difference));
            }
        }
    }
    count
}

fn programs(failures: &mut Vec<(String, String)>) -> usize {
    let programs = files("errors/uncaught", &["cjs", "mjs"]);
    for path in &programs {
        let name = path.file_name().expect("a name").to_string_lossy();
        let run = common::run_twice(&name, &fs::read(path).expect("a program"), 1);
        let ours = format!(
            "{}{}exit:{}\n",
            run.stdout,
            without_own_frames(&run.stderr),
            run.exit_code
        );
        let node = read(&path.with_extension("out"));
        if ours != node {
            failures.push((
                format!("uncaught: {name}"),
                format!("{name}\n--- node\n{node}--- here\n{ours}"),
            ));
        }
    }
    programs.len()
}

#[test]
fn errors_read_as_in_node() {
    let mut failures = Vec::new();
    let count = snippets(&mut failures) + programs(&mut failures);
    println!("{} of {count} as in Node", count - failures.len());
    let header = "# What differs from real Node; the suite fails when one of these passes.\n";
    if env::var_os("UPDATE").is_some() {
        let names: String = failures
            .iter()
            .map(|(name, _)| format!("{name}\n"))
            .collect();
        fs::write(truth(KNOWN), format!("{header}{names}")).expect("the list of known failures");
        for (_, difference) in &failures {
            println!("{difference}");
        }
        return;
    }
    let list = read(&truth(KNOWN));
    let mut known: BTreeSet<&str> = list.lines().filter(|line| !line.starts_with('#')).collect();
    let mut wrong = Vec::new();
    for (name, difference) in &failures {
        if !known.remove(name.as_str()) {
            wrong.push(difference.as_str());
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(
        known.is_empty(),
        "these pass now; take them off the list of known failures: {known:#?}"
    );
}
