//! npm packages that a program finds in its `node_modules` without having brought them.
//!
//! Each is one file (`packages/npm/build.js` makes it): the package as published, with all that it depends on, as npm lays
//! it out. It is loaded when the program's files name it, so what a run can import does not weigh on those that do not.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{File, ProcessSpec, Scenario};

/// What is carried: `packages/catalog.bin`, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Catalog {
    pub packages: Vec<Carried>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carried {
    pub name: String,
    pub version: String,
}

/// A package with its dependencies: `packages/NAME.bin`. Paths are below `node_modules`, such as `zod/package.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Archive {
    pub files: Vec<File>,
}

impl Catalog {
    /// The carried packages that the process's own files name and that it has not brought itself, in order of name.
    pub fn wanted_by(&self, process: &ProcessSpec) -> Vec<&Carried> {
        let mut named = BTreeSet::new();
        let mut brought = BTreeSet::new();
        for file in &process.files {
            match file.path.rsplit_once("/node_modules/") {
                Some((_, inside)) => {
                    brought.extend(package_of(inside));
                }
                None if is_code(&file.path) => {
                    let text = String::from_utf8_lossy(&file.bytes);
                    named.extend(specifiers(&text).filter_map(package_of).map(str::to_string));
                }
                None => {}
            }
        }
        self.packages
            .iter()
            .filter(|carried| {
                named.contains(&carried.name) && !brought.contains(carried.name.as_str())
            })
            .collect()
    }
}

impl Catalog {
    /// A sentence for who reads that a package was not found; `None` for other errors.
    pub fn explain(&self, uncaught: &str) -> Option<String> {
        let name = ["Cannot find module '", "Cannot find package '"]
            .iter()
            .find_map(|words| uncaught.split_once(words)?.1.split_once('\''))
            .and_then(|(specifier, _)| package_of(specifier))?;
        if self.packages.iter().any(|carried| carried.name == name) {
            return None;
        }
        let carried: Vec<&str> = self
            .packages
            .iter()
            .map(|carried| carried.name.as_str())
            .collect();
        Some(format!(
            "Terrarium does not carry the package {name}. It carries {}.",
            carried.join(", ")
        ))
    }
}

/// The folder whose `node_modules` every file of the process sees: the one that holds them all.
pub fn root_of(process: &ProcessSpec) -> String {
    let folder = |path: &str| {
        path.rsplit_once('/')
            .map_or(String::new(), |(folder, _)| folder.to_string())
    };
    let mut root = match process.entry.as_str() {
        "" => process.cwd.clone(),
        entry => folder(entry),
    };
    for file in &process.files {
        while !file.path.contains("/node_modules/") && !file.path.starts_with(&format!("{root}/")) {
            root = folder(&root);
        }
    }
    root
}

/// Whether a file names anything that could be a package: what asks no questions needs no catalog.
pub fn may_be_wanted_by(scenario: &Scenario) -> bool {
    scenario
        .processes
        .iter()
        .flat_map(|process| &process.files)
        .filter(|file| !file.path.contains("/node_modules/") && is_code(&file.path))
        .any(|file| {
            let text = String::from_utf8_lossy(&file.bytes);
            specifiers(&text).any(|specifier| package_of(specifier).is_some())
        })
}

impl Archive {
    /// Puts the files below `root/node_modules`, where there is no other already. A package that is there, brought by the
    /// program or by another archive, is whole: nothing is put into it, not even what it would depend on here.
    pub fn unpack(self, root: &str, files: &mut Vec<File>) {
        let folder = format!("{root}/node_modules");
        let inside = |file: &File| {
            let inside = file.path.strip_prefix(&folder)?.strip_prefix('/')?;
            Some(inside.strip_suffix("/package.json")?.to_string())
        };
        let mut there = BTreeSet::new();
        there.extend(files.iter().filter_map(inside));
        let mut all = BTreeMap::new();
        for File { path, bytes } in self.files {
            if package_of(&path).is_none_or(|name| !there.contains(name)) {
                all.insert(format!("{folder}/{path}"), bytes);
            }
        }
        for file in files.iter() {
            all.remove(&file.path);
        }
        files.extend(all.into_iter().map(|(path, bytes)| File { path, bytes }));
    }
}

fn is_code(path: &str) -> bool {
    const ENDINGS: [&str; 6] = [".js", ".mjs", ".cjs", ".ts", ".mts", ".cts"];
    ENDINGS.iter().any(|ending| path.ends_with(ending))
}

/// `@scope/name` of `@scope/name/sub`, `name` of `name/sub`; nothing of a path, a URL or a builtin with its `node:`.
fn package_of(specifier: &str) -> Option<&str> {
    let start = specifier.chars().next()?;
    if matches!(start, '.' | '/' | '#') || specifier.contains(':') {
        return None;
    }
    let slashes = if start == '@' { 2 } else { 1 };
    let end = specifier
        .match_indices('/')
        .nth(slashes - 1)
        .map_or(specifier.len(), |(at, _)| at);
    Some(&specifier[..end])
}

/// Texts in quotes after `from`, `import` or `require`, with or without a parenthesis. A word in a comment counts too:
/// it only brings a package that nobody uses.
fn specifiers(source: &str) -> impl Iterator<Item = &str> {
    ["from", "import", "require"]
        .into_iter()
        .flat_map(move |word| {
            source.match_indices(word).filter_map(move |(at, _)| {
                let rest = source[at + word.len()..].trim_start();
                let rest = rest.strip_prefix('(').map_or(rest, str::trim_start);
                let quote = rest
                    .chars()
                    .next()
                    .filter(|c| matches!(c, '\'' | '"' | '`'))?;
                rest[1..].split(quote).next()
            })
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(files: &[(&str, &str)]) -> ProcessSpec {
        ProcessSpec {
            host: "jar".into(),
            entry: "/app/main.js".into(),
            args: Vec::new(),
            env: Vec::new(),
            cwd: "/app".into(),
            files: files
                .iter()
                .map(|(path, text)| File {
                    path: (*path).into(),
                    bytes: text.as_bytes().to_vec(),
                })
                .collect(),
            transpiled: Vec::new(),
            stdin: Vec::new(),
            tick_ns: 50,
        }
    }

    fn wanted(files: &[(&str, &str)]) -> Vec<String> {
        let packages = ["@scope/deep", "lodash", "rxjs", "zod"]
            .map(|name| Carried {
                name: name.into(),
                version: "1.0.0".into(),
            })
            .into();
        Catalog { packages }
            .wanted_by(&process(files))
            .into_iter()
            .map(|carried| carried.name.clone())
            .collect()
    }

    #[test]
    fn packages_are_named_in_every_way_of_importing() {
        let source = "const _ = require( 'lodash/fp' );\nimport { of }\n  from \"rxjs\";\nimport('@scope/deep/x/y.js');";
        assert_eq!(
            wanted(&[("/app/main.js", source)]),
            ["@scope/deep", "lodash", "rxjs"]
        );
        assert_eq!(
            wanted(&[(
                "/app/a.mts",
                "import `zod`; import './lodash'; import 'node:fs';"
            )]),
            ["zod"]
        );
        assert!(wanted(&[("/app/data.json", "require('zod')")]).is_empty());
    }

    #[test]
    fn the_root_is_above_every_file() {
        let root = |files| root_of(&process(files));
        assert_eq!(root(&[("/app/main.js", ""), ("/app/lib/a.js", "")]), "/app");
        assert_eq!(
            root(&[
                ("/app/main.js", ""),
                ("/lib/a.js", ""),
                ("/node_modules/b/c.js", "")
            ]),
            ""
        );
    }

    #[test]
    fn only_a_missing_package_is_explained() {
        let catalog = Catalog {
            packages: vec![Carried {
                name: "zod".into(),
                version: "4.0.0".into(),
            }],
        };
        let said = catalog.explain(
            "Error [ERR_MODULE_NOT_FOUND]: Cannot find package '@a/b' imported from /app/main.mjs",
        );
        assert_eq!(
            said.as_deref(),
            Some("Terrarium does not carry the package @a/b. It carries zod.")
        );
        assert_eq!(
            catalog.explain("Error: Cannot find module './zod'\nRequire stack:"),
            None
        );
        assert_eq!(catalog.explain("TypeError: x is not a function"), None);
    }

    #[test]
    fn what_the_program_brings_comes_first() {
        let own = ("/app/node_modules/zod/index.js", "");
        let main = ("/app/main.js", "require('zod'), require('lodash')");
        assert_eq!(wanted(&[main, own]), ["lodash"]);
        let archive = Archive {
            files: vec![
                File {
                    path: "zod/index.js".into(),
                    bytes: b"other".to_vec(),
                },
                File {
                    path: "zod/package.json".into(),
                    bytes: b"{}".to_vec(),
                },
            ],
        };
        let mut files = process(&[main, own]).files;
        archive.unpack("/app", &mut files);
        assert_eq!(files.len(), 3);
        assert_eq!(files[1].bytes, b"");
        assert_eq!(files[2].path, "/app/node_modules/zod/package.json");
    }

    #[test]
    fn a_package_that_is_there_is_whole() {
        let own = ("/app/node_modules/a/package.json", "{}");
        let mut files = process(&[("/app/main.js", "require('b')"), own]).files;
        let file = |path: &str| File {
            path: path.into(),
            bytes: Vec::new(),
        };
        let archive = Archive {
            files: vec![file("a/node_modules/c/index.js"), file("b/index.js")],
        };
        archive.unpack("/app", &mut files);
        let last = files.pop().map(|file| file.path);
        assert_eq!(last.as_deref(), Some("/app/node_modules/b/index.js"));
        assert_eq!(files.len(), 2);
    }
}
