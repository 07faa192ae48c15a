//! A program on disk as the files of a simulated process.
//!
//! The process sees the program's project under its real, absolute paths: the folder with the nearest `package.json`
//! above the file, or the file's own folder. All of it is read before the start, because the jar cannot ask for
//! more; what the process writes stays in its memory. Big folders do not fit, so there are limits: files beyond them
//! are left out, nearest first kept, and [`Project::left_out`] says so. `.git` and its kin are never read, and
//! `node_modules` comes whole or not at all. Links to folders are not followed.

use std::{
    collections::VecDeque,
    env, fs, io,
    path::{Component, Path, PathBuf},
};

use protocol::File;

const FILES_MAX: usize = 5_000;
const BYTES_MAX: u64 = 32 << 20;
const FILE_BYTES_MAX: u64 = 8 << 20;
/// Names looked at, folders included: `/` has millions.
const NAMES_MAX: usize = 50_000;
/// Folders that hold a version control system's own data.
const HISTORIES: [&str; 4] = [".git", ".hg", ".jj", ".svn"];

pub struct Project {
    /// Absolute, with links resolved, as Node resolves them for its main file. A file that does not exist is still
    /// named here: the simulated Node says what is wrong with it.
    pub entry: PathBuf,
    pub root: PathBuf,
    pub files: Vec<File>,
    /// One sentence for each thing that is there but was not read.
    pub left_out: Vec<String>,
}

impl Project {
    pub fn read(entry: &Path) -> io::Result<Self> {
        let entry = match entry.canonicalize() {
            Ok(path) => path,
            Err(_) => tidy(&env::current_dir()?.join(entry)),
        };
        let root = root_of(&entry);
        Self::read_from(root, entry)
    }

    /// The folder of a world, with one of its programs.
    pub fn read_folder(folder: &Path, entry: &str) -> io::Result<Self> {
        Self::read_from(folder.to_path_buf(), folder.join(entry))
    }

    fn read_from(root: PathBuf, entry: PathBuf) -> io::Result<Self> {
        let mut project = Self {
            entry,
            root,
            files: Vec::new(),
            left_out: Vec::new(),
        };
        let mut bag = Bag::default();
        if project.entry.is_file() {
            bag.add(&project.entry)?;
        }
        let root = project.root.clone();
        if !bag.add_tree(&root, &["node_modules"]) {
            project.left_out.push(format!(
                "{} has more than {FILES_MAX} files or {} MiB, so some were left out.",
                root.display(),
                BYTES_MAX >> 20
            ));
        }
        project.files = bag.files;
        let packages = root.join("node_modules");
        if packages.is_dir() {
            let mut bag = Bag::default();
            if bag.add_tree(&packages, &[]) {
                project.files.append(&mut bag.files);
            } else {
                project.left_out.push(format!(
                    "{} has more than {FILES_MAX} files or {} MiB, so it was left out.",
                    packages.display(),
                    BYTES_MAX >> 20
                ));
            }
        }
        Ok(project)
    }
}

fn root_of(entry: &Path) -> PathBuf {
    let own = match entry.is_dir() {
        true => entry,
        false => entry.parent().unwrap_or(entry),
    };
    own.ancestors()
        .find(|folder| folder.join("package.json").is_file())
        .unwrap_or(own)
        .to_path_buf()
}

/// `.` and `..` taken out by name, for a path that does not exist.
fn tidy(path: &Path) -> PathBuf {
    let mut tidy = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                tidy.pop();
            }
            other => tidy.push(other),
        }
    }
    tidy
}

#[derive(Default)]
struct Bag {
    files: Vec<File>,
    bytes: u64,
}

impl Bag {
    /// Adds what is in a folder, what is nearest to it first. `false` when something did not fit.
    fn add_tree(&mut self, root: &Path, except: &[&str]) -> bool {
        let mut whole = true;
        let mut names = 0;
        let mut folders = VecDeque::from([root.to_path_buf()]);
        while let Some(folder) = folders.pop_front() {
            let Ok(entries) = fs::read_dir(&folder) else {
                continue;
            };
            let mut entries: Vec<_> = entries.filter_map(Result::ok).collect();
            entries.sort_by_key(fs::DirEntry::file_name);
            names += entries.len();
            if names > NAMES_MAX {
                return false;
            }
            for entry in entries {
                let name = entry.file_name();
                let skipped = |names: &[&str]| names.iter().any(|other| name == *other);
                if skipped(&HISTORIES) || skipped(except) {
                    continue;
                }
                let path = entry.path();
                if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    folders.push_back(path);
                    continue;
                }
                let Ok(about) = fs::metadata(&path) else {
                    continue;
                };
                if !about.is_file() {
                    continue;
                }
                if self.files.len() >= FILES_MAX {
                    return false;
                }
                if about.len() > FILE_BYTES_MAX || self.bytes + about.len() > BYTES_MAX {
                    whole = false;
                } else if self.add(&path).is_err() {
                    // Not ours to read; the program could not read it either.
                    continue;
                }
            }
        }
        whole
    }

    fn add(&mut self, path: &Path) -> io::Result<()> {
        let text = path.to_string_lossy().into_owned();
        if self.files.first().is_some_and(|entry| entry.path == text) {
            return Ok(());
        }
        let bytes = fs::read(path)?;
        self.bytes += bytes.len() as u64;
        self.files.push(File { path: text, bytes });
        Ok(())
    }
}
