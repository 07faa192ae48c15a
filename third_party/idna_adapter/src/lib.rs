//! See ../README.md.
#![no_std]
// Upstream asks for the numbers of ICU4C.
#![allow(deprecated)]

#[cfg(not(feature = "unicode"))]
mod ascii;
#[cfg(feature = "unicode")]
mod unicode;

#[cfg(not(feature = "unicode"))]
pub use ascii::*;
#[cfg(feature = "unicode")]
pub use unicode::*;
