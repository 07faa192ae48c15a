//! `terrarium trace`: runs a program and writes what happened, as it happens.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::PathBuf,
    process::{self, ExitCode},
};

use crate::{Jar, chrome};
use lexopt::{Parser, ValueExt};
use protocol::{Event, Record, scenario::Picks};

use super::{
    Failure,
    request::{Request, read_picks, request},
};

type Out = Box<dyn Write + Send>;

pub fn trace(arguments: &mut Parser) -> Result<ExitCode, Failure> {
    let mut is_chrome = true;
    let mut path: Option<PathBuf> = None;
    let mut picks = Picks::default();
    let Request { mut scenario, .. } = request(arguments, Record::All, |name, arguments| {
        match name {
            "format" => {
                is_chrome = match arguments.value()?.string()?.as_str() {
                    "chrome" => true,
                    "json" => false,
                    other => {
                        return Err(Failure::Usage(format!(
                            "--format is chrome or json, not {other}"
                        )));
                    }
                }
            }
            "choose" => picks = read_picks(arguments)?,
            "o" | "output" => path = Some(arguments.value()?.into()),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    scenario.picks = picks;
    let mut jar = Jar::load()?;
    let out: Out = match &path {
        Some(path) => Box::new(BufWriter::new(
            File::create(path).map_err(|error| unwritten(Some(path), error))?,
        )),
        None => Box::new(BufWriter::new(io::stdout())),
    };
    let mut writer =
        Writer::new(out, is_chrome).map_err(|error| unwritten(path.as_ref(), error))?;
    let mut written = Ok(());
    jar.run(&scenario, |events| {
        for event in &events {
            if written.is_ok() {
                written = writer.add(event);
            }
        }
    })?;
    written
        .and_then(|()| writer.finish())
        .map_err(|error| unwritten(path.as_ref(), error))?;
    Ok(ExitCode::SUCCESS)
}

fn unwritten(path: Option<&PathBuf>, error: io::Error) -> Failure {
    match path {
        // The reader has gone, as with `| head`: nobody is left to tell.
        None if error.kind() == io::ErrorKind::BrokenPipe => process::exit(0),
        None => Failure::Sentence(format!("The trace cannot be written: {error}.")),
        Some(path) => Failure::Sentence(format!("{} cannot be written: {error}.", path.display())),
    }
}

enum Writer {
    Chrome(chrome::Writer<Out>),
    Lines { out: Out, next: u64 },
}

impl Writer {
    fn new(out: Out, is_chrome: bool) -> io::Result<Self> {
        match is_chrome {
            true => chrome::Writer::new(out).map(Self::Chrome),
            false => Ok(Self::Lines { out, next: 0 }),
        }
    }

    fn add(&mut self, event: &Event) -> io::Result<()> {
        match self {
            Self::Chrome(writer) => writer.add(event),
            Self::Lines { out, next } => {
                let fields = serde_json::to_string(event)?;
                // The id is the position; the event itself does not carry it.
                writeln!(out, "{{\"id\":{next},{}", fields.trim_start_matches('{'))?;
                *next += 1;
                Ok(())
            }
        }
    }

    fn finish(self) -> io::Result<()> {
        match self {
            Self::Chrome(writer) => writer.finish().map(|_| ()),
            Self::Lines { mut out, .. } => out.flush(),
        }
    }
}
