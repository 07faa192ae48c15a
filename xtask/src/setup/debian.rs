//! Debian's packages, where there is apt-get and the right to use it.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use crate::Result;
use crate::process::{output, step, succeeds};
use crate::workspace::Workspace;

/// Older lists of packages than this may name files that are gone.
const LISTS_AGE_MAX: Duration = Duration::from_secs(24 * 3600);

/// One apt-get at a time.
static APT: Mutex<()> = Mutex::new(());

/// How this person may install packages, if at all.
pub fn installer() -> Option<&'static [&'static str]> {
    if !succeeds(
        Command::new("apt-get").arg("--version"),
        Duration::from_secs(5),
    ) {
        return None;
    }
    if output(Command::new("id").arg("-u")).as_deref() == Some("0") {
        return Some(&["apt-get"]);
    }
    let sudo = succeeds(
        Command::new("sudo").args(["-n", "true"]),
        Duration::from_secs(5),
    );
    sudo.then_some(&["sudo", "-n", "DEBIAN_FRONTEND=noninteractive", "apt-get"])
}

/// Whether the lists know all of these packages; they are fetched first when they are old or know nothing of them.
pub fn offers(workspace: &Workspace, packages: &[&str]) -> bool {
    let _one = APT.lock();
    let Some(installer) = installer() else {
        return false;
    };
    if known(packages) && !lists_are_old() {
        return true;
    }
    let mut update = apt(installer);
    // A foreign source that cannot be reached makes this fail and does no harm; what matters is asked below.
    let _ = step(
        workspace,
        "Fetching Debian's lists of packages",
        update.arg("update"),
    );
    known(packages)
}

pub fn install(workspace: &Workspace, packages: &[&str]) -> Result {
    let _one = APT.lock();
    let installer = installer().ok_or("There is no apt-get that may be used.")?;
    let mut command = apt(installer);
    command
        .args(["install", "--yes", "--no-install-recommends"])
        .args(["-o", "DPkg::Lock::Timeout=600", "-o", "Dpkg::Use-Pty=0"])
        .args(packages);
    step(
        workspace,
        &format!("Installing {} from Debian", packages.join(", ")),
        &mut command,
    )
}

/// A command with root's rights, for what Debian's packages lack.
pub fn as_root(program: &str) -> Command {
    match installer() {
        Some([sudo, flag, ..]) if *sudo == "sudo" => {
            let mut command = Command::new(sudo);
            command.args([flag, program]);
            command
        }
        _ => Command::new(program),
    }
}

fn apt(installer: &[&str]) -> Command {
    let mut command = Command::new(installer[0]);
    command
        .args(&installer[1..])
        .env("DEBIAN_FRONTEND", "noninteractive");
    command
}

fn known(packages: &[&str]) -> bool {
    let policy = output(Command::new("apt-cache").arg("policy").args(packages));
    policy.is_some_and(|text| candidates(&text) == packages.len())
}

/// How many of the packages in the output of `apt-cache policy` can be installed.
fn candidates(policy: &str) -> usize {
    policy
        .lines()
        .filter_map(|line| line.trim().strip_prefix("Candidate:"))
        .filter(|version| version.trim() != "(none)")
        .count()
}

fn lists_are_old() -> bool {
    let newest = fs::read_dir(Path::new("/var/lib/apt/lists"))
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().contains("Packages"))
        .filter_map(|entry| entry.metadata().ok()?.modified().ok())
        .max();
    let age = newest.and_then(|time| SystemTime::now().duration_since(time).ok());
    // Lists keep the time at which the archive made them, and a quiet archive makes none for days; the folder's own
    // time is when they were fetched.
    let fetched = fs::metadata("/var/lib/apt/lists")
        .and_then(|folder| folder.modified())
        .ok()
        .and_then(|time| SystemTime::now().duration_since(time).ok());
    age.is_none() || fetched.is_none_or(|age| age > LISTS_AGE_MAX)
}

#[cfg(test)]
mod tests {
    use super::candidates;

    #[test]
    fn a_package_without_candidate_does_not_count() {
        let policy = "clang-19:\n  Installed: (none)\n  Candidate: 1:19.1.7-3~deb12u1\nlld-99:\n  Installed: (none)\n  Candidate: (none)\n";
        assert_eq!(candidates(policy), 1);
    }
}
