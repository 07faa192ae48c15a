//! `terrarium run`: what `node FILE` does, from the jar.

use std::{
    io::{self, Write},
    process::{self, ExitCode},
};

use crate::{Jar, packages};
use lexopt::Parser;
use protocol::{
    Event, EventKind, ProcessId, Record, Scenario, Stream, client::Exchange, load::LoadReport,
    scenario::Picks,
};

use super::{
    Failure, print,
    request::{Request, read_picks, request},
};

/// As k6 has it.
const THRESHOLDS_FAILED: i32 = 99;

pub fn run(arguments: &mut Parser) -> Result<ExitCode, Failure> {
    let mut json = false;
    let mut picks = Picks::default();
    let Request {
        mut scenario,
        left_out,
    } = request(arguments, Record::Output, |name, arguments| {
        match name {
            "json" => json = true,
            "choose" => picks = read_picks(arguments)?,
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    scenario.picks = picks;
    let mut jar = Jar::load()?;
    let mut terminal = Terminal::of(&scenario);
    let finished = jar.run(&scenario, |events| terminal.show(&events))?;
    if let Some(text) = &terminal.uncaught
        && let Some(sentence) = packages::catalog()?.explain(text)
    {
        eprintln!("terrarium: {sentence}");
    }
    if finished.exit_code != 0 {
        for sentence in left_out {
            eprintln!("terrarium: {sentence} The program does not see what was left out.");
        }
    }
    let reports = &terminal.loads;
    let text = if json {
        let text = serde_json::to_string(reports).map_err(|error| {
            Failure::Sentence(format!("The load's report cannot be written: {error}."))
        })?;
        format!("{text}\n")
    } else {
        let exchanges = terminal.exchanges.iter();
        let exchanges = exchanges.map(|exchange| format!("\n{exchange}\n"));
        let reports = reports.iter().map(|report| format!("\n{report}\n"));
        exchanges.chain(reports).collect()
    };
    print(&text);
    let exit_code = match finished.exit_code {
        0 if !reports.iter().all(LoadReport::passed) => THRESHOLDS_FAILED,
        code => code,
    };
    // Taking the world apart would only cost time.
    process::exit(exit_code)
}

/// Writes each stream in stretches as long as the other allows, so that both keep their order on a common screen.
#[derive(Default)]
pub struct Terminal {
    buffer: Vec<u8>,
    /// The hosts of the world's processes, as wide as the widest; none when there is one process.
    labels: Vec<String>,
    /// Whose line is unfinished.
    unfinished: Option<ProcessId>,
    /// The error that ended the program.
    uncaught: Option<String>,
    /// Of the loads that have ended.
    loads: Vec<LoadReport>,
    /// What came of what clients have asked for.
    exchanges: Vec<Exchange>,
}

impl Terminal {
    pub fn of(scenario: &Scenario) -> Self {
        let hosts = scenario.processes.iter().map(|process| &process.host);
        let width = hosts.clone().map(|host| host.chars().count()).max();
        let width = width.unwrap_or(0);
        let labels = hosts.map(|host| format!("{host:width$} | "));
        Self {
            labels: Some(labels.collect())
                .filter(|labels: &Vec<String>| labels.len() > 1)
                .unwrap_or_default(),
            ..Self::default()
        }
    }

    /// Each line says whose it is.
    fn write(&mut self, process: ProcessId, text: &str) {
        // A process that another began speaks as the first does.
        let label = self
            .labels
            .get(process as usize - 1)
            .or(self.labels.first());
        let Some(label) = label else {
            self.buffer.extend_from_slice(text.as_bytes());
            return;
        };
        if self.unfinished.is_some_and(|other| other != process) {
            self.buffer.push(b'\n');
            self.unfinished = None;
        }
        for line in text.split_inclusive('\n') {
            if self.unfinished.is_none() {
                self.buffer.extend_from_slice(label.as_bytes());
            }
            self.buffer.extend_from_slice(line.as_bytes());
            self.unfinished = Some(process).filter(|_| !line.ends_with('\n'));
        }
    }

    pub fn show(&mut self, events: &[Event]) {
        let mut current = Stream::Stdout;
        for event in events {
            if let EventKind::Logged { stream, text } = &event.kind {
                if *stream != current {
                    self.flush(current);
                    current = *stream;
                }
                self.write(event.process, text);
            } else if let EventKind::UncaughtError { text, .. } = &event.kind {
                self.uncaught = Some(text.clone());
            } else if let EventKind::LoadEnded { report, .. } = &event.kind {
                self.loads.extend(report.open());
            } else if let EventKind::AskEnded { exchange, .. } = &event.kind
                && let Some(exchange) = exchange.open()
            {
                self.exchanges.push(exchange);
            }
        }
        self.flush(current);
    }

    fn flush(&mut self, stream: Stream) {
        let written = match stream {
            Stream::Stdout => write_all(io::stdout(), &self.buffer),
            Stream::Stderr => write_all(io::stderr(), &self.buffer),
        };
        self.buffer.clear();
        if written.is_err() {
            // The reader has gone, as with `| head`: nobody is left to tell.
            process::exit(0);
        }
    }
}

fn write_all(mut stream: impl Write, bytes: &[u8]) -> io::Result<()> {
    stream.write_all(bytes)?;
    stream.flush()
}
