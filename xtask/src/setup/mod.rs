//! Set-up. Nothing here asks what kind of machine this is before it has tried: each part first looks whether what it
//! wants already works, then installs it if it may, and otherwise ends with a sentence that says what to install.
//!
//! | what | where it comes from |
//! |---|---|
//! | Rust's standard library for wasm32 | the toolchain; `rustup target add`; Debian's compiler and library source |
//! | clang that can write wasm | the machine; Debian's packages |
//! | trunk, wasm-bindgen, wasm-split-cli | crates.io, into the cache |
//! | curl, for tests | the machine; Debian's packages |
//! | editor, fonts, test packages | npm, by lockfile |
//! | Chromium and its driver | the machine; Debian's packages |
//! | Firefox, WebKit and its driver | the machine; Debian's packages; else their suites are left out |
//! | geckodriver | the machine; crates.io, into the cache |

mod browser;
mod clang;
mod curl;
mod debian;
mod npm;
mod target;
mod tools;

use crate::Result;
use crate::process::Environment;
use crate::workspace::Workspace;

pub use browser::{Browser, firefox, webkit};
pub use npm::install as npm_install;

/// What the jar, the lessons and the editor need.
pub fn for_assets(workspace: &Workspace) -> Result<Environment> {
    npm::require()?;
    let mut environment = target::ensure(workspace)?;
    environment.extend(clang::ensure(workspace)?);
    Ok(environment)
}

/// The same, and Trunk.
pub fn for_page(workspace: &Workspace) -> Result<Environment> {
    with_tools(workspace)
}

/// The same, and what tests are run with.
pub fn for_tests(workspace: &Workspace) -> Result<Environment> {
    curl::ensure(workspace)?;
    with_tools(workspace)
}

pub fn browser(workspace: &Workspace) -> Result<Browser> {
    browser::ensure(workspace)
}

pub fn everything(workspace: &Workspace) -> Result {
    for_tests(workspace)?;
    npm::install(workspace, "packages")?;
    npm::install(workspace, "tests/browser")?;
    let browser = browser(workspace)?;
    let firefox = firefox(workspace)?.map_or("not here", |_| "here");
    let webkit = webkit(workspace)?.map_or("not here", |_| "here");
    println!(
        "Everything is there. The browser is {}; Firefox is {firefox}, WebKit is {webkit}.",
        browser.chromium.display()
    );
    Ok(())
}

/// The tools take minutes to build the first time, and need nothing but Cargo; the rest of set-up goes on beside them.
fn with_tools(workspace: &Workspace) -> Result<Environment> {
    std::thread::scope(|scope| {
        let tools = scope.spawn(|| tools::ensure(workspace, tools::PAGE));
        let rest = for_assets(workspace);
        let tools = tools
            .join()
            .map_err(|_| "Installing the tools ended in a panic.".to_owned())?;
        let mut environment = rest?;
        environment.extend(tools?);
        Ok(environment)
    })
}
