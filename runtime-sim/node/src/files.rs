//! The files of a process: what the scenario put there, in memory.

use std::collections::{BTreeMap, BTreeSet};

use protocol::{File, Script, Transpiled, Untranslatable};

#[derive(Debug, Default)]
pub struct Files {
    contents: BTreeMap<String, Vec<u8>>,
    folders: BTreeSet<String>,
    /// What the loader takes instead of a TypeScript file.
    scripts: BTreeMap<String, Result<Script, Untranslatable>>,
}

impl Files {
    pub fn new(files: &[File], transpiled: &[Transpiled]) -> Self {
        let mut all = Self::default();
        for file in files {
            let path = normalize(&file.path);
            let mut folder = path.as_str();
            while let Some(at) = folder.rfind('/') {
                folder = &folder[..at];
                all.folders
                    .insert(if folder.is_empty() { "/" } else { folder }.to_owned());
            }
            all.contents.insert(path, file.bytes.clone());
        }
        for Transpiled { path, outcome } in transpiled {
            all.scripts.insert(normalize(path), outcome.clone());
        }
        all
    }

    pub fn read(&self, path: &str) -> Option<&[u8]> {
        self.contents.get(path).map(Vec::as_slice)
    }

    pub fn texts(&self) -> Vec<(String, String)> {
        self.contents
            .iter()
            .filter_map(|(path, bytes)| {
                let text = std::str::from_utf8(bytes).ok()?;
                Some((path.clone(), text.to_owned()))
            })
            .collect()
    }

    pub fn is_folder(&self, path: &str) -> bool {
        self.folders.contains(path)
    }

    pub fn script(&self, path: &str) -> Option<&Result<Script, Untranslatable>> {
        self.scripts.get(path)
    }

    /// The file as text, or where it stops being UTF-8. Of TypeScript, the JavaScript.
    pub fn text(&self, path: &str) -> Option<Result<&str, usize>> {
        if let Some(Ok(script)) = self.script(path) {
            return Some(Ok(&script.text));
        }
        let bytes = self.read(path)?;
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        Some(std::str::from_utf8(bytes).map_err(|error| error.valid_up_to()))
    }
}

/// An absolute path without `.`, `..` and double slashes.
pub fn normalize(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

pub fn folder_of(path: &str) -> &str {
    match path.rfind('/') {
        Some(0) | None => "/",
        Some(at) => &path[..at],
    }
}
