//! TypeScript to JavaScript, the way Node does it: a second sealed module, loaded only where a scenario has TypeScript.
//!
//! A command goes in and comes out again, with [`protocol::ProcessSpec::transpiled`] filled in. The work is done by
//! `swc_ts_fast_strip`, which Node itself uses: types become blanks, so that every line and column stays. What has a
//! meaning at run time (enums, namespaces, parameter properties, `import =`) cannot be blanked; such a file is
//! transformed as `--experimental-transform-types` of Node 22 does, and what comes out is put back to where it stood
//! ([`layout`]).
//!
//! What it is not: a type checker. `tsconfig.json` is not read, as in Node; JSX is not known.

#[cfg(target_family = "wasm")]
mod edge;
mod layout;
mod transpile;

use protocol::{Command, Transpiled, typescript};

pub use transpile::transpile;

/// Fills in what became of the TypeScript files of a scenario; other commands stay as they are.
pub fn carry_out(mut command: Command) -> Command {
    if let Command::Start(scenario) = &mut command {
        for process in &mut scenario.processes {
            process.transpiled = process
                .files
                .iter()
                .filter(|file| typescript::is_typescript(&file.path))
                // What is not UTF-8 is an error of its own, when the program comes to it.
                .filter_map(|file| Some((&file.path, std::str::from_utf8(&file.bytes).ok()?)))
                .map(|(path, source)| Transpiled {
                    path: path.clone(),
                    outcome: transpile(path, source),
                })
                .collect();
        }
    }
    command
}
