//! `terrarium run`: what `node FILE` does, from the jar.

use std::{
    io::{self, Write},
    process::{self, ExitCode},
};

use crate::{Jar, packages};
use lexopt::Parser;
use protocol::{Event, EventKind, Record, Stream};

use super::{
    Failure,
    request::{Request, request},
};

pub fn run(arguments: &mut Parser) -> Result<ExitCode, Failure> {
    let Request { scenario, left_out } = request(arguments, Record::Output, |_, _| Ok(false))?;
    let mut jar = Jar::load()?;
    let mut terminal = Terminal::default();
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
    // Taking the world apart would only cost time.
    process::exit(finished.exit_code)
}

/// Writes each stream in stretches as long as the other allows, so that both keep their order on a common screen.
#[derive(Default)]
pub struct Terminal {
    buffer: Vec<u8>,
    /// The error that ended the program.
    uncaught: Option<String>,
}

impl Terminal {
    pub fn show(&mut self, events: &[Event]) {
        let mut current = Stream::Stdout;
        for event in events {
            if let EventKind::Logged { stream, text } = &event.kind {
                if *stream != current {
                    self.flush(current);
                    current = *stream;
                }
                self.buffer.extend_from_slice(text.as_bytes());
            } else if let EventKind::UncaughtError { text, .. } = &event.kind {
                self.uncaught = Some(text.clone());
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
