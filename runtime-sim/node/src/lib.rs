//! One simulated Node 20 process: QuickJS, the event loop, modules, and Node's own JavaScript.

mod builtins;
mod costs;
mod engine;
mod facts;
mod files;
mod grade;
mod hooks;
mod host;
mod modules;
mod names;
mod natives;
mod process;
mod stacks;
mod uv;

pub use grade::grade;
pub use process::Process;
