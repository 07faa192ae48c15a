//! The console: one row for each line that was printed, with its moment and its place.
//!
//! Rows grow with the recording, event by event. A write without a newline at its end leaves its row open, and the
//! next write to the same stream continues it, as a terminal would. Escape sequences are taken out and other control
//! characters are shown as pictures, so output is inert whatever it says.

use std::rc::Rc;

use protocol::{Event, EventId, EventKind, ExitReason, FunctionId, ProcessId, Stream};
use recording::Few;

/// Characters of a row that are kept for showing; of the rest only the number is.
const ROW_CHARS_MAX: usize = 4_000;
/// A path inside the lesson's folder, as the reader knows it.
pub fn short_path(path: &str) -> Option<&str> {
    path.strip_prefix(protocol::lesson::FOLDER)?
        .strip_prefix('/')
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub kind: RowKind,
    pub text: Rc<str>,
    pub process: ProcessId,
    /// Characters that are not in `text`.
    pub hidden_chars: u64,
    /// What a click moves the playhead to.
    pub event: EventId,
    pub time_ns: u64,
    pub place: Option<Place>,
    /// A further line of the same write: time and place are said once.
    pub continued: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowKind {
    Out,
    Error,
    /// Said by the simulation, not by the program.
    System,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// As the reader knows it: `main.js`.
    pub file: Rc<str>,
    pub line: u32,
}

impl Place {
    pub fn text(&self) -> String {
        format!("{}:{}", self.file, self.line)
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Console {
    rows: Vec<Row>,
    /// Rows whose line has not ended.
    open: Few<(ProcessId, Stream), usize>,
    files: Few<(ProcessId, FunctionId), Rc<str>>,
    hosts: Few<ProcessId, String>,
}

impl Console {
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The lines of standard output, of one host or of all: what a prediction is compared with.
    pub fn stdout<'a>(&'a self, host: Option<&'a str>) -> impl Iterator<Item = &'a Row> {
        self.rows.iter().filter(move |row| {
            row.kind == RowKind::Out
                && host.is_none_or(|host| self.hosts.get(&row.process).is_some_and(|of| of == host))
        })
    }

    pub fn append(&mut self, id: EventId, event: &Event) {
        match &event.kind {
            EventKind::FunctionDefined { function, file, .. } => {
                if let Some(short) = short_path(file) {
                    self.files.insert((event.process, *function), short.into());
                }
            }
            EventKind::ProcessStarted { host, .. } => {
                self.hosts.insert(event.process, host.clone());
            }
            EventKind::Logged { stream, text } => self.write(id, event, *stream, text),
            EventKind::LimitReached { text, .. } => {
                let place = self.place(event);
                self.system(id, event, text.clone(), place);
            }
            EventKind::ProcessExited { code, reason } => {
                self.system(id, event, exit_sentence(*code, *reason), None);
            }
            EventKind::LoadEnded { report, .. } => {
                let report = report.open().map(|report| report.to_string());
                let first = self.rows.len();
                for line in report.iter().flat_map(|report| report.lines()) {
                    self.system(id, event, line.to_owned(), None);
                }
                self.rows[first..]
                    .iter_mut()
                    .skip(1)
                    .for_each(|row| row.continued = true);
            }
            _ => {}
        }
    }

    /// Where the reader's own code stood: the innermost frame in one of the lesson's files.
    pub fn place(&self, event: &Event) -> Option<Place> {
        event.stack.iter().find_map(|frame| {
            let file = self.files.get(&(event.process, frame.function))?;
            (frame.line > 0).then(|| Place {
                file: file.clone(),
                line: frame.line,
            })
        })
    }

    fn system(&mut self, id: EventId, event: &Event, text: String, place: Option<Place>) {
        self.open.retain(|(process, _)| *process != event.process);
        self.rows.push(Row {
            kind: RowKind::System,
            text: text.into(),
            process: event.process,
            hidden_chars: 0,
            event: id,
            time_ns: event.time_ns,
            place,
            continued: false,
        });
    }

    fn write(&mut self, id: EventId, event: &Event, stream: Stream, text: &str) {
        if text.is_empty() {
            return;
        }
        let kind = match stream {
            Stream::Stdout => RowKind::Out,
            Stream::Stderr => RowKind::Error,
        };
        let ended = text.ends_with('\n');
        let body = text.strip_suffix('\n').unwrap_or(text);
        let place = self.place(event);
        let mut open = self.open.remove(&(event.process, stream));
        let mut last = self.rows.len();
        for (index, line) in body.split('\n').enumerate() {
            match open.take() {
                Some(row) => {
                    extend(&mut self.rows[row], line);
                    last = row;
                }
                None => {
                    last = self.rows.len();
                    let (text, hidden_chars) = shown(line);
                    self.rows.push(Row {
                        kind,
                        text: text.into(),
                        process: event.process,
                        hidden_chars,
                        event: id,
                        time_ns: event.time_ns,
                        place: place.clone(),
                        continued: index > 0,
                    });
                }
            }
        }
        if !ended {
            self.open.insert((event.process, stream), last);
        }
    }
}

fn extend(row: &mut Row, line: &str) {
    let (more, hidden_chars) = shown(line);
    let room = ROW_CHARS_MAX.saturating_sub(row.text.chars().count());
    let kept: String = more.chars().take(room).collect();
    row.hidden_chars += hidden_chars + (more.chars().count() - kept.chars().count()) as u64;
    row.text = format!("{}{kept}", row.text).into();
}

fn exit_sentence(code: i32, reason: ExitReason) -> String {
    match reason {
        ExitReason::LoopEmpty | ExitReason::UncaughtError => format!("exits with code {code}"),
        ExitReason::Uncalled => format!("ends with code {code}: nobody is left to call it"),
        ExitReason::Called => format!("process.exit: exits with code {code}"),
        ExitReason::UnsettledTopLevelAwait => {
            format!("exits with code {code}: a top-level await never settles")
        }
        ExitReason::OutOfMemory => format!("out of memory: ends with code {code}"),
        ExitReason::Limit => format!("stopped by a limit, code {code}"),
        ExitReason::Killed => format!("was killed: ends with code {code}"),
    }
}

/// What of a line is shown, made inert, and how many characters are not.
pub fn shown(line: &str) -> (String, u64) {
    let line = line.strip_suffix('\r').unwrap_or(line);
    let mut text = String::with_capacity(line.len().min(ROW_CHARS_MAX));
    let mut count = 0;
    let mut hidden = 0;
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        if character == '\u{1b}' {
            skip_escape(&mut characters);
            continue;
        }
        if count == ROW_CHARS_MAX {
            hidden += 1;
            continue;
        }
        count += 1;
        text.push(match character {
            '\t' => '\t',
            '\0'..='\u{1f}' => char::from_u32(0x2400 + character as u32).unwrap_or(' '),
            '\u{7f}' => '\u{2421}',
            // Marks that reorder the text around them would let output pass for something else.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
            other => other,
        });
    }
    (text, hidden)
}

/// ECMA-48: `ESC [`, parameters, one final byte; `ESC ]` up to BEL or `ESC \`; any other is one character long.
fn skip_escape(characters: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    match characters.next() {
        Some('[') => {
            for character in characters.by_ref() {
                if ('\u{40}'..='\u{7e}').contains(&character) {
                    break;
                }
            }
        }
        Some(']') => {
            while let Some(character) = characters.next() {
                if character == '\u{7}' {
                    break;
                }
                if character == '\u{1b}' {
                    characters.next_if_eq(&'\\');
                    break;
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use protocol::{Frame, Limit};

    use super::*;

    fn event(time_ns: u64, kind: EventKind, stack: Vec<Frame>) -> Event {
        Event {
            cause: None,
            time_ns,
            process: 1,
            kind,
            stack,
        }
    }

    fn logged(stream: Stream, text: &str) -> Event {
        let at = |function, line| Frame {
            function,
            line,
            column: 1,
        };
        event(
            441_000,
            EventKind::Logged {
                stream,
                text: text.into(),
            },
            vec![at(9, 4), at(1, 3), at(1, 8)],
        )
    }

    #[test]
    fn lines_of_two_hosts_are_told_apart() {
        let mut console = Console::default();
        let mut says = |process, kind| {
            console.append(
                0,
                &Event {
                    process,
                    ..event(0, kind, Vec::new())
                },
            );
        };
        for (process, host) in [(1, "api"), (2, "phone")] {
            says(
                process,
                EventKind::ProcessStarted {
                    host: host.into(),
                    entry: String::new(),
                    args: Vec::new(),
                },
            );
        }
        for (process, text) in [
            (1, "a"),
            (2, "p"),
            (1, "pi"),
            (2, "hone\n"),
            (1, " listens\n"),
        ] {
            let text = text.into();
            let stream = Stream::Stdout;
            says(process, EventKind::Logged { stream, text });
        }
        let lines = |host| -> Vec<&str> { console.stdout(host).map(|row| &*row.text).collect() };
        assert_eq!(lines(None), ["api listens", "phone"]);
        assert_eq!(lines(Some("phone")), ["phone"]);
    }

    fn console(events: &[Event]) -> Console {
        let mut console = Console::default();
        console.append(
            0,
            &event(
                0,
                EventKind::FunctionDefined {
                    function: 1,
                    name: String::new(),
                    file: "/app/main.js".into(),
                    line: 1,
                    column: 1,
                    summary: String::new(),
                },
                Vec::new(),
            ),
        );
        for (index, event) in events.iter().enumerate() {
            console.append(index as u64 + 1, event);
        }
        console
    }

    fn texts(console: &Console) -> Vec<&str> {
        console.rows().iter().map(|row| &*row.text).collect()
    }

    #[test]
    fn a_line_carries_its_moment_and_the_readers_place() {
        let console = console(&[logged(Stream::Stdout, "tick\n")]);
        let row = &console.rows()[0];
        assert_eq!((&*row.text, row.event, row.time_ns), ("tick", 1, 441_000));
        assert_eq!(
            row.place.as_ref().map(Place::text),
            Some("main.js:3".into())
        );
    }

    #[test]
    fn writes_without_a_newline_are_continued_and_streams_kept_apart() {
        let console = console(&[
            logged(Stream::Stdout, "a"),
            logged(Stream::Stderr, "oh"),
            logged(Stream::Stdout, "b\nc"),
            logged(Stream::Stdout, "d\n"),
            logged(Stream::Stdout, "\n"),
        ]);
        assert_eq!(texts(&console), ["ab", "oh", "cd", ""]);
        let out: Vec<&str> = console.stdout(None).map(|row| &*row.text).collect();
        assert_eq!(out, ["ab", "cd", ""]);
    }

    #[test]
    fn further_lines_of_one_write_say_so() {
        let console = console(&[logged(Stream::Stdout, "one\ntwo\n")]);
        assert_eq!(texts(&console), ["one", "two"]);
        assert!(!console.rows()[0].continued && console.rows()[1].continued);
    }

    #[test]
    fn a_loads_report_is_told_line_by_line() {
        use protocol::{
            codec::Packed,
            load::{Little, LoadReport, Summary},
        };
        let report = LoadReport {
            name: "visitors".into(),
            from: "phone".into(),
            began_ns: 0,
            ended_ns: 1_000_000_000,
            sent: 0,
            answered: 0,
            failed: 0,
            in_flight: 0,
            latency: Summary::default(),
            answered_latency: Summary::default(),
            waited: Summary::default(),
            throughput: 0,
            little: Little::default(),
            outcomes: Vec::new(),
            connections: 0,
            sent_bytes: 0,
            received_bytes: 0,
            thresholds: Vec::new(),
        };
        let ended = EventKind::LoadEnded {
            load: 0,
            report: Packed::new(&report),
        };
        let console = console(&[event(9, ended, vec![])]);
        let text = report.to_string();
        assert_eq!(texts(&console), text.lines().collect::<Vec<_>>());
        assert!(!console.rows()[0].continued && console.rows()[1].continued);
    }

    #[test]
    fn output_is_inert() {
        let console = console(&[logged(
            Stream::Stdout,
            "\u{1b}[31mred\u{1b}[0m \u{1b}]8;;http://x\u{7}link\u{1b}]8;;\u{1b}\\ \u{0}\u{202e}<b>\n",
        )]);
        assert_eq!(texts(&console), ["red link \u{2400}\u{fffd}<b>"]);
    }

    #[test]
    fn a_long_line_is_cut_and_says_how_much_is_missing() {
        let console = console(&[logged(Stream::Stdout, &"x".repeat(1 << 20))]);
        assert_eq!(console.rows()[0].text.len(), ROW_CHARS_MAX);
        assert_eq!(
            console.rows()[0].hidden_chars,
            (1 << 20) - ROW_CHARS_MAX as u64
        );
    }

    #[test]
    fn limits_and_exits_are_said_in_words() {
        let limit = EventKind::LimitReached {
            limit: Limit::CallbackTicks,
            text: "line 2 never ends".into(),
        };
        let exit = EventKind::ProcessExited {
            code: 0,
            reason: ExitReason::LoopEmpty,
        };
        let frame = Frame {
            function: 1,
            line: 2,
            column: 1,
        };
        let console = console(&[event(1, limit, vec![frame]), event(2, exit, Vec::new())]);
        assert_eq!(texts(&console), ["line 2 never ends", "exits with code 0"]);
        assert_eq!(
            console.rows()[0].place.as_ref().map(Place::text),
            Some("main.js:2".into())
        );
    }
}
