//! A Node process: Node's own library on bindings in Rust.

pub mod bindings;
pub mod engine;
