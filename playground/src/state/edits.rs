//! What the reader typed, and the promise that it is never lost.
//!
//! Whatever replaces a whole text (Reset, the solution, an example from the prose) first puts the replaced files on a
//! shelf; taking them back puts the newer ones there in turn. Files and shelf are kept in storage together, in a
//! format of this module: a first line with its version, then each file as a line `file LENGTH PATH` and its text.
//! Lengths are bytes, so nothing in a text can be mistaken for a line of the format.

use protocol::lesson::{Lesson, LessonFile};

/// How many replaced versions are kept; older ones fall off.
const SHELF_MAX: usize = 8;
const HEADER: &str = "terrarium edits 1";

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edits {
    pub files: Vec<LessonFile>,
    shelf: Vec<Shelved>,
}

/// Files that were replaced, and by what.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Shelved {
    by: Replacement,
    files: Vec<LessonFile>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replacement {
    Reset,
    Solution,
    /// An example from the prose.
    Example,
    /// Taking something back from the shelf.
    Return,
}

impl Replacement {
    const NAMES: [(Self, &'static str); 4] = [
        (Self::Reset, "reset"),
        (Self::Solution, "solution"),
        (Self::Example, "example"),
        (Self::Return, "return"),
    ];

    fn name(self) -> &'static str {
        Self::NAMES
            .iter()
            .find(|(replacement, _)| *replacement == self)
            .map_or("reset", |(_, name)| name)
    }

    /// What the button that takes it back is called.
    pub fn undo_label(self) -> &'static str {
        match self {
            Self::Reset => "Undo reset",
            Self::Solution | Self::Example => "Back to my code",
            Self::Return => "Forward again",
        }
    }
}

impl Edits {
    pub fn of(lesson: &Lesson) -> Self {
        Self {
            files: lesson.start.clone(),
            shelf: Vec::new(),
        }
    }

    /// Every file's path and text, as they stand.
    pub fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files
            .iter()
            .map(|file| (file.path.as_str(), file.text.as_str()))
    }

    /// Types into one file. Says whether anything changed.
    pub fn set_text(&mut self, path: &str, text: &str) -> bool {
        match self.files.iter_mut().find(|file| file.path == path) {
            Some(file) if !file.read_only && file.text != text => {
                file.text = text.to_string();
                true
            }
            _ => false,
        }
    }

    /// Replaces whole files and shelves what was there. Says whether anything changed.
    pub fn replace(&mut self, by: Replacement, files: &[LessonFile]) -> bool {
        let mut next = self.files.clone();
        for file in files {
            match next.iter_mut().find(|known| known.path == file.path) {
                Some(known) => known.text.clone_from(&file.text),
                None => next.push(file.clone()),
            }
        }
        self.exchange(by, next)
    }

    /// Back to what the lesson starts from.
    pub fn reset(&mut self, lesson: &Lesson) -> bool {
        self.exchange(Replacement::Reset, lesson.start.clone())
    }

    /// Takes the top of the shelf back and puts what stands now in its place.
    pub fn take_back(&mut self) -> bool {
        let Some(shelved) = self.shelf.pop() else {
            return false;
        };
        let back = match shelved.by {
            Replacement::Return => Replacement::Reset,
            _ => Replacement::Return,
        };
        self.exchange(back, shelved.files)
    }

    /// What was replaced last and can be taken back.
    pub fn shelved(&self) -> Option<Replacement> {
        self.shelf.last().map(|shelved| shelved.by)
    }

    /// Whether the reader has changed anything.
    pub fn edited(&self, lesson: &Lesson) -> bool {
        self.files != lesson.start
    }

    fn exchange(&mut self, by: Replacement, next: Vec<LessonFile>) -> bool {
        if next == self.files {
            return false;
        }
        let files = std::mem::replace(&mut self.files, next);
        self.shelf.push(Shelved { by, files });
        if self.shelf.len() > SHELF_MAX {
            self.shelf.remove(0);
        }
        true
    }

    pub fn store(&self) -> String {
        let mut text = format!("{HEADER}\n");
        store_files(&mut text, &self.files);
        for shelved in &self.shelf {
            text.push_str(&format!("shelf {}\n", shelved.by.name()));
            store_files(&mut text, &shelved.files);
        }
        text
    }

    /// Reads what [`Self::store`] wrote and lays it over the lesson as it is today. The error is a sentence.
    pub fn restore(lesson: &Lesson, stored: &str) -> Result<Self, String> {
        let mut edits = Self::of(lesson);
        let mut rest = stored
            .strip_prefix(HEADER)
            .and_then(|rest| rest.strip_prefix('\n'))
            .ok_or("it is not in this version's format")?;
        let mut groups: Vec<(Option<Replacement>, Vec<LessonFile>)> = vec![(None, Vec::new())];
        while !rest.is_empty() {
            let (line, after) = rest.split_once('\n').ok_or("it ends in the middle")?;
            if let Some(name) = line.strip_prefix("shelf ") {
                let by = Replacement::NAMES
                    .iter()
                    .find(|(_, known)| *known == name)
                    .ok_or("it names an unknown change")?
                    .0;
                groups.push((Some(by), Vec::new()));
                rest = after;
                continue;
            }
            let (length, path) = line
                .strip_prefix("file ")
                .and_then(|line| line.split_once(' '))
                .ok_or("a line of it is unknown")?;
            let length: usize = length.parse().map_err(|_| "a length in it is no number")?;
            let text = after.get(..length).ok_or("it ends in the middle")?;
            rest = after[length..]
                .strip_prefix('\n')
                .ok_or("a length in it is wrong")?;
            if let Some((_, files)) = groups.last_mut() {
                files.push(LessonFile {
                    path: path.to_string(),
                    text: text.to_string(),
                    read_only: false,
                });
            }
        }
        for (by, saved) in groups {
            let files = laid_over(lesson, saved);
            match by {
                None => edits.files = files,
                Some(by) => edits.shelf.push(Shelved { by, files }),
            }
        }
        Ok(edits)
    }
}

fn store_files(text: &mut String, files: &[LessonFile]) {
    for file in files.iter().filter(|file| !file.read_only) {
        text.push_str(&format!(
            "file {} {}\n{}\n",
            file.text.len(),
            file.path,
            file.text
        ));
    }
}

/// The lesson's files with the saved texts; files that only a read-only copy knows stay the lesson's.
fn laid_over(lesson: &Lesson, saved: Vec<LessonFile>) -> Vec<LessonFile> {
    let mut files = lesson.start.clone();
    for file in saved {
        match files.iter_mut().find(|known| known.path == file.path) {
            Some(known) if known.read_only => {}
            Some(known) => known.text = file.text,
            None => files.push(file),
        }
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::fixtures::lesson;

    fn text(edits: &Edits) -> &str {
        &edits.files[0].text
    }

    #[test]
    fn what_was_typed_is_what_runs() {
        let lesson = lesson();
        let mut edits = Edits::of(&lesson);
        edits.set_text("main.js", "mine");
        let scenario = lesson.scenario(edits.texts(), 9, protocol::Record::Output);
        assert_eq!(scenario.seed, 9);
        let process = &scenario.processes[0];
        assert_eq!(process.entry, "/app/main.js");
        assert_eq!(process.files[0].bytes, b"mine");
    }

    #[test]
    fn a_reset_can_be_undone_and_the_undoing_too() {
        let lesson = lesson();
        let mut edits = Edits::of(&lesson);
        assert!(edits.set_text("main.js", "mine"));
        assert!(edits.edited(&lesson));
        assert!(edits.reset(&lesson));
        assert_eq!(edits.shelved(), Some(Replacement::Reset));
        assert!(edits.set_text("main.js", "newer"));
        assert!(edits.take_back());
        assert_eq!(text(&edits), "mine");
        assert!(
            edits.take_back(),
            "what was typed after the reset is kept as well"
        );
        assert_eq!(text(&edits), "newer");
    }

    #[test]
    fn nothing_is_shelved_when_nothing_changes() {
        let lesson = lesson();
        let mut edits = Edits::of(&lesson);
        assert!(!edits.reset(&lesson));
        assert!(!edits.set_text("main.js", &lesson.start[0].text));
        assert!(!edits.take_back());
        assert_eq!(edits.shelved(), None);
    }

    #[test]
    fn read_only_files_stay() {
        let lesson = lesson();
        let mut edits = Edits::of(&lesson);
        assert!(!edits.set_text("package.json", "{}"));
        assert!(!edits.set_text("absent.js", "x"));
    }

    #[test]
    fn the_solution_leaves_a_way_back() {
        let lesson = lesson();
        let mut edits = Edits::of(&lesson);
        edits.set_text("main.js", "mine");
        assert!(edits.replace(Replacement::Solution, &lesson.solution));
        assert_eq!(text(&edits), lesson.solution[0].text);
        assert_eq!(
            edits.shelved().map(Replacement::undo_label),
            Some("Back to my code")
        );
        edits.take_back();
        assert_eq!(text(&edits), "mine");
    }

    #[test]
    fn storage_brings_everything_back() {
        let lesson = lesson();
        let mut edits = Edits::of(&lesson);
        edits.set_text("main.js", "file 3 trap\nünd\n\nshelf reset\n");
        edits.reset(&lesson);
        edits.set_text("main.js", "second");
        let restored = Edits::restore(&lesson, &edits.store()).unwrap();
        assert_eq!(restored, edits);
    }

    #[test]
    fn garbage_in_storage_is_refused_in_words() {
        let lesson = lesson();
        for stored in [
            "",
            "{\"files\":[]}",
            "terrarium edits 1\nfile 999 main.js\nshort\n",
            "terrarium edits 1\nfile x main.js\n\n",
            "terrarium edits 1\nfile 1 main.js\nü\n",
            "terrarium edits 1\nshelf mauve\n",
            "terrarium edits 1\nnonsense\n",
            "terrarium edits 2\n",
        ] {
            assert!(Edits::restore(&lesson, stored).is_err(), "{stored:?}");
        }
    }

    #[test]
    fn the_shelf_is_bounded() {
        let lesson = lesson();
        let mut edits = Edits::of(&lesson);
        for round in 0..20 {
            edits.set_text("main.js", &round.to_string());
            edits.reset(&lesson);
        }
        assert_eq!(edits.shelf.len(), SHELF_MAX);
    }
}
