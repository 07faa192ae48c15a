//! A lesson as the page receives it: parsed, validated and inert. Prose is a tree of these blocks, never HTML.
//! The crate `course` makes it from a folder in `lessons/`.

use serde::{Deserialize, Serialize};

use crate::{File, Limits, ProcessSpec, Record, Scenario, scenario::NetworkSpec};

/// Where a lesson's files live in the jar, and where its program starts.
pub const FOLDER: &str = "/app";

/// The table of contents. The page loads it first, and each lesson only when it is opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Catalog {
    pub chapters: Vec<Chapter>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chapter {
    /// The folder's name, such as `01-event-loop`.
    pub id: String,
    pub title: String,
    pub lessons: Vec<LessonSummary>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LessonSummary {
    /// `chapter/lesson`, such as `01-event-loop/01-what-runs-first`. Also its address in the page.
    pub id: String,
    pub title: String,
    pub summary: String,
    pub minutes: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lesson {
    pub id: String,
    pub title: String,
    pub summary: String,
    pub minutes: u32,
    /// Syllabus ids.
    pub covers: Vec<String>,
    pub body: Vec<Block>,
    /// What the reader starts from, first file first.
    pub start: Vec<LessonFile>,
    pub solution: Vec<LessonFile>,
    /// Shown one at a time.
    pub hints: Vec<Vec<Block>>,
    pub predict: Option<Predict>,
    pub world: WorldTemplate,
    /// Source of `checks.js`, for `Command::Grade`.
    pub checks: String,
    /// The seeds over which the checks must hold: `world.seed`, then the ones that follow it.
    pub check_seeds: u32,
    /// What the lesson offers to send by hand.
    pub requests: Vec<SavedRequest>,
}

/// `[[requests]]` of `lesson.toml`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedRequest {
    pub name: String,
    pub method: String,
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Lesson {
    /// The world of this lesson with these files in it: the reader's, `start` or `solution`.
    pub fn scenario<'a>(
        &self,
        files: impl IntoIterator<Item = (&'a str, &'a str)>,
        seed: u64,
        record: Record,
    ) -> Scenario {
        let world = &self.world;
        let files: Vec<File> = files
            .into_iter()
            .map(|(path, text)| File {
                path: format!("{FOLDER}/{path}"),
                bytes: text.as_bytes().to_vec(),
            })
            .collect();
        Scenario {
            seed,
            picks: crate::scenario::Picks::default(),
            epoch_ms: world.epoch_ms,
            limits: world.limits,
            record,
            network: world.network.clone(),
            processes: world
                .processes
                .iter()
                .map(|process| ProcessSpec {
                    host: process.host.clone(),
                    entry: format!("{FOLDER}/{}", process.entry),
                    args: process.args.clone(),
                    env: process.env.clone(),
                    cwd: FOLDER.to_string(),
                    files: files.clone(),
                    transpiled: Vec::new(),
                    stdin: Vec::new(),
                    tick_ns: process.tick_ns,
                })
                .collect(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LessonFile {
    /// Relative to the lesson's folder in the jar, such as `main.js`.
    pub path: String,
    pub text: String,
    pub read_only: bool,
}

/// `world.toml`: a scenario without the reader's files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorldTemplate {
    pub seed: u64,
    pub epoch_ms: u64,
    pub limits: Limits,
    pub network: NetworkSpec,
    /// One at least.
    pub processes: Vec<ProcessTemplate>,
}

impl WorldTemplate {
    /// Where the first process starts.
    pub fn entry(&self) -> &str {
        self.processes
            .first()
            .map_or("", |process| process.entry.as_str())
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessTemplate {
    pub host: String,
    /// Relative, such as `main.js`.
    pub entry: String,
    pub args: Vec<String>,
    pub env: Vec<(String, String)>,
    pub tick_ns: u64,
}

/// Put the lines in the order in which they will be printed. The answer is whatever the run prints; nothing here
/// knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Predict {
    pub question: String,
    /// Lines of standard output, in the order in which they are offered.
    pub lines: Vec<String>,
    /// Whose lines they are, where the world has several hosts; of all without it.
    pub host: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Block {
    /// Level 2 opens a step of the lesson. `step` says what the reader does in it.
    Heading {
        level: u8,
        step: Option<Step>,
        content: Vec<Inline>,
    },
    Paragraph(Vec<Inline>),
    List {
        ordered_from: Option<u64>,
        items: Vec<Vec<Block>>,
    },
    Quote(Vec<Block>),
    /// `try_in` is the file that a button puts this code into; `None` is only shown.
    Code {
        language: String,
        text: String,
        try_in: Option<String>,
    },
    Table {
        head: Vec<Vec<Inline>>,
        rows: Vec<Vec<Vec<Inline>>>,
    },
    /// Where the lesson's prediction stands.
    Predict,
    Rule,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Step {
    Predict,
    Change,
    Break,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Inline {
    Text(String),
    Code(String),
    Emphasis(Vec<Inline>),
    Strong(Vec<Inline>),
    Link { to: Target, content: Vec<Inline> },
    Break,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Target {
    /// `https:` only; opens in a new tab.
    Web(String),
    /// Another lesson, by id.
    Lesson(String),
    /// Moves the playhead of the current recording.
    Moment(Moment),
    /// Not a link but a word that carries a queue's colour: `[nextTick queue](queue:tick)`.
    Queue(QueueName),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Moment {
    Start,
    End,
    /// The first line of output that reads exactly so: `moment:log/tick`.
    Log(String),
    /// The start of the longest task: `moment:longest`.
    LongestTask,
    /// The first `LimitReached` or `UncaughtError`: `moment:failure`.
    Failure,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum QueueName {
    Main,
    Tick,
    Microtask,
    Timers,
    Poll,
    Check,
    Close,
}
