//! Chromium and the driver that belongs to it. Only tests need them.

use std::path::{Path, PathBuf};

use super::debian;
use crate::Result;
use crate::workspace::Workspace;

pub struct Browser {
    pub chromium: PathBuf,
    pub driver: PathBuf,
}

const CHROMIUM: &[&str] = &[
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
];
const DRIVER: &[&str] = &["chromedriver", "/usr/lib/chromium-browser/chromedriver"];
/// Without a font Chromium draws no text.
const PACKAGES: &[&str] = &["chromium", "chromium-driver", "fonts-dejavu-core"];

pub fn ensure(workspace: &Workspace) -> Result<Browser> {
    if let Some(browser) = find() {
        return Ok(browser);
    }
    if debian::offers(workspace, PACKAGES) {
        debian::install(workspace, PACKAGES)?;
        if let Some(browser) = find() {
            return Ok(browser);
        }
    }
    Err(
        "Chromium and chromedriver of the same version are missing; tests need them. \
         Install them: apt install chromium chromium-driver on Debian, \
         brew install --cask google-chrome chromedriver on a Mac; \
         or name them with CHROMIUM and CHROMEDRIVER."
            .to_owned(),
    )
}

fn find() -> Option<Browser> {
    Some(Browser {
        chromium: program("CHROMIUM", CHROMIUM)?,
        driver: program("CHROMEDRIVER", DRIVER)?,
    })
}

fn program(variable: &str, names: &[&str]) -> Option<PathBuf> {
    let named = std::env::var_os(variable).map(PathBuf::from);
    named
        .into_iter()
        .chain(names.iter().filter_map(|name| which(name)))
        .find(|path| path.is_file())
}

fn which(name: &str) -> Option<PathBuf> {
    if Path::new(name).is_absolute() {
        return Some(name.into());
    }
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())
}
