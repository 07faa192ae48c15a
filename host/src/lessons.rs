//! Grading lessons: what `terrarium check` does.
//!
//! A lesson is sound when its folder has no mistake (the crate `course`), its start fails a check, its solution passes
//! all checks over all its seeds, its prediction offers exactly the lines that the start prints, the code that its
//! text offers to try is at least JavaScript, and each moment that its text links to happens in one of these runs.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use course::Mistake;
use protocol::{
    EventKind, ProcessId, Record, Report, Stream,
    lesson::{Block, Inline, Lesson, LessonFile, Moment, Target},
};

use crate::{Error, Jar};

/// What was found in one lesson.
pub struct Verdict {
    /// The lesson's id, or its folder when it could not be read.
    pub lesson: String,
    pub mistakes: Vec<Mistake>,
    /// What the reader of the start is told first, when it is graded.
    pub start_fails: Option<String>,
    /// Over how many seeds the solution was run.
    pub seeds: u32,
    /// Of the start with the lesson's own seed; the page shows the same number for the same run.
    pub trace_hash: Option<u64>,
}

/// Grades the lesson in this folder.
pub fn grade(jar: &mut Jar, folder: &Path) -> Result<Verdict, Error> {
    match course::load_lesson(folder) {
        Ok(lesson) => grade_lesson(jar, folder, &lesson),
        Err(mistakes) => Ok(Verdict {
            lesson: folder.display().to_string(),
            mistakes,
            start_fails: None,
            seeds: 0,
            trace_hash: None,
        }),
    }
}

fn grade_lesson(jar: &mut Jar, folder: &Path, lesson: &Lesson) -> Result<Verdict, Error> {
    let mut grading = Grading {
        jar,
        folder,
        lesson,
        mistakes: Vec::new(),
        lines: Vec::new(),
        failed: false,
        trace_hash: None,
    };
    let start_fails = grading.start()?;
    grading.solution()?;
    grading.offered_code()?;
    grading.moments();
    grading.mistakes.sort();
    Ok(Verdict {
        lesson: lesson.id.clone(),
        mistakes: grading.mistakes,
        start_fails,
        seeds: lesson.check_seeds,
        trace_hash: grading.trace_hash,
    })
}

struct Grading<'a> {
    jar: &'a mut Jar,
    folder: &'a Path,
    lesson: &'a Lesson,
    mistakes: Vec<Mistake>,
    /// Of all runs: every line of output.
    lines: Vec<String>,
    /// Whether any run ended with an error or a limit.
    failed: bool,
    trace_hash: Option<u64>,
}

/// What a run printed, and the first error that nobody caught.
struct Run {
    /// Of each process that printed, its host and its standard output.
    printed: BTreeMap<ProcessId, (String, String)>,
    error: Option<String>,
    trace_hash: u64,
}

impl Run {
    /// The lines of one host, or of all.
    fn lines<'a>(&'a self, of: Option<&'a str>) -> impl Iterator<Item = String> + 'a {
        self.printed
            .values()
            .filter(move |(host, _)| of.is_none_or(|of| of == host))
            .flat_map(|(_, text)| text.lines().map(str::to_string))
    }
}

impl Grading<'_> {
    /// The first failure of the start, which has to have one.
    fn start(&mut self) -> Result<Option<String>, Error> {
        let lesson = self.lesson;
        let mut failure = None;
        for seed in self.seeds() {
            let run = self.run(&lesson.start, seed)?;
            if seed == lesson.world.seed {
                self.trace_hash = Some(run.trace_hash);
                self.compare_prediction(&run);
            }
            let report = self.jar.grade(&lesson.checks)?;
            if self.unusable(&report) {
                return Ok(None);
            }
            if let Some(failed) = report.first_failure() {
                failure = failed.failure.clone();
                break;
            }
        }
        if failure.is_none() {
            let entry = format!("start/{}", lesson.world.entry());
            self.add(
                &entry,
                1,
                "All checks pass already, so there is nothing to do.".to_string(),
            );
        }
        Ok(failure)
    }

    fn solution(&mut self) -> Result<(), Error> {
        let lesson = self.lesson;
        for seed in self.seeds() {
            self.run(&lesson.solution, seed)?;
            let report = self.jar.grade(&lesson.checks)?;
            if report.broken.is_some() || report.outcomes.is_empty() {
                self.unusable(&report);
                return Ok(());
            }
            if let Some(failed) = report.first_failure() {
                let path = self.changed_file();
                let text = failed.failure.clone().unwrap_or_default();
                let sentence = format!("With seed {seed}, \"{}\" fails: {text}", failed.name);
                self.add(&path, 1, sentence);
                return Ok(());
            }
        }
        Ok(())
    }

    fn offered_code(&mut self) -> Result<(), Error> {
        let lesson = self.lesson;
        let blocks = lesson.body.iter().chain(lesson.hints.iter().flatten());
        for block in blocks {
            let Block::Code {
                text,
                try_in: Some(file),
                ..
            } = block
            else {
                continue;
            };
            let mut files = lesson.start.clone();
            for other in files.iter_mut().filter(|other| other.path == *file) {
                other.text.clone_from(text);
            }
            let run = self.run(&files, lesson.world.seed)?;
            if let Some(error) = run.error.filter(|error| error.starts_with("SyntaxError")) {
                let first = text.lines().next().unwrap_or_default().to_string();
                let line = self.line_of("text.md", &first);
                self.add("text.md", line, format!("This code is none: {error}"));
            }
        }
        Ok(())
    }

    fn moments(&mut self) {
        let mut links = Vec::new();
        for block in self
            .lesson
            .body
            .iter()
            .chain(self.lesson.hints.iter().flatten())
        {
            links_of_block(block, &mut links);
        }
        for moment in links {
            let (happens, link) = match moment {
                Moment::Log(text) => (
                    self.lines.iter().any(|line| line == text),
                    format!("moment:log/{text}"),
                ),
                Moment::Failure => (self.failed, "moment:failure".to_string()),
                Moment::Start | Moment::End | Moment::LongestTask => continue,
            };
            if !happens {
                let line = self.line_of("text.md", &link);
                let sentence = format!(
                    "The moment `{link}` comes neither in the start, nor in the solution, nor in code to try."
                );
                self.add("text.md", line, sentence);
            }
        }
    }

    fn run(&mut self, files: &[LessonFile], seed: u64) -> Result<Run, Error> {
        let files = files
            .iter()
            .map(|file| (file.path.as_str(), file.text.as_str()));
        // Whose a line is, its process said when it began.
        let scenario = self.lesson.scenario(files, seed, Record::All);
        let mut run = Run {
            printed: BTreeMap::new(),
            error: None,
            trace_hash: 0,
        };
        let mut failed = false;
        let finished = self.jar.run(&scenario, |events| {
            for event in events {
                match event.kind {
                    EventKind::ProcessStarted { host, .. } => {
                        run.printed.insert(event.process, (host, String::new()));
                    }
                    EventKind::Logged {
                        stream: Stream::Stdout,
                        text,
                    } => {
                        if let Some((_, printed)) = run.printed.get_mut(&event.process) {
                            printed.push_str(&text);
                        }
                    }
                    EventKind::UncaughtError { text, .. } => {
                        failed = true;
                        run.error.get_or_insert(text);
                    }
                    EventKind::LimitReached { .. } => failed = true,
                    _ => {}
                }
            }
        })?;
        run.trace_hash = finished.trace_hash;
        self.failed |= failed;
        self.lines.extend(run.lines(None));
        Ok(run)
    }

    fn compare_prediction(&mut self, run: &Run) {
        let Some(predict) = &self.lesson.predict else {
            return;
        };
        let mut offered = predict.lines.clone();
        let mut printed: Vec<String> = run.lines(predict.host.as_deref()).collect();
        offered.sort();
        printed.sort();
        if offered != printed {
            let printed: Vec<String> = run.lines(predict.host.as_deref()).collect();
            let line = self.line_of("lesson.toml", "lines");
            let sentence = format!(
                "The start prints other lines than the prediction offers: {}.",
                printed.join(", ")
            );
            self.add("lesson.toml", line, sentence);
        }
    }

    /// Whether these checks cannot judge anything.
    fn unusable(&mut self, report: &Report) -> bool {
        if let Some(broken) = &report.broken {
            self.add(
                "checks.js",
                1,
                format!("The checks themselves do not run: {}", broken.trim()),
            );
        } else if report.outcomes.is_empty() {
            self.add("checks.js", 1, "There are no checks.".to_string());
        }
        report.broken.is_some() || report.outcomes.is_empty()
    }

    fn seeds(&self) -> impl Iterator<Item = u64> + use<> {
        let first = self.lesson.world.seed;
        (0..u64::from(self.lesson.check_seeds)).map(move |step| first.wrapping_add(step))
    }

    /// The first file that the solution changes.
    fn changed_file(&self) -> String {
        let lesson = self.lesson;
        let changed = lesson
            .solution
            .iter()
            .find(|file| !lesson.start.contains(file))
            .map_or(lesson.world.entry(), |file| file.path.as_str());
        format!("solution/{changed}")
    }

    /// The line of a file of the lesson that has these words; 1 when none has.
    fn line_of(&self, file: &str, words: &str) -> u32 {
        let text = std::fs::read_to_string(self.folder.join(file)).unwrap_or_default();
        let line = text.lines().position(|line| line.contains(words));
        1 + line.unwrap_or(0) as u32
    }

    fn add(&mut self, path: &str, line: u32, sentence: String) {
        let mistake = Mistake {
            path: self.folder.join(PathBuf::from(path)),
            line,
            sentence: sentence.replace('\n', " "),
        };
        if !self.mistakes.contains(&mistake) {
            self.mistakes.push(mistake);
        }
    }
}

fn links_of_block<'a>(block: &'a Block, links: &mut Vec<&'a Moment>) {
    match block {
        Block::Heading { content, .. } | Block::Paragraph(content) => links_of(content, links),
        Block::List { items, .. } => {
            for block in items.iter().flatten() {
                links_of_block(block, links);
            }
        }
        Block::Quote(blocks) => {
            for block in blocks {
                links_of_block(block, links);
            }
        }
        Block::Table { head, rows } => {
            for cell in head.iter().chain(rows.iter().flatten()) {
                links_of(cell, links);
            }
        }
        Block::Code { .. } | Block::Predict | Block::Rule => {}
    }
}

fn links_of<'a>(content: &'a [Inline], links: &mut Vec<&'a Moment>) {
    for inline in content {
        match inline {
            Inline::Emphasis(content) | Inline::Strong(content) => links_of(content, links),
            Inline::Link { to, content } => {
                if let Target::Moment(moment) = to {
                    links.push(moment);
                }
                links_of(content, links);
            }
            Inline::Text(_) | Inline::Code(_) | Inline::Break => {}
        }
    }
}
