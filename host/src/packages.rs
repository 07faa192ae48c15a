//! The npm packages that are carried (`protocol::packages`), from the folder that `cargo xtask assets` fills.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use protocol::{
    Scenario, codec,
    packages::{Archive, Catalog, root_of},
};

use crate::Error;

/// `TERRARIUM_PACKAGES`, or `packages` beside the program, or in the assets of the target folder that the program is in.
fn folder() -> Option<PathBuf> {
    if let Some(folder) = env::var_os("TERRARIUM_PACKAGES") {
        return Some(folder.into());
    }
    let program = env::current_exe().ok()?;
    let folders: Vec<&Path> = program.ancestors().skip(1).take(3).collect();
    let beside = folders.first().map(|folder| folder.join("packages"));
    let built = folders.iter().map(|folder| folder.join("assets/packages"));
    beside
        .into_iter()
        .chain(built)
        .find(|folder| folder.join("catalog.bin").is_file())
}

/// Empty where there is none: then programs have what they bring.
pub fn catalog() -> Result<Catalog, Error> {
    match folder() {
        Some(folder) => read(&folder, "catalog", codec::decode),
        None => Ok(Catalog::default()),
    }
}

/// Adds what the processes' files name.
pub fn add_wanted(scenario: &mut Scenario) -> Result<(), Error> {
    let Some(folder) = folder() else {
        return Ok(());
    };
    let catalog: Catalog = read(&folder, "catalog", codec::decode)?;
    for process in &mut scenario.processes {
        let root = root_of(process);
        for carried in catalog.wanted_by(process) {
            let archive: Archive = read(&folder, &carried.name, codec::decode)?;
            archive.unpack(&root, &mut process.files);
        }
    }
    Ok(())
}

fn read<T>(
    folder: &Path,
    name: &str,
    decode: impl Fn(&[u8]) -> Result<T, String>,
) -> Result<T, Error> {
    let path = folder.join(format!("{name}.bin"));
    fs::read(&path)
        .map_err(|error| error.to_string())
        .and_then(|bytes| decode(&bytes))
        .map_err(|error| Error::Unloadable(format!("{} cannot be read: {error}.", path.display())))
}
