//! What the site weighs, as a server sends it: compressed with brotli at its best.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Result;
use crate::process::output;
use crate::workspace::Workspace;

pub struct Size {
    pub what: &'static str,
    pub raw: u64,
    pub brotli: u64,
    pub brotli_max: Option<u64>,
}

/// Of what is in `dist/`.
pub fn measure(workspace: &Workspace) -> Result<Vec<Size>> {
    let dist = workspace.dist();
    let all = files(&dist);
    let size = |what, brotli_max, chosen: Vec<&PathBuf>| -> Result<Size> {
        let (raw, brotli) = weigh(&chosen)?;
        Ok(Size {
            what,
            raw,
            brotli,
            brotli_max,
        })
    };
    let name = |path: &PathBuf| {
        path.strip_prefix(&dist)
            .unwrap_or(path)
            .to_string_lossy()
            .into_owned()
    };
    let choose = |test: &dyn Fn(&str) -> bool| -> Vec<&PathBuf> {
        all.iter().filter(|path| test(&name(path))).collect()
    };
    let jar = |path: &str| path == "runtime_sim.wasm";
    let whole_jar = |path: &str| path == "runtime_sim_whole.wasm";
    let library = |path: &str| path == "node-lib.bin";
    let library_parts = |path: &str| path.starts_with("node-lib-");
    let editor = |path: &str| path.starts_with("editor.");
    let typescript = |path: &str| path == "typescript.wasm";
    let packages = |path: &str| path.starts_with("packages/");
    let fonts = |path: &str| path.ends_with(".woff2");
    let lessons = |path: &str| path.starts_with("lessons/");
    let page = |path: &str| {
        !path.contains('/')
            && !jar(path)
            && !whole_jar(path)
            && !editor(path)
            && !typescript(path)
            && [".wasm", ".js", ".css", ".html"]
                .iter()
                .any(|end| path.ends_with(end))
    };
    Ok(vec![
        size("simulation", Some(450_000), choose(&jar))?,
        size("simulation, the whole of it", None, choose(&whole_jar))?,
        size("Node's own library", Some(215_000), choose(&library))?,
        size("what of it few programs need", None, choose(&library_parts))?,
        size(
            "page (wasm, script, styles, HTML)",
            Some(250_000),
            choose(&page),
        )?,
        size("editor", Some(170_000), choose(&editor))?,
        size("lessons, all of them", None, choose(&lessons))?,
        size(
            "all that the first lesson needs, without fonts",
            Some(1_000_000),
            choose(&|path| {
                jar(path)
                    || library(path)
                    || editor(path)
                    || page(path)
                    || path == "lessons/catalog.bin"
                    || path.starts_with("lessons/01-") && path.contains("/01-")
            }),
        )?,
        size("what reads TypeScript", None, choose(&typescript))?,
        size("npm packages, all of them", None, choose(&packages))?,
        size("fonts, all of them", None, choose(&fonts))?,
    ])
}

pub fn print(workspace: &Workspace) -> Result {
    println!(
        "{:<48} {:>11} {:>11} {:>11}",
        "bytes", "raw", "brotli", "at most"
    );
    for size in measure(workspace)? {
        let most = size.brotli_max.map_or_else(String::new, grouped);
        println!(
            "{:<48} {:>11} {:>11} {:>11}",
            size.what,
            grouped(size.raw),
            grouped(size.brotli),
            most
        );
    }
    Ok(())
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

fn weigh(paths: &[&PathBuf]) -> Result<(u64, u64)> {
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
    use super::grouped;

    #[test]
    fn digits_come_in_threes() {
        assert_eq!(grouped(7), "7");
        assert_eq!(grouped(1000), "1_000");
        assert_eq!(grouped(1_234_567), "1_234_567");
    }
}
