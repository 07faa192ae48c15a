//! Worlds of several processes, as `terrarium run` shows them.
//!
//! Each folder in `worlds/` is a case: its `world.toml` is run, and `expected.txt` holds what is printed. `UPDATE=1`
//! writes what is printed now. Each is run twice.

use std::{fs, process::Command};

use tests::{assert_failures, data, entries, name_of, updating};

const TERRARIUM: &str = env!("CARGO_BIN_EXE_terrarium-under-test");

#[test]
fn worlds_do_what_they_did() {
    let folder = data("worlds");
    let mut failures = Vec::new();
    for case in entries(&folder) {
        if !case.is_dir() {
            continue;
        }
        let said = run(&case.join("world.toml"));
        assert_eq!(said, run(&case.join("world.toml")), "{}", case.display());
        let golden = case.join("expected.txt");
        if updating() {
            fs::write(&golden, &said).expect("a golden");
        }
        let expected = fs::read_to_string(&golden).unwrap_or_default();
        if said != expected {
            let difference = format!("expected\n{expected}\nbut said\n{said}");
            failures.push((name_of(&case), difference));
        }
    }
    assert_failures(&folder.join("known-failures.txt"), &failures);
}

fn run(world: &std::path::Path) -> String {
    let output = Command::new(TERRARIUM)
        .arg("run")
        .arg(world)
        .output()
        .expect("it starts");
    format!(
        "exit {}\n--- stdout\n{}--- stderr\n{}",
        output.status.code().unwrap_or(-1),
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}
