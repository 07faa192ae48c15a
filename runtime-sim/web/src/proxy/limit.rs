//! `limit_req`: a leaky bucket for each key (`ngx_http_limit_req_module.c`), counted in thousandths of a request.

use std::collections::BTreeMap;

use nginx::{Limit, LimitZone};

const REQUEST: u64 = 1_000;

#[derive(Debug)]
pub(super) struct Limits {
    rates: Vec<u64>,
    zones: Vec<BTreeMap<String, Bucket>>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Bucket {
    excess: u64,
    last_ms: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Passes,
    Waits(u64),
    Refused,
}

impl Limits {
    pub fn new(zones: &[LimitZone]) -> Self {
        Self {
            rates: zones.iter().map(|zone| zone.rate).collect(),
            zones: vec![BTreeMap::new(); zones.len()],
        }
    }

    /// All limits of a location together: it counts only when none refuses.
    pub fn judge(&mut self, now_ns: u64, limits: &[Limit], keys: &[String]) -> Verdict {
        let now_ms = now_ns / 1_000_000;
        let mut waits_ms = 0;
        let mut counted = Vec::new();
        for (limit, key) in limits.iter().zip(keys) {
            // An empty key is not counted.
            if key.is_empty() {
                continue;
            }
            let rate = self.rates[limit.zone];
            let excess = match self.zones[limit.zone].get(key) {
                None => 0,
                Some(bucket) => {
                    let leaked = rate * (now_ms - bucket.last_ms) / 1_000;
                    (bucket.excess + REQUEST).saturating_sub(leaked)
                }
            };
            if excess > limit.burst * REQUEST {
                return Verdict::Refused;
            }
            counted.push((limit.zone, key, excess));
            if !limit.is_immediate {
                waits_ms = waits_ms.max(excess * 1_000 / rate);
            }
        }
        for (zone, key, excess) in counted {
            let bucket = self.zones[zone].entry(key.clone()).or_default();
            *bucket = Bucket {
                excess,
                last_ms: now_ms,
            };
        }
        match waits_ms {
            0 => Verdict::Passes,
            ms => Verdict::Waits(ms * 1_000_000),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_waits_or_is_refused() {
        let zone = LimitZone {
            name: "one".into(),
            key: nginx::Text::plain(""),
            rate: 10_000,
        };
        let limit = |burst, is_immediate| Limit {
            zone: 0,
            burst,
            is_immediate,
        };
        let verdicts = |limit: Limit| {
            let mut limits = Limits::new(std::slice::from_ref(&zone));
            let keys = ["a".to_owned()];
            let mut judge =
                |ms: u64| limits.judge(ms * 1_000_000, std::slice::from_ref(&limit), &keys);
            [judge(0), judge(0), judge(0), judge(0), judge(150)]
        };
        use Verdict::{Passes, Refused, Waits};
        assert_eq!(
            verdicts(limit(0, false)),
            [Passes, Refused, Refused, Refused, Passes]
        );
        assert_eq!(
            verdicts(limit(2, true)),
            [Passes, Passes, Passes, Refused, Passes]
        );
        let waits = |ms: u64| Waits(ms * 1_000_000);
        assert_eq!(
            verdicts(limit(2, false)),
            [Passes, waits(100), waits(200), Refused, waits(150)]
        );
    }
}
