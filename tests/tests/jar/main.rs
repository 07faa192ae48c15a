//! The suites that run the jar in wasmtime, in one program: `cargo xtask test jar`, or one of them alone with
//! `cargo test --workspace --test jar -- serve::`.

mod bad_input;
mod choices;
mod command_line;
mod determinism;
mod lessons;
mod middleware;
mod packages;
mod recording;
mod sealed;
#[cfg(unix)]
mod serve;
mod shown;
mod truth;
mod worlds;
