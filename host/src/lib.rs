//! The jar outside of a browser: the same WebAssembly module that the page runs, in wasmtime.
//!
//! ```no_run
//! # fn scenario() -> protocol::Scenario { unimplemented!() }
//! let mut jar = terrarium::Jar::load()?;
//! let finished = jar.run(&scenario(), |events| println!("{} more events", events.len()))?;
//! println!("exit code {}, trace {:016x}", finished.exit_code, finished.trace_hash);
//! # Ok::<(), terrarium::Error>(())
//! ```
//!
//! [`Jar`] loads the module and talks to it; [`project`] makes a program on disk into the files of a process;
//! [`lessons`] grades; [`chrome`] writes a trace that Perfetto opens; [`command_line`] is the program. Nothing here
//! simulates anything: what happens is decided in the module.

mod cache;
pub mod chrome;
pub mod command_line;
mod compiled;
mod image;
mod jar;
pub mod lessons;
pub mod packages;
pub mod project;

pub use jar::{Error, Finished, Jar, Meeting, Outlook, library, typescript_path, wasm_path};
