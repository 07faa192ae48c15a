//! Where the page touches the browser: assets, storage, the worker, the editor. Everything that can fail here fails
//! with a sentence.

pub mod assets;
pub mod browser;
pub mod crew;
pub mod document;
pub mod editor;
pub mod jar;
pub mod saving;
pub mod storage;
