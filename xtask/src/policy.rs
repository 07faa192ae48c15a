//! What is left to do when Trunk has made the page: its module is split, and with its script made smaller
//! (packages/page.js), and then its content security policy written. index.html has `{{INLINE_SCRIPTS}}` where the hashes of its inline scripts
//! belong; Trunk writes some of those itself, so they are only known once it is done, and its last hook calls this.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::Result;
use crate::build::TARGET;
use crate::process::{Environment, step};
use crate::workspace::{Workspace, read, write};

const PLACEHOLDER: &str = "{{INLINE_SCRIPTS}}";

/// Of the page that Trunk has just made.
pub fn seal(workspace: &Workspace) -> Result {
    let folder = std::env::var_os("TRUNK_STAGING_DIR")
        .ok_or("Only Trunk calls this: it says with TRUNK_STAGING_DIR where the page is.")?;
    step(
        workspace,
        "Making the page smaller",
        Environment::default()
            .command("node")
            .arg(workspace.file("packages/page.js"))
            .arg(workspace.target().join(TARGET).join("page/page.wasm"))
            .arg(&folder),
    )?;
    let page = Path::new(&folder).join("index.html");
    let html = read(&page)?;
    let hashes = sha256(&inline_scripts(&html))?;
    write(&page, html.replace(PLACEHOLDER, &hashes))
}

/// The exact text of each script without `src`, as the browser hashes it.
fn inline_scripts(html: &str) -> Vec<&str> {
    let mut scripts = Vec::new();
    let mut rest = html;
    while let Some(start) = rest.find("<script") {
        rest = &rest[start + "<script".len()..];
        let Some((attributes, after)) = rest.split_once('>') else {
            break;
        };
        let Some((text, after)) = after.split_once("</script>") else {
            break;
        };
        if !attributes.contains(" src=") {
            scripts.push(text);
        }
        rest = after;
    }
    scripts
}

/// `'sha256-…'` for each text, with a space between.
fn sha256(texts: &[&str]) -> Result<String> {
    const PROGRAM: &str = "const { createHash } = require('crypto');
        const texts = require('fs').readFileSync(0, 'utf8').split('\\0').slice(0, -1);
        process.stdout.write(texts.map((text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`).join(' '));";
    let failed = |error: std::io::Error| format!("node cannot hash the page's scripts: {error}.");
    let mut node = Command::new("node")
        .args(["-e", PROGRAM])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    if let Some(mut stdin) = node.stdin.take() {
        for text in texts {
            stdin.write_all(text.as_bytes()).map_err(failed)?;
            stdin.write_all(b"\0").map_err(failed)?;
        }
    }
    let output = node.wait_with_output().map_err(failed)?;
    String::from_utf8(output.stdout)
        .ok()
        .filter(|_| output.status.success())
        .ok_or_else(|| "node could not hash the page's scripts.".to_owned())
}

#[cfg(test)]
mod tests {
    use super::inline_scripts;

    #[test]
    fn only_inline_scripts_count() {
        let html = "<script>a</script><p><script type=\"module\">\nb\n</script><script src=\"c.js\"></script>";
        assert_eq!(inline_scripts(html), ["a", "\nb\n"]);
    }
}
