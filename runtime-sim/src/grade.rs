//! A lesson's checks, run against a finished world.

use node::Process;
use protocol::Report;

pub fn grade(process: &Process, source: &str) -> Report {
    node::grade(process, source)
}
