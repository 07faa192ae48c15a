//! Files as text: read whole, checked for size, byte order mark and encoding before anything looks at them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::mistake::Mistakes;

/// A page loads every one of these with its lesson.
pub(crate) const FILE_BYTES_MAX: u64 = 64 << 10;

pub(crate) struct Source {
    pub path: PathBuf,
    pub text: String,
}

impl Source {
    /// `None` after a mistake. `holds` says what is missing when the file is.
    pub fn read(path: &Path, holds: &str, mistakes: &Mistakes) -> Option<Self> {
        match fs::metadata(path) {
            Ok(about) if about.is_dir() => {
                mistakes.add(path, 1, "This is a folder, but should be a file.");
                return None;
            }
            Ok(about) if about.len() > FILE_BYTES_MAX => {
                let sentence = format!(
                    "This file has {} bytes; {FILE_BYTES_MAX} is the most.",
                    about.len()
                );
                mistakes.add(path, 1, sentence);
                return None;
            }
            Ok(_) => {}
            Err(_) => {
                mistakes.add(path, 1, format!("This file is missing. It holds {holds}."));
                return None;
            }
        }
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) => {
                mistakes.add(path, 1, format!("This file cannot be read: {error}."));
                return None;
            }
        };
        if bytes.starts_with(b"\xef\xbb\xbf") {
            let sentence = "This file starts with a byte order mark. Save it as plain UTF-8.";
            mistakes.add(path, 1, sentence);
            return None;
        }
        match String::from_utf8(bytes) {
            Ok(text) => Some(Self {
                path: path.to_path_buf(),
                text,
            }),
            Err(error) => {
                let good = error.utf8_error().valid_up_to();
                let line = line_of(error.as_bytes(), good);
                mistakes.add(path, line, "This file is not UTF-8 from here on.");
                None
            }
        }
    }

    /// The line, from 1, that a byte of the text is on.
    pub fn line_at(&self, offset: usize) -> u32 {
        line_of(self.text.as_bytes(), offset)
    }
}

fn line_of(bytes: &[u8], offset: usize) -> u32 {
    let before = &bytes[..offset.min(bytes.len())];
    1 + before.iter().filter(|&&byte| byte == b'\n').count() as u32
}
