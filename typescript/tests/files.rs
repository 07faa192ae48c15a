//! Each file in `files/` becomes the `.js` beside it, or fails as the `.error` beside it says. `UPDATE=1` rewrites them.

use std::{fs, path::Path};

#[test]
fn files_become_javascript_in_its_place() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files");
    let mut differences = Vec::new();
    let mut count = 0;
    for entry in fs::read_dir(&folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if !protocol::typescript::is_typescript(&name) {
            continue;
        }
        let source = fs::read_to_string(&path).expect("text");
        let (golden, said) = match typescript::transpile(&format!("/app/{name}"), &source) {
            Ok(script) => {
                let kind = if script.has_module_syntax {
                    "ES module"
                } else {
                    "CommonJS"
                };
                (
                    format!("{name}.js"),
                    format!("{}\n// {kind}\n", script.text.trim_end()),
                )
            }
            Err(error) => {
                let protocol::Untranslatable {
                    code,
                    message,
                    line,
                    snippet,
                } = error;
                (
                    format!("{name}.error"),
                    format!("{name}:{line}\n{snippet}\n\nSyntaxError [{code}]: {message}\n"),
                )
            }
        };
        let golden = folder.join(golden);
        if std::env::var_os("UPDATE").is_some() {
            fs::write(&golden, &said).expect("a golden");
        }
        if fs::read_to_string(&golden).unwrap_or_default() != said {
            differences.push(format!("--- {}\n{said}", golden.display()));
        }
        count += 1;
    }
    assert!(count > 5, "{count} files are not all of them");
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
