//! What the site weighs, as a server sends it: compressed with brotli at its best.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Result;
use crate::process::output;
use crate::workspace::Workspace;

/// A part of the site, which may be several files.
struct Part {
    what: &'static str,
    at_most: AtMost,
    files: Vec<PathBuf>,
}

/// What a part may weigh with brotli.
#[derive(Clone, Copy, PartialEq, Eq)]
enum AtMost {
    Unlimited,
    /// `cargo xtask test dist` fails above it.
    Limit(u64),
}

/// The parts of what is in `dist/`.
fn parts(workspace: &Workspace) -> Vec<Part> {
    let dist = workspace.dist();
    let all = files(&dist);
    let part = |what, at_most, is_in: &dyn Fn(&str) -> bool| {
        let is_in_part = |path: &&PathBuf| {
            let name = path.strip_prefix(&dist).unwrap_or(path);
            is_in(&name.to_string_lossy().replace('\\', "/"))
        };
        Part {
            what,
            at_most,
            files: all.iter().filter(is_in_part).cloned().collect(),
        }
    };
    let jar = |path: &str| path == "runtime_sim.wasm";
    let library = |path: &str| path == "node-lib.bin";
    let editor = |path: &str| path.starts_with("editor.");
    vec![
        part("simulation", AtMost::Limit(450_000), &jar),
        part("simulation, the whole of it", AtMost::Unlimited, &|path| {
            path == "runtime_sim_whole.wasm"
        }),
        part("Node's own library", AtMost::Limit(165_000), &library),
        part(
            "what of it programs may ask for",
            AtMost::Unlimited,
            &|path| path.starts_with("node-lib-"),
        ),
        part(
            "page (wasm, script, styles)",
            AtMost::Limit(300_000),
            &is_page,
        ),
        part("the further views", AtMost::Limit(150_000), &is_further),
        part(
            "page with the further views",
            AtMost::Limit(400_000),
            &|path| is_page(path) || is_further(path),
        ),
        part("editor", AtMost::Limit(170_000), &editor),
        part("lessons, all of them", AtMost::Unlimited, &|path| {
            path.starts_with("lessons/")
        }),
        part(
            "all that the first lesson needs, without fonts",
            AtMost::Limit(1_000_000),
            &|path| {
                jar(path)
                    || library(path)
                    || editor(path)
                    || is_page(path)
                    || path == "index.html"
                    || path == "lessons/catalog.bin"
                    || path.starts_with("lessons/01-") && path.contains("/01-")
            },
        ),
        part("what reads TypeScript", AtMost::Unlimited, &|path| {
            path == "typescript.wasm"
        }),
        part("npm packages, all of them", AtMost::Unlimited, &|path| {
            path.starts_with("packages/")
        }),
        part("fonts, all of them", AtMost::Unlimited, &|path| {
            path.ends_with(".woff2")
        }),
    ]
}

/// The views that are fetched when one of them is opened or a run has ended.
fn is_further(path: &str) -> bool {
    path.ends_with("_further.wasm")
}

/// What Trunk makes: whatever is neither fetched later nor by another name in [`parts`].
fn is_page(path: &str) -> bool {
    let is_asset = ["runtime_sim", "typescript.", "editor."]
        .iter()
        .any(|start| path.starts_with(start));
    let is_kind = [".wasm", ".js", ".css"]
        .iter()
        .any(|end| path.ends_with(end));
    is_kind
        && !is_asset
        && !is_further(path)
        && (!path.contains('/') || path.starts_with("snippets/"))
}

pub fn print(workspace: &Workspace) -> Result {
    println!(
        "{:<48} {:>11} {:>11} {:>11}",
        "bytes", "raw", "brotli", "at most"
    );
    for part in parts(workspace) {
        let (raw, brotli) = weigh(&part.files)?;
        let most = match part.at_most {
            AtMost::Unlimited => String::new(),
            AtMost::Limit(most) => grouped(most),
        };
        println!(
            "{:<48} {:>11} {:>11} {:>11}",
            part.what,
            grouped(raw),
            grouped(brotli),
            most
        );
    }
    Ok(())
}

/// Fails with a sentence for each part that is heavier than its limit.
pub fn check(workspace: &Workspace) -> Result {
    let mut sentences = Vec::new();
    for part in parts(workspace) {
        let AtMost::Limit(most) = part.at_most else {
            continue;
        };
        let names: Vec<_> = part
            .files
            .iter()
            .filter_map(|path| path.file_name())
            .map(|name| name.to_string_lossy())
            .collect();
        let (_, brotli) = weigh(&part.files)?;
        if part.files.is_empty() {
            sentences.push(format!("dist/ has nothing of this: {}.", part.what));
        } else if brotli > most {
            sentences.push(format!(
                "Too heavy: {} weighs {} bytes with brotli, {} more than the {} it may. Files: {}.",
                part.what,
                grouped(brotli),
                grouped(brotli - most),
                grouped(most),
                names.join(", ")
            ));
        }
    }
    match sentences.is_empty() {
        true => Ok(()),
        false => Err(sentences.join("\n")),
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Raw, and with brotli each by itself.
fn weigh(paths: &[PathBuf]) -> Result<(u64, u64)> {
    const PROGRAM: &str = "const { brotliCompressSync } = require('zlib'); let raw = 0, brotli = 0;
        for (const path of process.argv.slice(1)) {
          const bytes = require('fs').readFileSync(path);
          raw += bytes.length;
          brotli += path.endsWith('.woff2') ? bytes.length : brotliCompressSync(bytes).length;
        }
        console.log(raw, brotli);";
    let answer = output(Command::new("node").args(["-e", PROGRAM, "--"]).args(paths))
        .ok_or("node could not compress the site.")?;
    let mut numbers = answer.split(' ').map(str::parse);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(raw)), Some(Ok(brotli))) => Ok((raw, brotli)),
        _ => Err(format!("node said {answer:?} instead of two numbers.")),
    }
}

/// `1_234_567`, as Rust writes it.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push('_');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{grouped, is_page};

    #[test]
    fn the_page_is_what_trunk_makes() {
        let page = [
            "page-12ab.js",
            "page-12ab_bg.wasm",
            "page-34cd.css",
            "snippets/playground-56ef/src/edge/load.js",
        ];
        assert!(page.into_iter().all(is_page));
        let others = [
            "runtime_sim.wasm",
            "runtime_sim_whole.wasm",
            "typescript.wasm",
            "editor.js",
            "fonts/fonts.css",
            "packages/catalog.bin",
            "page-12ab_further.wasm",
        ];
        assert!(!others.into_iter().any(is_page));
    }

    #[test]
    fn digits_come_in_threes() {
        assert_eq!(grouped(7), "7");
        assert_eq!(grouped(1000), "1_000");
        assert_eq!(grouped(1_234_567), "1_234_567");
    }
}
