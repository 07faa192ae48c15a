//! nginx's configuration file, as far as a simulated nginx obeys it. By <https://nginx.org/en/docs/dirindex.html>.
//!
//! Any directive that is not known is a mistake that names it and its line, and so is one that is nginx's but not
//! simulated: `if`, `set`, `map`, `include`, `root`, `ssl_*` and whatever else is not in the table of [`read`]'s module.
//!
//! The file is read here and nowhere else: by the world in which an nginx lives, and when a lesson is built, so that
//! nobody has to run it to hear of a mistake.

mod config;
mod gzip;
mod pattern;
mod read;
mod syntax;
mod text;

pub use config::*;
pub use gzip::Gzip;
pub use pattern::{Captures, Pattern};
pub use read::read;
pub use text::{Text, Values};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// From 1.
    pub line: u32,
    /// In nginx's words where it has some.
    pub sentence: String,
}
