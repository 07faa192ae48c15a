//! TypeScript files as the JavaScript that runs. A module of its own makes it (`typescript/`): it takes a
//! [`crate::Command`] and gives the same one back, with [`crate::ProcessSpec::transpiled`] filled in.

use serde::{Deserialize, Serialize};

use crate::Command;

/// What one file came to. A program reads its own text as it was written; only the module loader takes this.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transpiled {
    /// Of the file, as in `ProcessSpec::files`.
    pub path: String,
    pub outcome: Result<Script, Untranslatable>,
}

/// JavaScript whose every token stands where it stood in the TypeScript, wherever that is possible.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Script {
    pub text: String,
    /// It has `import`, `export`, `import.meta` or `await` at its top level.
    pub has_module_syntax: bool,
}

/// What Node's loader throws for the file, when the program comes to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Untranslatable {
    /// `ERR_INVALID_TYPESCRIPT_SYNTAX` or `ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX`.
    pub code: String,
    pub message: String,
    pub line: u32,
    /// The source around it, with carets under what is wrong.
    pub snippet: String,
}

/// Whether Node's loader strips types from the file. It refuses to below `node_modules`.
pub fn is_typescript(path: &str) -> bool {
    [".ts", ".mts", ".cts"]
        .iter()
        .any(|ending| path.ends_with(ending))
        && !path.contains("/node_modules/")
}

/// Whether the command goes through the module before the jar takes it.
pub fn needed(command: &Command) -> bool {
    match command {
        Command::Start(scenario) => scenario
            .processes
            .iter()
            .flat_map(|process| &process.files)
            .any(|file| is_typescript(&file.path)),
        _ => false,
    }
}
