//! npm packages as published, in the jar: each program in `packages/` prints what it prints on real Node v20.20.2.
//! `UPDATE=1` asks the `node` of this machine again. The packages are those of the assets (`TERRARIUM_PACKAGES` names
//! others).

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use protocol::{File, Limits, Record};
use tests::{assert_failures, data, entries, jar, name_of, scenario, show, updating};

#[test]
fn packages_print_what_they_print_on_node() {
    let folder = data("packages");
    let mut jar = jar();
    let mut failures = Vec::new();
    for path in entries(&folder) {
        if !path
            .extension()
            .is_some_and(|ending| ending == "cjs" || ending == "mjs")
        {
            continue;
        }
        let golden = path.with_extension("out");
        if updating() {
            fs::write(&golden, ask_node(&path)).expect("a golden");
        }
        let name = name_of(&path);
        let source = fs::read(&path).expect("a program");
        let shown = show(
            &mut jar,
            &scenario(&name, source, 1, Limits::TERMINAL, Record::Output),
        );
        let said = format!("{}{}", shown.stdout, shown.stderr);
        let expected = fs::read_to_string(&golden).unwrap_or_default();
        if said != expected {
            failures.push((name, format!("expected\n{expected}\nbut said\n{said}")));
        }
    }
    assert_failures(&folder.join("known-failures.txt"), &failures);
}

/// `coverage/` is a project with its tests.
#[test]
fn jest_counts_what_istanbul_counts() {
    let folder = data("coverage");
    let read = |path: &Path| fs::read(path).expect("a file");
    let mut scenario = scenario(
        "main.cjs",
        read(&folder.join("main.cjs")),
        1,
        Limits::TERMINAL,
        Record::Output,
    );
    for path in entries(&folder) {
        let name = name_of(&path);
        if name != "main.cjs" && name != "expected.txt" {
            scenario.processes[0].files.push(File {
                path: format!("/app/{name}"),
                bytes: read(&path),
            });
        }
    }
    let shown = show(&mut jar(), &scenario);
    let said = format!("{}{}", shown.stdout, shown.stderr);
    let golden = folder.join("expected.txt");
    if updating() {
        fs::write(&golden, &said).expect("a golden");
    }
    assert_eq!(said, fs::read_to_string(&golden).expect("what is expected"));
}

/// In a folder that has all packages.
fn ask_node(program: &Path) -> Vec<u8> {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("packages");
    fs::create_dir_all(&folder).expect("a folder");
    let installed = data("../packages/npm/node_modules")
        .canonicalize()
        .expect("npm ci was run");
    let link = folder.join("node_modules");
    if !link.exists() {
        std::os::unix::fs::symlink(installed, link).expect("a link");
    }
    let copy = folder.join(name_of(program));
    fs::copy(program, &copy).expect("a copy");
    let output = Command::new("node")
        .arg(&copy)
        .current_dir(&folder)
        .output()
        .expect("node");
    [output.stdout, output.stderr].concat()
}
