//! Programs beside what real Node v20.20.2 printed for them: `node/tests/programs/NAME.{cjs,mjs}` and `NAME.out`, which
//! ends in `exit:CODE`. A new pair of files is a new test.

mod common;

use std::{fs, path::Path};

#[test]
fn programs_print_what_node_prints() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("node/tests/programs");
    let mut wrong = Vec::new();
    let mut names: Vec<String> = fs::read_dir(&folder)
        .expect("the programs")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| !name.ends_with(".out"))
        .collect();
    names.sort();
    for name in names {
        let path = folder.join(&name);
        let run = common::run_twice(&name, &fs::read(&path).expect("a program"), 1);
        let expected = fs::read_to_string(path.with_extension("out")).expect("its output");
        if run.outcome() != expected {
            let parted = expected
                .lines()
                .zip(run.outcome().lines().map(str::to_owned).collect::<Vec<_>>())
                .find(|(a, b)| a != b)
                .map(|(a, b)| format!("node: {a}\nhere: {b}"));
            wrong.push(format!(
                "{name}\n{}\n{}",
                parted.unwrap_or_default(),
                run.stderr
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
