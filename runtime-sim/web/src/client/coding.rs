//! Content codings: what an answer's body is packed with, and undoing that. Whoever asks for packed answers does; what
//! `curl` says of broken ones is its own, recorded of 7.88.1.

use zlib_rs::{Inflate, InflateError, InflateFlush, Status};

/// A small answer may be made of gigabytes.
const UNPACKED_BYTES_MAX: usize = 64 << 20;
const CHUNK_BYTES: usize = 64 << 10;
const GZIP_WINDOW_BITS: u8 = 15 + 16;
const WINDOW_BITS: u8 = 15;

/// What is asked for.
pub(super) const CURL: &str = "deflate, gzip";
pub(super) const BROWSER: &str = "gzip, deflate";

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    /// Nobody here knows it.
    Unknown,
    /// In zlib's words.
    Data(&'static str),
    /// Something stands behind the end of what was packed.
    Trails,
    TooLong,
}

/// The bytes as far as they could be had. `codings` are named in the order in which they were put on.
pub(super) fn unpack(codings: &str, packed: Vec<u8>) -> (Vec<u8>, Option<Wrong>) {
    let mut bytes = packed;
    for coding in codings.split(',').rev() {
        let unpacked = match coding.trim().to_ascii_lowercase().as_str() {
            "" | "identity" | "none" => continue,
            "gzip" | "x-gzip" => inflate(Inflate::new(true, GZIP_WINDOW_BITS), &bytes),
            "deflate" => {
                // Some servers leave out zlib's head.
                match inflate(Inflate::new(true, WINDOW_BITS), &bytes) {
                    (none, Some(Wrong::Data(_))) if none.is_empty() => {
                        inflate(Inflate::new(false, WINDOW_BITS), &bytes)
                    }
                    unpacked => unpacked,
                }
            }
            _ => return (bytes, Some(Wrong::Unknown)),
        };
        match unpacked {
            (unpacked, None) => bytes = unpacked,
            broken => return broken,
        }
    }
    (bytes, None)
}

/// What is cut short is as long as it is.
fn inflate(mut inflate: Inflate, packed: &[u8]) -> (Vec<u8>, Option<Wrong>) {
    let mut bytes = Vec::new();
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut rest = packed;
    while !rest.is_empty() {
        let (read, written) = (inflate.total_in(), inflate.total_out());
        let status = inflate.decompress(rest, &mut chunk, InflateFlush::NoFlush);
        rest = &rest[(inflate.total_in() - read) as usize..];
        let written = (inflate.total_out() - written) as usize;
        bytes.extend_from_slice(&chunk[..written]);
        match status {
            Ok(Status::StreamEnd) => return (bytes, (!rest.is_empty()).then_some(Wrong::Trails)),
            Ok(_) if bytes.len() > UNPACKED_BYTES_MAX => return (bytes, Some(Wrong::TooLong)),
            Ok(_) => {}
            Err(error) => return (bytes, Some(Wrong::Data(said(&inflate, error)))),
        }
    }
    (bytes, None)
}

fn said(inflate: &Inflate, error: InflateError) -> &'static str {
    match error {
        InflateError::NeedDict { .. } => "a dictionary is needed",
        error => inflate.error_message().unwrap_or(error.as_str()),
    }
}
