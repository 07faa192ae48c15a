//! `proxy_cache`: answers kept by a key (`ngx_http_file_cache.c`), as long as they say or the configuration does. What an
//! answer says of itself goes first: `X-Accel-Expires`, then `Cache-Control`, then `Expires`. One that sets a cookie or
//! varies by anything is not kept.

use std::collections::BTreeMap;

use nginx::CacheZone;

use crate::{date, message::Head};

use super::Slots;

const SECOND_NS: u64 = 1_000_000_000;

#[derive(Debug)]
pub(super) struct Cache {
    zones: Vec<Zone>,
}

#[derive(Debug)]
struct Zone {
    inactive_ns: u64,
    /// With when each was last asked for.
    entries: BTreeMap<String, (Entry, u64)>,
}

#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub status: u16,
    pub reason: String,
    pub kind: Option<String>,
    pub length: Option<u64>,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    valid_until_ns: u64,
}

impl Cache {
    pub fn new(zones: &[CacheZone]) -> Self {
        let zones = zones.iter().map(|zone| Zone {
            inactive_ns: zone.inactive_ns,
            entries: BTreeMap::new(),
        });
        Self {
            zones: zones.collect(),
        }
    }

    pub fn find(&mut self, zone: usize, key: &str, now_ns: u64) -> Option<Entry> {
        let zone = &mut self.zones[zone];
        let (entry, used_ns) = zone.entries.get_mut(key)?;
        let is_stale = entry.valid_until_ns <= now_ns || now_ns - *used_ns > zone.inactive_ns;
        if is_stale {
            zone.entries.remove(key);
            return None;
        }
        *used_ns = now_ns;
        Some(entry.clone())
    }

    pub fn keep(&mut self, zone: usize, key: String, entry: Entry, now_ns: u64) {
        self.zones[zone].entries.insert(key, (entry, now_ns));
    }
}

impl Entry {
    /// `None` when the answer is not to be kept.
    pub fn begin(
        head: &Head,
        valid: &[(u16, u64)],
        slots: &Slots,
        (now_ns, wall_ms): (u64, i64),
    ) -> Option<Self> {
        let lasts_ns = match said(head, wall_ms) {
            Said::Nothing => {
                let mut fits = valid
                    .iter()
                    .filter(|(status, _)| *status == head.status || *status == 0);
                fits.next()?.1
            }
            Said::Lasts(ns) => ns,
        };
        if lasts_ns == 0 || head.header("set-cookie").is_some() || head.header("vary").is_some() {
            return None;
        }
        Some(Self {
            status: head.status,
            reason: head.reason.clone(),
            kind: slots.kind.clone(),
            length: slots.length,
            headers: slots.others.clone(),
            body: Vec::new(),
            valid_until_ns: now_ns.saturating_add(lasts_ns),
        })
    }
}

enum Said {
    Nothing,
    Lasts(u64),
}

fn said(head: &Head, wall_ms: i64) -> Said {
    let text = |name: &str| {
        let value = head.header(name)?;
        Some(String::from_utf8_lossy(value).to_ascii_lowercase())
    };
    if let Some(seconds) = text("x-accel-expires").and_then(|value| value.parse::<u64>().ok()) {
        return Said::Lasts(seconds.saturating_mul(SECOND_NS));
    }
    if let Some(control) = text("cache-control") {
        let mut words = control.split(',').map(str::trim);
        if words.any(|word| matches!(word, "no-cache" | "no-store" | "private")) {
            return Said::Lasts(0);
        }
        for name in ["s-maxage=", "max-age="] {
            let mut words = control.split(',').map(str::trim);
            let seconds = words.find_map(|word| word.strip_prefix(name)?.parse::<u64>().ok());
            if let Some(seconds) = seconds {
                return Said::Lasts(seconds.saturating_mul(SECOND_NS));
            }
        }
    }
    if let Some(expires) = text("expires") {
        let left_ms = date::parse_ms(&expires).map_or(0, |ms| (ms - wall_ms).max(0));
        return Said::Lasts((left_ms as u64).saturating_mul(1_000_000));
    }
    Said::Nothing
}
