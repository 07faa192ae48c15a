//! `course build LESSONS OUT`: what the page loads, as postcard bytes of `protocol::lesson`.
//!
//! OUT gets `catalog.bin` and `CHAPTER/LESSON.bin` for each lesson. Files that would not change are left alone, so
//! that nothing downstream is built again, and those of lessons that are gone are removed. With a mistake anywhere,
//! nothing is written and the exit code is 1.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    process::ExitCode,
};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [command, lessons, out] = arguments.as_slice() else {
        return usage();
    };
    if command != "build" {
        return usage();
    }
    let course = match course::load(Path::new(lessons)) {
        Ok(course) => course,
        Err(mistakes) => {
            for mistake in &mistakes {
                eprintln!("{mistake}");
            }
            return ExitCode::FAILURE;
        }
    };
    match write(&course, Path::new(out)) {
        Ok(report) => {
            println!("{report}");
            ExitCode::SUCCESS
        }
        Err((path, error)) => {
            eprintln!("course: {} cannot be written: {error}", path.display());
            ExitCode::FAILURE
        }
    }
}

fn usage() -> ExitCode {
    eprintln!("usage: course build LESSONS OUT");
    ExitCode::from(2)
}

fn write(course: &course::Course, out: &Path) -> Result<String, (PathBuf, io::Error)> {
    let mut files = vec![(
        out.join("catalog.bin"),
        protocol::codec::encode(&course.catalog),
    )];
    for lesson in &course.lessons {
        let path = out.join(format!("{}.bin", lesson.id));
        files.push((path, protocol::codec::encode(lesson)));
    }
    let mut changed = 0;
    for (path, bytes) in &files {
        if fs::read(path).is_ok_and(|before| before == *bytes) {
            continue;
        }
        let folder = path.parent().unwrap_or(out);
        fs::create_dir_all(folder)
            .and_then(|()| fs::write(path, bytes))
            .map_err(|error| (path.clone(), error))?;
        changed += 1;
    }
    let mut removed = 0;
    for path in packed_lessons(out) {
        if !files.iter().any(|(written, _)| *written == path) {
            fs::remove_file(&path).map_err(|error| (path.clone(), error))?;
            removed += 1;
        }
    }
    let bytes: usize = files.iter().map(|(_, bytes)| bytes.len()).sum();
    Ok(format!(
        "{} lessons in {} chapters, {bytes} bytes: {changed} of {} files written, {removed} removed, in {}",
        course.lessons.len(),
        course.catalog.chapters.len(),
        files.len(),
        out.display()
    ))
}

/// `CHAPTER/LESSON.bin` in OUT.
fn packed_lessons(out: &Path) -> Vec<PathBuf> {
    let entries = |folder: &Path| -> Vec<PathBuf> {
        fs::read_dir(folder)
            .map(|entries| entries.flatten().map(|entry| entry.path()).collect())
            .unwrap_or_default()
    };
    entries(out)
        .iter()
        .flat_map(|chapter| entries(chapter))
        .filter(|path| path.extension().is_some_and(|ending| ending == "bin"))
        .collect()
}
