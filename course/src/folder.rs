//! One lesson's folder into one [`Lesson`].

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use protocol::lesson::{Block, Lesson, LessonFile, Predict, SavedRequest, Step, WorldTemplate};

use crate::{
    clients,
    mistake::{Mistakes, suggestion},
    source::Source,
    table::{Located, Table},
    text, world,
};

const FILES_MAX: usize = 32;

/// What a lesson needs to know of the course around it.
pub(crate) struct Around<'a> {
    /// The folder that holds the chapters.
    pub root: &'a Path,
    pub syllabus_ids: &'a [String],
}

/// Always ends with every mistake of the folder in `mistakes`; the lesson is of use only when there is none.
pub(crate) fn read(
    folder: &Path,
    id: &str,
    around: &Around,
    mistakes: &Mistakes,
) -> Option<Lesson> {
    refuse_strangers(folder, mistakes);
    let start = read_tree(&folder.join("start"), mistakes);
    let solution = read_tree(&folder.join("solution"), mistakes);
    let world = Source::read(
        &folder.join("world.toml"),
        "the world that the program runs in",
        mistakes,
    )
    .and_then(|source| world::read(&source, &start, mistakes));
    let checks = Source::read(
        &folder.join("checks.js"),
        "the checks of the solution",
        mistakes,
    );
    let about = Source::read(
        &folder.join("lesson.toml"),
        "title, summary, minutes, covers and check_seeds",
        mistakes,
    );
    let prose = Source::read(&folder.join("text.md"), "what the reader reads", mistakes);

    let lesson_exists = |id: &str| {
        let mut parts = id.split('/');
        let is_lesson = parts.clone().count() == 2 && parts.all(is_numbered);
        is_lesson && around.root.join(id).join("lesson.toml").is_file()
    };
    let head = about.as_ref().map(|source| {
        let world = world.as_ref();
        let mut head = Head::read(source, around, &start, &solution, world, mistakes);
        let writable = writable(&head.start);
        head.hints = head
            .hint_texts
            .iter()
            .map(|hint| read_hint(hint, source, &writable, &lesson_exists, mistakes))
            .collect();
        head
    });
    // Without lesson.toml every file counts as one that the reader may change: one mistake, not two.
    let all: Vec<&str> = start.iter().map(|file| file.path.as_str()).collect();
    let writable = head.as_ref().map_or(all, |head| writable(&head.start));
    let body = prose
        .as_ref()
        .map(|source| read_text(source, &writable, &lesson_exists, mistakes));
    if let (Some(prose), Some(body), Some(about), Some(head)) = (&prose, &body, &about, &head) {
        match_prediction(prose, body, about, head.predict.is_some(), mistakes);
    }

    let head = head?;
    Some(Lesson {
        id: id.to_string(),
        title: head.title?,
        summary: head.summary?,
        minutes: head.minutes?,
        covers: head.covers,
        body: body?,
        start: head.start,
        solution: head.solution,
        hints: head.hints,
        predict: head.predict,
        world: world?,
        checks: checks?.text,
        check_seeds: head.check_seeds?,
        requests: head.requests,
    })
}

/// `NN-some-words`.
pub(crate) fn is_numbered(name: &str) -> bool {
    let Some((number, words)) = name.split_once('-') else {
        return false;
    };
    number.len() == 2
        && number.bytes().all(|byte| byte.is_ascii_digit())
        && words.split('-').all(|word| {
            !word.is_empty()
                && word
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        })
}

/// The names in a folder, sorted.
pub(crate) fn names_in(folder: &Path, mistakes: &Mistakes) -> Vec<String> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => {
            let sentence = match error.kind() {
                std::io::ErrorKind::NotFound => "This folder is missing.".to_string(),
                _ => format!("This folder cannot be read: {error}."),
            };
            mistakes.add(folder, 1, sentence);
            return Vec::new();
        }
    };
    let mut names: Vec<String> = entries
        .filter_map(Result::ok)
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn refuse_strangers(folder: &Path, mistakes: &Mistakes) {
    const EXPECTED: [&str; 6] = [
        "checks.js",
        "lesson.toml",
        "solution",
        "start",
        "text.md",
        "world.toml",
    ];
    for name in names_in(folder, mistakes) {
        if !EXPECTED.contains(&name.as_str()) {
            let sentence = format!(
                "A lesson's folder has no place for this.{}",
                suggestion(&name, EXPECTED)
            );
            mistakes.add(&folder.join(&name), 1, sentence);
        }
    }
}

/// A file of `start/` or `solution/`, with where it was found.
pub(crate) struct TreeFile {
    pub path: String,
    found: PathBuf,
    text: String,
}

impl TreeFile {
    pub fn source(&self) -> Source {
        Source {
            path: self.found.clone(),
            text: self.text.clone(),
        }
    }
}

fn read_tree(folder: &Path, mistakes: &Mistakes) -> Vec<TreeFile> {
    let mut files = Vec::new();
    read_tree_into(folder, "", &mut files, mistakes);
    if folder.is_dir() && names_in(folder, mistakes).is_empty() {
        mistakes.add(folder, 1, "This folder has no files.");
    }
    if files.len() > FILES_MAX {
        let sentence = format!("There are {} files; {FILES_MAX} is the most.", files.len());
        mistakes.add(folder, 1, sentence);
    }
    files
}

fn read_tree_into(folder: &Path, prefix: &str, files: &mut Vec<TreeFile>, mistakes: &Mistakes) {
    for name in names_in(folder, mistakes) {
        let found = folder.join(&name);
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        if name.starts_with('.') || !name.bytes().all(plain) {
            mistakes.add(
                &found,
                1,
                "A file's name has letters, digits, `.`, `_` and `-`, and does not start with a dot.",
            );
        } else if found.is_dir() {
            read_tree_into(&found, &format!("{prefix}{name}/"), files, mistakes);
        } else if let Some(source) = Source::read(&found, "code", mistakes) {
            files.push(TreeFile {
                path: format!("{prefix}{name}"),
                found,
                text: source.text,
            });
        }
    }
}

/// `lesson.toml`, and the files in the order that it asks for.
struct Head {
    title: Option<String>,
    summary: Option<String>,
    minutes: Option<u32>,
    covers: Vec<String>,
    check_seeds: Option<u32>,
    predict: Option<Predict>,
    hint_texts: Vec<Located<String>>,
    hints: Vec<Vec<Block>>,
    start: Vec<LessonFile>,
    solution: Vec<LessonFile>,
    requests: Vec<SavedRequest>,
}

impl Head {
    fn read(
        source: &Source,
        around: &Around,
        start: &[TreeFile],
        solution: &[TreeFile],
        world: Option<&WorldTemplate>,
        mistakes: &Mistakes,
    ) -> Self {
        const KEYS: [&str; 9] = [
            "title",
            "summary",
            "minutes",
            "covers",
            "check_seeds",
            "hints",
            "files",
            "predict",
            "requests",
        ];
        let mut table = Table::of_file(source, mistakes);
        let title = table.text("title").map(|title| title.value);
        let summary = table.text("summary").map(|summary| summary.value);
        let minutes = table
            .number("minutes", 1..=120)
            .map(|minutes| minutes as u32);
        let covers = table.texts("covers").unwrap_or_default();
        let covers = read_covers(covers, around, &table);
        let check_seeds = table
            .number("check_seeds", 1..=1_000)
            .map(|seeds| seeds as u32);
        let hint_texts = table.texts_or_none("hints");
        let predict = table
            .table("predict")
            .and_then(|predict| read_predict(predict, &KEYS, world));
        let listed = table.table("files");
        let entry = world.map(WorldTemplate::entry);
        let (start, solution) = order_files(listed, &KEYS, start, solution, entry, mistakes);
        let requests = clients::read_saved(&mut table, world);
        table.finish(&[]);
        Self {
            title,
            summary,
            minutes,
            covers,
            check_seeds,
            predict,
            hint_texts,
            hints: Vec::new(),
            start,
            solution,
            requests,
        }
    }
}

fn read_covers(covers: Vec<Located<String>>, around: &Around, table: &Table) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    for Located { value, line, .. } in covers {
        let known = around.syllabus_ids;
        if ids.contains(&value) {
            table.add(line, format!("`{value}` stands in `covers` twice."));
        } else if known.is_empty() || known.contains(&value) {
            ids.push(value);
        } else {
            let advice = suggestion(&value, known.iter().map(String::as_str));
            table.add(
                line,
                format!("`{value}` is not an id of the syllabus.{advice}"),
            );
        }
    }
    ids
}

fn read_predict(
    mut table: Table,
    outer: &[&str],
    world: Option<&WorldTemplate>,
) -> Option<Predict> {
    let question = table.text("question");
    let lines = table.texts("lines");
    let host = table.text_or_none("host");
    if let (Some(host), Some(world)) = (&host, world) {
        let hosts = || world.processes.iter().map(|process| process.host.as_str());
        if !hosts().any(|name| name == host.value) {
            let advice = suggestion(&host.value, hosts());
            table.add(
                host.line,
                format!("No process runs on `{}`.{advice}", host.value),
            );
        }
    }
    if let Some(lines) = &lines {
        for line in lines.iter().filter(|line| line.value.contains('\n')) {
            table.add(line.line, "A line of the prediction is one line.");
        }
        if let [only] = lines.as_slice() {
            table.add(only.line, "A prediction needs two lines or more.");
        }
    }
    table.finish(outer);
    Some(Predict {
        question: question?.value,
        lines: lines?.into_iter().map(|line| line.value).collect(),
        host: host.map(|host| host.value),
    })
}

/// `[files]`: `order` puts files first, `read_only` locks them, `new` are files that only the solution has. Files that
/// the solution does not change are not in its folder.
fn order_files(
    listed: Option<Table>,
    outer: &[&str],
    start: &[TreeFile],
    solution: &[TreeFile],
    entry: Option<&str>,
    mistakes: &Mistakes,
) -> (Vec<LessonFile>, Vec<LessonFile>) {
    let mut order: Vec<String> = entry.iter().map(|entry| entry.to_string()).collect();
    let mut read_only = Vec::new();
    let mut new = Vec::new();
    if let Some(mut table) = listed {
        let mut names = |key: &'static str, tree: &[TreeFile], folder: &str| -> Vec<String> {
            let listed = table.texts_or_none(key);
            for name in &listed {
                if !tree.iter().any(|file| file.path == name.value) {
                    let paths = tree.iter().map(|file| file.path.as_str());
                    let advice = suggestion(&name.value, paths);
                    let sentence =
                        format!("`{key}` names no file of {folder}: {}.{advice}", name.value);
                    table.add(name.line, sentence);
                }
            }
            listed.into_iter().map(|name| name.value).collect()
        };
        let wanted = names("order", start, "start/");
        if !wanted.is_empty() {
            order = wanted;
        }
        read_only = names("read_only", start, "start/");
        new = names("new", solution, "solution/");
        table.finish(outer);
    }

    for file in solution {
        let before = start.iter().find(|other| other.path == file.path);
        let sentence = match before {
            None if !new.contains(&file.path) => {
                "This file is not in start/. If the reader is to make it, name it in `new` of [files] in lesson.toml."
            }
            Some(before) if before.text == file.text => {
                "This file is the same as in start/; the solution has only what changes."
            }
            Some(_) if read_only.contains(&file.path) => {
                "The reader cannot change this file: lesson.toml says that it is read-only."
            }
            _ => continue,
        };
        mistakes.add(&file.found, 1, sentence);
    }

    let solved: BTreeMap<&str, &str> = start
        .iter()
        .chain(solution)
        .map(|file| (file.path.as_str(), file.text.as_str()))
        .collect();
    let given: BTreeMap<&str, &str> = start
        .iter()
        .map(|file| (file.path.as_str(), file.text.as_str()))
        .collect();
    let arrange = |files: BTreeMap<&str, &str>| {
        let mut files: Vec<LessonFile> = files
            .into_iter()
            .map(|(path, text)| LessonFile {
                path: path.to_string(),
                text: text.to_string(),
                read_only: read_only.iter().any(|locked| locked == path),
            })
            .collect();
        let place = |file: &LessonFile| {
            order
                .iter()
                .position(|path| *path == file.path)
                .unwrap_or(order.len())
        };
        files.sort_by_key(place);
        files
    };
    (arrange(given), arrange(solved))
}

fn writable(files: &[LessonFile]) -> Vec<&str> {
    files
        .iter()
        .filter(|file| !file.read_only)
        .map(|file| file.path.as_str())
        .collect()
}

fn read_hint(
    hint: &Located<String>,
    source: &Source,
    writable: &[&str],
    lesson_exists: &dyn Fn(&str) -> bool,
    mistakes: &Mistakes,
) -> Vec<Block> {
    // A text over several lines starts behind its three quotes, or on the line below them.
    let written = &source.text[hint.span.clone()];
    let over_lines = written.contains('\n');
    let below = written
        .get(3..)
        .is_some_and(|rest| rest.starts_with(['\n', '\r']));
    let report = |offset: usize, sentence: String| {
        let down = match over_lines {
            true => hint.value[..offset].matches('\n').count() as u32 + u32::from(below),
            false => 0,
        };
        mistakes.add(&source.path, hint.line + down, sentence);
    };
    text::read(
        &hint.value,
        &text::Context {
            writable,
            lesson_exists,
            hint: true,
            report: &report,
        },
    )
}

fn read_text(
    source: &Source,
    writable: &[&str],
    lesson_exists: &dyn Fn(&str) -> bool,
    mistakes: &Mistakes,
) -> Vec<Block> {
    let report = |offset: usize, sentence: String| {
        mistakes.add(&source.path, source.line_at(offset), sentence);
    };
    let body = text::read(
        &source.text,
        &text::Context {
            writable,
            lesson_exists,
            hint: false,
            report: &report,
        },
    );
    for (wanted, name) in [
        (Step::Predict, "predict"),
        (Step::Change, "change"),
        (Step::Break, "break"),
    ] {
        let there = body.iter().any(
            |block| matches!(block, Block::Heading { step: Some(step), .. } if *step == wanted),
        );
        if !there {
            let sentence = format!(
                "No heading says `{{.{name}}}`: a lesson has something to predict, to change and to break."
            );
            mistakes.add(&source.path, 1, sentence);
        }
    }
    body
}

/// `[predict]` in lesson.toml and the fence in text.md need each other.
fn match_prediction(
    prose: &Source,
    body: &[Block],
    about: &Source,
    predicts: bool,
    mistakes: &Mistakes,
) {
    let fences = body
        .iter()
        .filter(|block| matches!(block, Block::Predict))
        .count();
    // A table that is there but wrong has been reported already.
    let written = about.text.lines().any(|line| line.trim() == "[predict]");
    match fences {
        0 if predicts => mistakes.add(
            &prose.path,
            1,
            "lesson.toml has a [predict], but no ```predict fence says where it stands.",
        ),
        0 => {}
        1 if predicts || written => {}
        1 => mistakes.add(
            &about.path,
            1,
            "text.md has a ```predict fence, but there is no [predict] with its question and lines.",
        ),
        _ => mistakes.add(&prose.path, 1, "There is more than one ```predict fence."),
    }
}
