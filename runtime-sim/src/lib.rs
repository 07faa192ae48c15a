//! The jar: a whole world in one WebAssembly module that imports nothing.
//!
//! The page, the command line and the tests speak to it through three exports (see [`edge`]); natively the same
//! conversation is [`Jar::carry_out`]. It wires a scenario's processes into a kernel's world, and that is all it does:
//! what happens in the world is in `kernel` and `node`.
//!
//! What it is not: it has no clock, no chance and no way out of its own. Whatever comes in as bytes that are no command
//! is refused in words.

pub mod edge;
mod jar;
#[cfg(feature = "whole")]
mod outside;

pub use jar::Jar;
