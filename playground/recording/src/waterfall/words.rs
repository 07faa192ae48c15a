//! What a waterfall's rows are called, and what a request's time went to.

use protocol::ProcessId;

use super::{BarKind, Holder, Row, RowKind, Waterfall};
use crate::sorting::sort_by_numbers;
use crate::{
    Lane, Recording, TaskIndex,
    network::{HostIndex, RequestIndex},
    recording::base_name,
    spans::{Span, SpanKind},
    time, words,
};

impl Recording {
    /// What a row is called, and where it is.
    pub fn row_words(&self, row: &Row) -> (String, String) {
        let host = |host: HostIndex| self.network().hosts()[host].name.clone();
        let request = self.network().request(row.request);
        match row.kind {
            RowKind::Request => (
                self.request_line(row.request),
                format!("{} → {}", host(request.client), host(request.server)),
            ),
            RowKind::Connects => ("a connection".to_owned(), "network".to_owned()),
            RowKind::Asks { to, .. } => (format!("to {}", host(to)), "network".to_owned()),
            RowKind::Answers { to, .. } => (format!("back to {}", host(to)), "network".to_owned()),
            RowKind::Work(process) => (self.work_words(row), self.process_name(process)),
            RowKind::Call(process, function) | RowKind::Middleware(process, function) => (
                self.function_label(process, function),
                self.function_place(process, function, 0),
            ),
            RowKind::Held(process) => {
                let by = row
                    .holder
                    .map(|holder| self.holder_words(process, &holder, row.request));
                let by = by.unwrap_or_default();
                (format!("held by {by}"), self.process_name(process))
            }
            RowKind::Pool(process, work) => (
                format!("{} work", words::pool_word(work)),
                format!("pool of {}", self.process_name(process)),
            ),
            RowKind::Served => ("served".to_owned(), host(request.server)),
        }
    }

    /// A stretch is called by what of the reader's own ran in it.
    fn work_words(&self, row: &Row) -> String {
        let own = |task: &&TaskIndex| self.task_is_own(**task);
        let label = |task: &TaskIndex| self.task_label(*task);
        let first = row.tasks.iter().find(own).map(label);
        match (
            first,
            row.bars.iter().any(|bar| bar.kind == BarKind::Asleep),
        ) {
            (Some(name), _) => name,
            (None, true) => row
                .tasks
                .first()
                .map_or_else(|| "goes on".to_owned(), label),
            (None, false) if self.is_client(row) => "sends".to_owned(),
            (None, false) => "reads and answers".to_owned(),
        }
    }

    fn is_client(&self, row: &Row) -> bool {
        let RowKind::Work(process) = row.kind else {
            return false;
        };
        let request = self.network().request(row.request);
        let host = |host: HostIndex| &self.network().hosts()[host].name;
        let (_, here) = self.program(process);
        here == host(request.client) && here != host(request.server)
    }

    /// `report, up to line 14 of main.js, for GET /report`. Of a stretch without an event the trace says where the code
    /// stood at its end, and so far it had come by then.
    fn holder_words(&self, process: ProcessId, holder: &Holder, own: RequestIndex) -> String {
        let what = match (self.place_at(holder.event), holder.task) {
            (Some(place), _) => {
                let (line, file) = (place.line, base_name(&place.file));
                let until = if holder.is_end { "up to" } else { "from" };
                match self.function_at(holder.event) {
                    // The file's own top level.
                    Some(name) if name != file => format!("{name}, {until} line {line} of {file}"),
                    _ => format!("{file}, {until} line {line}"),
                }
            }
            (None, Some(task)) => self.task_label(task),
            (None, None) => format!("other work of {}", self.process_name(process)),
        };
        match self.network().request_of(holder.event) {
            Some(request) if self.network().is_request(request) && request != own => {
                format!("{what}, for {}", self.request_line(request))
            }
            _ => what,
        }
    }

    /// The row in one sentence: how long, what for.
    pub fn row_sentence(&self, row: &Row) -> String {
        let length = time::length(row.to_ns - row.from_ns);
        let (name, place) = self.row_words(row);
        let (ran, waited) = (row.self_ns(), row.waits_ns());
        match (row.kind, row.holder) {
            (RowKind::Held(process), Some(holder)) => format!(
                "waited {length} because the loop of {} was held by {}",
                self.process_name(process),
                self.holder_words(process, &holder, row.request)
            ),
            (RowKind::Work(_), _) if waited > 0 => format!(
                "{name} on {place}: ran {}, after waiting {}",
                time::length(ran),
                time::length(waited)
            ),
            (RowKind::Call(..), _) => format!("{name}, {place}: at least {length}"),
            (RowKind::Middleware(..), _) => {
                let again = match row.bars.len() {
                    0 | 1 => "",
                    _ => ", before and after those behind it",
                };
                let had = time::length(ran);
                format!("{name}, {place}: had the request for {had}{again}")
            }
            _ => format!("{name}, {place}: {length}"),
        }
    }

    /// Of all that was asked of others for its sake, what it waited for longest, and how much of the critical path that
    /// is. Where that in turn waited for another for the most part, it is the other.
    pub fn longest_call(&self, waterfall: &Waterfall) -> Option<(RequestIndex, u64)> {
        let mut of = waterfall.rows.first()?.request;
        let mut found = None;
        loop {
            let calls = self.calls_on_path(waterfall, of);
            // Of equals the first.
            let longest = calls.into_iter().rev().max_by_key(|(_, ns)| *ns);
            match (longest, found) {
                (Some((call, ns)), None) => found = Some((call, ns)),
                (Some((call, ns)), Some((_, whole_ns))) if ns * 2 > whole_ns => {
                    found = Some((call, ns));
                }
                _ => return found,
            }
            of = found?.0;
        }
    }

    /// What the one who serves a request asks of others, with its part of the critical path.
    fn calls_on_path(&self, waterfall: &Waterfall, of: RequestIndex) -> Vec<(RequestIndex, u64)> {
        let rows = waterfall.rows.iter().enumerate();
        let calls = rows.filter(|(_, row)| {
            row.kind == RowKind::Request && self.network().request(row.request).parent == Some(of)
        });
        let on_path = calls.map(|(at, call)| {
            let nested = &waterfall.rows[at + 1..];
            let end = nested.iter().position(|row| row.depth <= call.depth);
            let rows = at..=at + end.unwrap_or(nested.len());
            let path = waterfall.path.iter().filter(|(_, row)| rows.contains(row));
            (
                call.request,
                path.map(|(span, _)| span.to_ns - span.from_ns).sum(),
            )
        });
        on_path.filter(|(_, ns)| *ns > 0).collect()
    }

    /// `It waits longest for GET /reviews from shop to reviews: 243 ms.`
    pub fn longest_call_words(&self, waterfall: &Waterfall) -> Option<String> {
        let (call, path_ns) = self.longest_call(waterfall)?;
        let request = self.network().request(call);
        let host = |host: HostIndex| self.network().hosts()[host].name.as_str();
        Some(format!(
            "It waits longest for {} from {} to {}: {}.",
            self.request_line(call),
            host(request.client),
            host(request.server),
            time::length(path_ns)
        ))
    }

    /// What a request's time went to, the most first: `on the wire`, `waiting for a timer`.
    pub fn time_shares(&self, path: &[(Span, usize)]) -> Vec<(&'static str, u64)> {
        let mut shares: Vec<(&'static str, u64)> = Vec::new();
        for (span, _) in path {
            let name = match span.kind {
                SpanKind::Wire { .. } => "on the wire",
                SpanKind::Connects => "until the connection stood",
                SpanKind::WaitsForLoop(_) => "waiting for a loop",
                SpanKind::Runs(..) => "at work",
                SpanKind::WaitsIn(_, Lane::Timers) => "waiting for a timer",
                SpanKind::WaitsIn(_, Lane::Poll) => "waiting for I/O",
                SpanKind::WaitsIn(..) => "waiting in a queue",
                SpanKind::Served => "at a modelled service",
                SpanKind::Elsewhere => "waiting for others",
            };
            let length_ns = span.to_ns - span.from_ns;
            match shares.iter_mut().find(|share| share.0 == name) {
                Some(share) => share.1 += length_ns,
                None => shares.push((name, length_ns)),
            }
        }
        sort_by_numbers(&mut shares, |share| (u64::MAX - share.1, 0));
        shares
    }
}
