//! Each lesson's start fails, its solution passes over all its seeds, and nothing is missing or extra.

use tests::{data, jar};

#[test]
fn every_lesson_is_sound() {
    let mut jar = jar();
    let folders = course::lesson_folders(&data("../lessons"));
    assert!(folders.len() >= 3, "there are {} lessons", folders.len());
    let mut said = String::new();
    for folder in folders {
        let verdict =
            terrarium::lessons::grade(&mut jar, &folder).unwrap_or_else(|error| panic!("{error}"));
        for mistake in verdict.mistakes {
            said.push_str(&format!("{mistake}\n"));
        }
    }
    assert!(said.is_empty(), "\n{said}");
}
