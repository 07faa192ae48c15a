//! Runs a program on the bindings, natively: `cargo run -p node --example node -- NODE_LIB FILE [ARGS]`.

use std::{io::Write, time::Instant};

use node::bindings::{bootstrap, library::Library, process_of};

fn main() {
    let mut args = std::env::args().skip(1);
    let library = args.next().expect("node-lib.bin");
    let file = std::fs::canonicalize(args.next().expect("a program")).expect("the program exists");
    let library = read_library(&library);
    let file_text = file.to_string_lossy().into_owned();
    let folder = file.parent().expect("a file has a folder").to_string_lossy().into_owned();
    let began = Instant::now();
    let process = process_of(library.into(), std::iter::once(file_text.clone()).chain(args).collect(), &folder);
    place(&process, &file_text);
    if let Ok(more) = std::env::var("TERRARIUM_FILES") {
        for root in more.split(':') {
            place_all(&process, std::path::Path::new(root));
        }
    }
    let code = match bootstrap::bootstrap(process.ctx()) {
        Ok(()) => {
            if std::env::var_os("TERRARIUM_TIMES").is_some() {
                eprintln!("booted in {:?}, {} bytes", began.elapsed(), process.heap_bytes());
            }
            bootstrap::run_program(process.ctx())
        }
        Err(_) => {
            let error = process.ctx().take_exception();
            let stack = process.ctx().get(&error, "stack").and_then(|stack| process.ctx().text(&stack));
            eprintln!("bootstrap: {} {}", process.ctx().text(&error).unwrap_or_default(), stack.unwrap_or_default());
            70
        }
    };
    let _ = std::io::stdout().write_all(&process.environment().stdout.borrow());
    let _ = std::io::stderr().write_all(&process.environment().stderr.borrow());
    std::process::exit(code);
}

/// All parts of it, which lie beside the first.
fn read_library(path: &str) -> Library {
    let library = Library::parse(std::fs::read(path).expect("node-lib.bin is read")).expect("a node-lib.bin");
    for part in ["more", "fetch"] {
        let bytes = std::fs::read(path.replace(".bin", &format!("-{part}.bin"))).expect("its parts lie beside it");
        library.add(bytes).expect("a part of it");
    }
    library
}

fn place(process: &node::bindings::Process, path: &str) {
    if let Ok(bytes) = std::fs::read(path) {
        process.environment().files.borrow_mut().place(path, bytes);
    }
}

fn place_all(process: &node::bindings::Process, root: &std::path::Path) {
    let Ok(entries) = std::fs::read_dir(root) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            place_all(process, &path);
        } else {
            place(process, &path.to_string_lossy());
        }
    }
}
