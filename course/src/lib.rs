//! Lessons: folders of content, read, validated and turned into the types that the page loads.
//!
//! ```text
//! lessons/
//!   syllabus-ids.txt              the ids that a lesson may cover, one a line
//!   NN-chapter/
//!     chapter.toml                title
//!     NN-lesson/
//!       lesson.toml               title, summary, minutes, covers, check_seeds; hints, [files], [predict], [[requests]]
//!       text.md                   what the reader reads
//!       world.toml                seed, and what runs where: see `world.rs`
//!       start/                    the files that the reader starts from
//!       solution/                 those of them that the solution changes
//!       checks.js                 what judges a run
//! ```
//!
//! The folders' names are the ids and their numbers the order; there is no other registry, so adding a lesson is
//! adding a folder. Whatever is missing, superfluous or misspelt is a [`Mistake`], and one reading finds all of them.
//! Whether the start fails and the solution passes is not asked here: that takes the simulation, and is
//! `terrarium check`.

mod clients;
mod folder;
mod machines;
mod mistake;
mod quantity;
mod source;
mod table;
mod text;
mod world;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

pub use mistake::Mistake;
use protocol::lesson::{Catalog, Chapter, Lesson, LessonSummary, WorldTemplate};

use crate::{
    folder::{Around, is_numbered, names_in},
    mistake::Mistakes,
    source::Source,
    table::Table,
};

/// Every lesson there is, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Course {
    pub catalog: Catalog,
    pub lessons: Vec<Lesson>,
}

/// Reads all of `lessons/`.
pub fn load(root: &Path) -> Result<Course, Vec<Mistake>> {
    let mistakes = Mistakes::default();
    let syllabus_ids = read_syllabus(root, &mistakes);
    let around = Around {
        root,
        syllabus_ids: &syllabus_ids,
    };
    let mut chapters = Vec::new();
    let mut lessons = Vec::new();
    for name in numbered(root, &["syllabus-ids.txt"], &mistakes) {
        let folder = root.join(&name);
        let title = read_chapter(&folder, &mistakes);
        let mut summaries = Vec::new();
        let inside = numbered(&folder, &["chapter.toml"], &mistakes);
        if inside.is_empty() {
            mistakes.add(&folder, 1, "This chapter has no lessons.");
        }
        for inner in inside {
            let id = format!("{name}/{inner}");
            if let Some(lesson) = folder::read(&folder.join(&inner), &id, &around, &mistakes) {
                summaries.push(LessonSummary {
                    id,
                    title: lesson.title.clone(),
                    summary: lesson.summary.clone(),
                    minutes: lesson.minutes,
                });
                lessons.push(lesson);
            }
        }
        chapters.push(Chapter {
            id: name,
            title: title.unwrap_or_default(),
            lessons: summaries,
        });
    }
    if chapters.is_empty() && root.is_dir() {
        mistakes.add(root, 1, "There are no chapters here.");
    }
    mistakes.unless_any(Some(Course {
        catalog: Catalog { chapters },
        lessons,
    }))
}

/// Reads the one lesson in this folder, which stands in a chapter's folder in `lessons/`.
pub fn load_lesson(folder: &Path) -> Result<Lesson, Vec<Mistake>> {
    let mistakes = Mistakes::default();
    let absolute = folder
        .canonicalize()
        .unwrap_or_else(|_| folder.to_path_buf());
    let name = |path: &Path| {
        path.file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default()
    };
    let chapter = absolute.parent().unwrap_or(Path::new(""));
    let root = chapter.parent().unwrap_or(Path::new(""));
    for (path, what) in [(chapter, "chapter"), (&absolute, "lesson")] {
        if !is_numbered(&name(path)) {
            mistakes.add(folder, 1, unnumbered(what, &name(path)));
        }
    }
    let syllabus_ids = read_syllabus(root, &mistakes);
    let around = Around {
        root,
        syllabus_ids: &syllabus_ids,
    };
    let id = format!("{}/{}", name(chapter), name(&absolute));
    let lesson = folder::read(folder, &id, &around, &mistakes);
    mistakes.unless_any(lesson)
}

/// Reads a world that stands for itself: its files are those beside it.
pub fn load_world(path: &Path) -> Result<WorldTemplate, Vec<Mistake>> {
    let mistakes = Mistakes::default();
    let world = Source::read(path, "a world", &mistakes)
        .and_then(|source| world::read(&source, &[], &mistakes));
    mistakes.unless_any(world)
}

/// The folders of the lessons that a path means: itself, or all that are in it.
pub fn lesson_folders(path: &Path) -> Vec<PathBuf> {
    if path.join("lesson.toml").exists() {
        return vec![path.to_path_buf()];
    }
    let mistakes = Mistakes::default();
    let folders = |folder: &Path| -> Vec<PathBuf> {
        names_in(folder, &mistakes)
            .iter()
            .filter(|name| is_numbered(name))
            .map(|name| folder.join(name))
            .filter(|path| path.is_dir())
            .collect()
    };
    if path.join("chapter.toml").exists() {
        return folders(path);
    }
    folders(path)
        .iter()
        .flat_map(|chapter| folders(chapter))
        .collect()
}

fn read_chapter(folder: &Path, mistakes: &Mistakes) -> Option<String> {
    let source = Source::read(
        &folder.join("chapter.toml"),
        "the chapter's title",
        mistakes,
    )?;
    let mut table = Table::of_file(&source, mistakes);
    let title = table.text("title").map(|title| title.value);
    table.finish(&[]);
    title
}

fn read_syllabus(root: &Path, mistakes: &Mistakes) -> Vec<String> {
    let path = root.join("syllabus-ids.txt");
    let Some(source) = Source::read(
        &path,
        "the ids that lessons may cover, one a line",
        mistakes,
    ) else {
        return Vec::new();
    };
    let mut seen = BTreeMap::new();
    let mut ids = Vec::new();
    for (line, id) in (1..).zip(source.text.lines()) {
        let sound = id.starts_with(|first: char| ('A'..='E').contains(&first))
            && id
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte));
        if !sound {
            mistakes.add(
                &path,
                line,
                format!("`{id}` does not look like an id of the syllabus."),
            );
        } else if let Some(first) = seen.insert(id.to_string(), line) {
            mistakes.add(
                &path,
                line,
                format!("`{id}` stands on line {first} already."),
            );
        } else {
            ids.push(id.to_string());
        }
    }
    ids
}

/// The numbered folders in a folder, in order. Everything else but `expected` is a mistake.
fn numbered(folder: &Path, expected: &[&str], mistakes: &Mistakes) -> Vec<String> {
    let what = match expected {
        ["chapter.toml"] => "lesson",
        _ => "chapter",
    };
    let mut numbered: Vec<String> = Vec::new();
    for name in names_in(folder, mistakes) {
        if expected.contains(&name.as_str()) {
            continue;
        }
        let path = folder.join(&name);
        if !path.is_dir() {
            mistakes.add(&path, 1, "There is no place for this file here.");
        } else if !is_numbered(&name) {
            mistakes.add(&path, 1, unnumbered(what, &name));
        } else {
            if let Some(last) = numbered.last()
                && last[..2] == name[..2]
            {
                mistakes.add(&path, 1, format!("`{last}` has the same number."));
            }
            numbered.push(name);
        }
    }
    numbered
}

fn unnumbered(what: &str, name: &str) -> String {
    format!("The folder of a {what} is called NN-some-words, but this one `{name}`.")
}
