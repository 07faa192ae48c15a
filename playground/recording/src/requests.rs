//! Requests as a list: found by words, in the order of when they were sent, how long they took or how they ended.

use crate::sorting::sort_by_numbers;
use crate::{
    Few, Recording,
    decode::TraceParent,
    network::{Fate, RequestIndex},
};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RequestOrder {
    #[default]
    Sent,
    Took,
    Status,
}

impl Recording {
    /// Those that serve no other and hold all `words`, in their line, their status, their client or their trace. Letters are
    /// compared without their case where they are ASCII, as lines of requests are.
    pub fn requests_by(
        &self,
        words: &str,
        order: RequestOrder,
        is_descending: bool,
    ) -> Vec<RequestIndex> {
        let network = self.network();
        let wanted: Vec<String> = words
            .split_whitespace()
            .map(str::to_ascii_lowercase)
            .collect();
        let mut found: Vec<RequestIndex> = (0..network.requests().len())
            .filter(|request| network.is_request(*request) && network.root(*request) == *request)
            .filter(|request| wanted.is_empty() || self.has_words(*request, &wanted))
            .collect();
        match order {
            RequestOrder::Sent => {}
            RequestOrder::Took => {
                sort_by_numbers(&mut found, |request| (self.request_ns(*request), 0))
            }
            RequestOrder::Status => {
                let mut alike: Few<String, Vec<RequestIndex>> = Few::default();
                for request in found.drain(..) {
                    let status = self.request_status(request).0;
                    alike.or_insert_with(status, Vec::new).push(request);
                }
                found.extend(
                    alike
                        .into_entries()
                        .into_iter()
                        .flat_map(|(_, alike)| alike),
                );
            }
        }
        if is_descending {
            found.reverse();
        }
        found
    }

    fn has_words(&self, request: RequestIndex, wanted: &[String]) -> bool {
        let network = self.network();
        let client = &network.hosts()[network.request(request).client].name;
        let mut text = format!(
            "{} {} {client}",
            self.request_line(request),
            self.request_status(request).0
        );
        if let Some(trace) = self.request_trace(request) {
            text.push(' ');
            text.push_str(&trace.trace);
        }
        let text = text.to_ascii_lowercase();
        wanted.iter().all(|word| text.contains(word))
    }

    /// So far, while it is under way.
    pub fn request_ns(&self, request: RequestIndex) -> u64 {
        let known = self.network().request(request);
        let end_ns = known
            .end
            .map_or(self.end_ns(), |(end, _)| self.time_ns(end));
        end_ns.saturating_sub(self.time_ns(known.sent))
    }

    /// `200 OK`, or what came of it instead; and whether that is a failure.
    pub fn request_status(&self, request: RequestIndex) -> (String, bool) {
        let known = self.network().request(request);
        let answer = known.answer.and_then(|answer| self.message(answer));
        match (known.end, answer) {
            (None, _) => ("under way".to_owned(), false),
            (Some((_, Fate::Answered)), Some(answer)) => (answer.line, answer.failed),
            (Some((_, Fate::Answered)), None) => ("answered".to_owned(), false),
            (Some((_, Fate::Refused)), _) => ("refused".to_owned(), true),
            (Some((_, Fate::CutShort)), _) => ("cut short".to_owned(), true),
            (Some((_, Fate::GivenUp)), _) => ("given up".to_owned(), true),
        }
    }

    /// Of its `traceparent`, where its client sent one.
    pub fn request_trace(&self, request: RequestIndex) -> Option<TraceParent> {
        self.message(self.network().request(request).question?)?
            .trace
    }

    /// The first of equals.
    pub fn slowest_request(&self) -> Option<RequestIndex> {
        let found = self.requests_by("", RequestOrder::Sent, true);
        let ended = |request: &RequestIndex| self.network().request(*request).end.is_some();
        let by = |request: &RequestIndex| (ended(request), self.request_ns(*request));
        found.into_iter().max_by_key(by)
    }
}
