//! Who sends a request says which trace it belongs to: W3C Trace Context, version 00.
//! <https://www.w3.org/TR/trace-context/#traceparent-header>
//!
//! What is asked for is the root of its trace, and each request that is sent for it a span of its own. Everybody is
//! sampled. `tracestate` is not sent: it is for those who have more to say.

use kernel::Stream;

pub const NAME: &str = "traceparent";

#[derive(Debug)]
pub struct Traces(Stream);

impl Traces {
    /// From the seed, by whose requests they are.
    pub fn new(stream: Stream) -> Self {
        Self(stream)
    }

    /// The id of a trace.
    pub fn begin(&mut self) -> String {
        format!("{:016x}{:016x}", self.id(), self.id())
    }

    /// The header of a request in it.
    pub fn header(&mut self, trace: &str) -> String {
        format!("00-{trace}-{:016x}-01", self.id())
    }

    /// None is all zeros, which would say that there is none.
    fn id(&mut self) -> u64 {
        self.0.next_u64().max(1)
    }
}

pub fn says(headers: &[(String, String)]) -> bool {
    headers
        .iter()
        .any(|(name, _)| name.eq_ignore_ascii_case(NAME))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_has_spans_and_both_come_from_the_seed() {
        let traces = || Traces::new(kernel::Chance::new(7).stream("load visitors traces"));
        let (mut one, mut other) = (traces(), traces());
        let trace = one.begin();
        assert_eq!(trace, other.begin());
        let headers = [one.header(&trace), one.header(&trace)];
        assert_eq!(headers[0], other.header(&trace));
        assert_ne!(headers[0], headers[1]);
        for header in headers {
            let parts: Vec<&str> = header.split('-').collect();
            assert_eq!(parts[..2], ["00", trace.as_str()]);
            assert_eq!((parts[1].len(), parts[2].len(), parts[3]), (32, 16, "01"));
        }
    }
}
