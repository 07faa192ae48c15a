//! `cargo xtask bench`: sizes and speeds, measured now and printed; nothing is written into the tree.

use crate::Result;
use crate::build;
use crate::setup;
use crate::sizes;
use crate::workspace::Workspace;

pub fn run(workspace: &Workspace) -> Result {
    let environment = setup::for_tests(workspace)?;
    build::dist(workspace, &environment)?;
    sizes::print(workspace)
}
