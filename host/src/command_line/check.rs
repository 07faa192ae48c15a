//! `terrarium check`: grades lessons, and says what is wrong with file and line.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use crate::{
    Jar,
    lessons::{self, Verdict},
};
use course::Mistake;
use lexopt::{Arg, Parser};
use serde_json::{Value, json};

use super::{Failure, print};

pub fn check(arguments: &mut Parser) -> Result<ExitCode, Failure> {
    let mut paths: Vec<PathBuf> = Vec::new();
    let mut as_json = false;
    while let Some(argument) = arguments.next()? {
        match argument {
            Arg::Long("json") => as_json = true,
            Arg::Value(path) => paths.push(path.into()),
            other => return Err(other.unexpected().into()),
        }
    }
    if paths.is_empty() {
        paths.push("lessons".into());
    }
    let mut jar = Jar::load()?;
    let mut verdicts = Vec::new();
    for path in &paths {
        grade_all(&mut jar, path, &mut verdicts, as_json)?;
    }
    let wrong: usize = verdicts.iter().map(|verdict| verdict.mistakes.len()).sum();
    if as_json {
        let lessons: Vec<Value> = verdicts.iter().map(value).collect();
        print(&format!(
            "{:#}\n",
            json!({ "passed": wrong == 0, "lessons": lessons })
        ));
    } else {
        print(&match wrong {
            0 => format!("{} lessons, all sound\n", verdicts.len()),
            1 => "1 mistake\n".to_string(),
            _ => format!("{wrong} mistakes\n"),
        });
    }
    Ok(match wrong {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    })
}

fn grade_all(
    jar: &mut Jar,
    path: &Path,
    verdicts: &mut Vec<Verdict>,
    quiet: bool,
) -> Result<(), Failure> {
    if !path.is_dir() {
        return Err(Failure::Usage(format!(
            "there is no folder {}",
            path.display()
        )));
    }
    let mut add = |verdict: Verdict| {
        if !quiet {
            print(&line(&verdict));
        }
        verdicts.push(verdict);
    };
    let is_course = !path.join("lesson.toml").exists() && !path.join("chapter.toml").exists();
    let folders = course::lesson_folders(path);
    if is_course && let Err(mistakes) = course::load(path) {
        // What belongs to no lesson: chapters, strangers among the folders. The rest comes with its lesson.
        let beside: Vec<Mistake> = mistakes
            .into_iter()
            .filter(|mistake| {
                !folders
                    .iter()
                    .any(|folder| mistake.path.starts_with(folder))
            })
            .filter(|mistake| !mistake.path.ends_with("syllabus-ids.txt") || folders.is_empty())
            .collect();
        if !beside.is_empty() {
            add(Verdict {
                trace_hash: None,
                lesson: path.display().to_string(),
                mistakes: beside,
                start_fails: None,
                seeds: 0,
            });
        }
    } else if folders.is_empty() {
        return Err(Failure::Usage(format!(
            "there are no lessons in {}",
            path.display()
        )));
    }
    for folder in folders {
        add(lessons::grade(jar, &folder)?);
    }
    Ok(())
}

fn line(verdict: &Verdict) -> String {
    if verdict.mistakes.is_empty() {
        let start = verdict.start_fails.as_deref().unwrap_or_default();
        return format!(
            "{}: the start fails ({start}), the solution passes over {} seeds\n",
            verdict.lesson, verdict.seeds
        );
    }
    verdict
        .mistakes
        .iter()
        .map(|mistake| format!("{mistake}\n"))
        .collect()
}

fn value(verdict: &Verdict) -> Value {
    let mistakes: Vec<Value> = verdict
        .mistakes
        .iter()
        .map(|mistake| {
            json!({
                "path": mistake.path.to_string_lossy(),
                "line": mistake.line,
                "sentence": mistake.sentence,
            })
        })
        .collect();
    json!({
        "lesson": verdict.lesson,
        "passed": verdict.mistakes.is_empty(),
        "start_fails": verdict.start_fails,
        "seeds": verdict.seeds,
        "trace_hash": verdict.trace_hash.map(|hash| format!("{hash:016x}")),
        "mistakes": mistakes,
    })
}
