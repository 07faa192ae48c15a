//! Browsers and the drivers that belong to them. Only tests need them: Chromium must be there, Firefox and WebKit where
//! Debian has them.

use std::path::{Path, PathBuf};

use super::{debian, tools};
use crate::Result;
use crate::process::Environment;
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

/// Where Mozilla's own Firefox lies when Debian's is not there.
const FIREFOX: &[&str] = &[
    "firefox-esr",
    "firefox",
    "/Applications/Firefox.app/Contents/MacOS/firefox",
];
const FIREFOX_PACKAGES: &[&str] = &["firefox-esr", "fonts-dejavu-core"];
const WEBKIT_DRIVER: &[&str] = &["WebKitWebDriver"];
const XVFB: &[&str] = &["Xvfb"];
/// WebKit draws on a screen; this one is in memory.
const WEBKIT_PACKAGES: &[&str] = &["webkit2gtk-driver", "xvfb", "fonts-dejavu-core"];

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

/// What the suite must be told to drive Firefox. geckodriver is no package of Debian's, but a crate of Mozilla's.
pub fn firefox(workspace: &Workspace) -> Result<Option<Environment>> {
    let Some(firefox) = one(workspace, "FIREFOX", FIREFOX, FIREFOX_PACKAGES)? else {
        return Ok(None);
    };
    let mut environment = Environment::default();
    environment.set("FIREFOX", firefox);
    match program("GECKODRIVER", &["geckodriver"]) {
        Some(driver) => environment.set("GECKODRIVER", driver),
        None => environment.extend(tools::ensure(workspace, tools::FIREFOX)?),
    }
    Ok(Some(environment))
}

/// What the suite must be told to drive WebKit.
pub fn webkit(workspace: &Workspace) -> Result<Option<Environment>> {
    let driver = one(workspace, "WEBKIT_DRIVER", WEBKIT_DRIVER, WEBKIT_PACKAGES)?;
    let screen = one(workspace, "XVFB", XVFB, WEBKIT_PACKAGES)?;
    Ok(driver.zip(screen).map(|(driver, screen)| {
        let mut environment = Environment::default();
        environment.set("WEBKIT_DRIVER", driver);
        environment.set("XVFB", screen);
        environment
    }))
}

/// A program of the machine's, or of Debian's packages.
fn one(
    workspace: &Workspace,
    variable: &str,
    names: &[&str],
    packages: &[&str],
) -> Result<Option<PathBuf>> {
    let found = program(variable, names);
    if found.is_none() && debian::offers(workspace, packages) {
        debian::install(workspace, packages)?;
        return Ok(program(variable, names));
    }
    Ok(found)
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
