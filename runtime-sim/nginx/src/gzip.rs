//! `gzip` and what belongs to it (`ngx_http_gzip_filter_module.c`, `ngx_http_core_module.c`).

use crate::read::{bytes, flag};

/// What a block says of compression, with nginx's own defaults.
#[derive(Clone, Debug)]
pub struct Gzip {
    pub is_on: bool,
    /// Beside `text/html`, in lower case; `*` for any.
    pub types: Vec<String>,
    /// From 1, which is quick, to 9.
    pub level: i32,
    pub bytes_min: u64,
    /// Of HTTP/1: the lowest that is given compressed answers.
    pub minor_min: u8,
    /// Which answers go compressed through another proxy.
    pub proxied: Vec<String>,
    pub says_vary: bool,
    /// Internet Explorers that said they could, and could not.
    pub avoids_msie6: bool,
    /// What is compressed goes out when this much of it is there.
    pub buffer_bytes: u64,
}

impl Default for Gzip {
    fn default() -> Self {
        Self {
            is_on: false,
            types: Vec::new(),
            level: 1,
            bytes_min: 20,
            minor_min: 1,
            proxied: vec!["off".into()],
            says_vary: false,
            avoids_msie6: false,
            buffer_bytes: 4 << 10,
        }
    }
}

/// What `gzip_proxied` may say.
const PROXIED: [&str; 9] = [
    "off",
    "expired",
    "no-cache",
    "no-store",
    "private",
    "no_last_modified",
    "no_etag",
    "auth",
    "any",
];

impl Gzip {
    /// `None` where a directive's value is none.
    pub(crate) fn set(&mut self, name: &str, arguments: &[String]) -> Option<()> {
        let [first, rest @ ..] = arguments else {
            return None;
        };
        match name {
            "gzip" => self.is_on = flag(first)?,
            "gzip_vary" => self.says_vary = flag(first)?,
            "gzip_types" => {
                let types = arguments.iter().map(|one| one.to_ascii_lowercase());
                self.types = types.collect();
            }
            "gzip_comp_level" => {
                let level = first.parse().ok()?;
                self.level = Some(level).filter(|level| (1..=9).contains(level))?;
            }
            "gzip_min_length" => self.bytes_min = bytes(first)?,
            "gzip_http_version" => {
                self.minor_min = match first.as_str() {
                    "1.0" => 0,
                    "1.1" => 1,
                    _ => return None,
                }
            }
            "gzip_proxied" => {
                let are_known = arguments.iter().all(|word| PROXIED.contains(&&**word));
                self.proxied = Some(arguments.to_vec()).filter(|_| are_known)?;
            }
            "gzip_buffers" => {
                first.parse().ok().filter(|count: &u64| *count > 0)?;
                self.buffer_bytes = bytes(rest.first()?).filter(|bytes| *bytes > 0)?;
            }
            _ => {}
        }
        Some(())
    }
}
