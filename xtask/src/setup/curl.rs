//! curl, which is one of the real clients in the tests of `terrarium serve`.

use std::process::Command;
use std::time::Duration;

use super::debian;
use crate::Result;
use crate::process::succeeds;
use crate::workspace::Workspace;

pub fn ensure(workspace: &Workspace) -> Result {
    if is_here() {
        return Ok(());
    }
    if debian::offers(workspace, &["curl"]) {
        debian::install(workspace, &["curl"])?;
        if is_here() {
            return Ok(());
        }
    }
    Err("curl is missing, with which the tests call servers. Install it.".to_owned())
}

fn is_here() -> bool {
    succeeds(
        Command::new("curl").arg("--version"),
        Duration::from_secs(5),
    )
}
