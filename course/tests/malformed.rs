//! Each folder in `malformed/` is a case: what it holds is laid over the sound course in `base/`, and what `course::load`
//! then says must be its `expected.txt`. `case.txt` may hold lines `delete PATH` and `grow PATH BYTES`.
//! `UPDATE=1` writes what is said now into the expectations.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

#[test]
fn the_base_is_sound() {
    let course = course::load(&data("base")).expect("no mistakes");
    assert_eq!(course.lessons.len(), 1);
    let folder = data("base").join("01-chapter/01-lesson");
    assert_eq!(
        course::load_lesson(&folder).as_ref(),
        Ok(&course.lessons[0])
    );
}

#[test]
fn every_mistake_is_named_with_its_place() {
    let mut wrong = Vec::new();
    for case in folders(&data("malformed")) {
        let name = case
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        let root = env::temp_dir().join(format!("course-{}-{name}", std::process::id()));
        lay_out(&case, &root).expect("a scratch course");
        let said: String = match course::load(&root) {
            Ok(_) => "no mistakes\n".to_string(),
            Err(mistakes) => mistakes
                .iter()
                .map(|mistake| format!("{mistake}\n").replace(&format!("{}/", root.display()), ""))
                .map(|line| line.replace(&root.display().to_string(), "."))
                .collect(),
        };
        fs::remove_dir_all(&root).expect("the scratch course goes");
        let golden = case.join("expected.txt");
        if env::var_os("UPDATE").is_some() {
            fs::write(&golden, &said).expect("a golden");
        }
        let expected = fs::read_to_string(&golden).unwrap_or_default();
        if said != expected {
            wrong.push(format!(
                "--- {name}, expected\n{expected}--- but said\n{said}"
            ));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn the_lessons_of_this_repository_are_sound() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../lessons");
    if let Err(mistakes) = course::load(&root) {
        let list: String = mistakes
            .iter()
            .map(|mistake| format!("{mistake}\n"))
            .collect();
        panic!("\n{list}");
    }
}

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests")
        .join(name)
}

fn folders(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.sort();
    paths
}

fn lay_out(case: &Path, root: &Path) -> io::Result<()> {
    copy(&data("base"), root)?;
    copy(case, root)?;
    fs::remove_file(root.join("expected.txt")).or_else(|error| match error.kind() {
        io::ErrorKind::NotFound => Ok(()),
        _ => Err(error),
    })?;
    let Ok(script) = fs::read_to_string(case.join("case.txt")) else {
        return Ok(());
    };
    fs::remove_file(root.join("case.txt"))?;
    for line in script.lines() {
        match line.split(' ').collect::<Vec<_>>().as_slice() {
            ["delete", path] if root.join(path).is_dir() => fs::remove_dir_all(root.join(path))?,
            ["delete", path] => fs::remove_file(root.join(path))?,
            ["grow", path, bytes] => {
                let bytes = bytes.parse().expect("a number of bytes");
                fs::write(root.join(path), vec![b'\n'; bytes])?;
            }
            _ => panic!("case.txt of {} says {line}", case.display()),
        }
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for path in folders(from) {
        let target = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy(&path, &target)?;
        } else {
            fs::copy(&path, &target)?;
        }
    }
    Ok(())
}
