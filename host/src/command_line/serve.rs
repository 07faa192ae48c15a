//! `terrarium serve`: a server in the jar behind a port of this machine, in real time.
//!
//! Every connection to the port is one of the world's, from its server's own host; bytes are carried both ways, and who
//! takes them slowly is felt at the other end. The world's clock goes as the wall's does, but up to [`LEAD_NS`] ahead,
//! so that a request is answered without waiting for the moments in between. Signals go to the world's processes; a
//! program that listens to none of them ends by them.

use std::{
    collections::BTreeMap,
    io::{self, Read, Write},
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    process::{self, ExitCode},
    sync::{Arc, mpsc::Receiver},
    time::{Duration, Instant},
};

use lexopt::{Parser, ValueExt};
use polling::{Event, Events, Poller};
use protocol::{
    Record,
    outside::{CallerId, Deed, Does, Heard, Hears},
};

use super::{
    Failure,
    request::{Request, request_of_server},
    run::Terminal,
    signals,
};
use crate::{Jar, Meeting, Outlook};

const LEAD_NS: u64 = 2_000_000;
/// A world that cannot keep up falls behind the clock by what its stretches take beyond this. Else its timers would run
/// out before it has come to read what was sent meanwhile.
const STRETCH_MAX: Duration = Duration::from_millis(20);
/// Of one connection, before whoever sends has to wait.
const WAITING_BYTES_MAX: usize = 1 << 20;
const READ_BYTES: usize = 64 << 10;
/// Of one connection between two stretches of the world.
const READS_MAX: usize = 16;
/// How long each caller may take for the rest of what is for them, when the world is over.
const LEAVE_TIME_MAX: Duration = Duration::from_secs(1);
const DOOR: usize = 0;
/// Callers are numbered from 1.
const NOBODY: CallerId = 0;

pub fn serve(arguments: &mut Parser) -> Result<ExitCode, Failure> {
    let mut port = None;
    let Request { scenario, left_out } =
        request_of_server(arguments, Record::Output, |name, arguments| {
            if name == "port" {
                port = Some(arguments.value()?.parse::<u16>()?);
            }
            Ok(name == "port")
        })?;
    for sentence in left_out {
        eprintln!("terrarium: {sentence} The program does not see what was left out.");
    }
    let mut jar = Jar::load()?;
    let mut bridge = Bridge::new(port).map_err(|error| {
        Failure::Sentence(format!("This machine cannot be listened to: {error}."))
    })?;
    let mut terminal = Terminal::of(&scenario);
    let finished = jar.serve(&scenario, |meeting| {
        terminal.show(&meeting.events);
        bridge.meet(meeting)
    })?;
    process::exit(finished.exit_code)
}

struct Connection {
    stream: TcpStream,
    /// For the caller, and not taken yet.
    unsent: Vec<u8>,
    /// The server sends no more.
    has_ended: bool,
    /// The caller sends no more.
    is_silent: bool,
    /// The server is told to wait.
    holds_server: bool,
    /// So much of what the caller sent the server has not taken.
    waiting_bytes: usize,
    is_gone: bool,
}

struct Bridge {
    poller: Arc<Poller>,
    events: Events,
    signals: Receiver<i32>,
    began: Instant,
    /// When the world was last let run.
    left: Instant,
    behind: Duration,
    port_wanted: Option<u16>,
    door: Option<TcpListener>,
    /// Of the program.
    port: u16,
    connections: BTreeMap<CallerId, Connection>,
    caller_last: CallerId,
    deeds: Vec<Deed>,
}

impl Bridge {
    fn new(port_wanted: Option<u16>) -> io::Result<Self> {
        let poller = Arc::new(Poller::new()?);
        Ok(Self {
            signals: signals::hear(&poller)?,
            poller,
            events: Events::new(),
            began: Instant::now(),
            left: Instant::now(),
            behind: Duration::ZERO,
            port_wanted,
            door: None,
            port: 0,
            connections: BTreeMap::new(),
            caller_last: NOBODY,
            deeds: Vec::new(),
        })
    }

    fn meet(&mut self, meeting: Meeting) -> Outlook {
        self.behind += self.left.elapsed().saturating_sub(STRETCH_MAX);
        if self.door.is_none()
            && let Some(port) = meeting.listening.first()
        {
            self.open(*port);
        }
        for heard in meeting.heard {
            self.hear(heard);
        }
        if meeting.is_last {
            self.take_leave();
            return Outlook::default();
        }
        let world_ns = self.world_ns();
        let sleep_ns = meeting
            .next_ns
            .map(|next_ns| next_ns.saturating_sub(world_ns + LEAD_NS));
        // A deed of this stretch is heard of in the next.
        let sleep_ns = if self.deeds.is_empty() {
            sleep_ns
        } else {
            Some(0)
        };
        if let Err(error) = self.listen(sleep_ns.map(Duration::from_nanos)) {
            eprintln!("terrarium: this machine's network fails: {error}.");
            process::exit(1);
        }
        self.left = Instant::now();
        Outlook {
            until_ns: self.world_ns() + LEAD_NS,
            deeds: std::mem::take(&mut self.deeds),
        }
    }

    /// What the world's clock should show.
    fn world_ns(&self) -> u64 {
        (self.began.elapsed() - self.behind).as_nanos() as u64
    }

    /// The program listens: so does this one.
    fn open(&mut self, port: u16) {
        let wanted = self.port_wanted.unwrap_or(port);
        let opened = TcpListener::bind((Ipv4Addr::LOCALHOST, wanted)).and_then(|door| {
            door.set_nonblocking(true)?;
            // SAFETY: it is taken out of the poller before it is closed, when both go at the end.
            unsafe { self.poller.add(&door, Event::readable(DOOR))? };
            let address = door.local_addr()?;
            Ok((door, address))
        });
        match opened {
            Ok((door, address)) => {
                eprintln!("terrarium: port {port} of the program is at http://{address}");
                self.door = Some(door);
                self.port = port;
            }
            Err(error) => {
                eprintln!("terrarium: port {wanted} cannot be opened here: {error}.");
                process::exit(1);
            }
        }
    }

    fn act(&mut self, caller: CallerId, what: Does) {
        self.deeds.push(Deed { caller, what });
    }

    // ---- from the world ----

    fn hear(&mut self, heard: Heard) {
        let Heard { caller, what } = heard;
        let Some(connection) = self.connections.get_mut(&caller) else {
            return;
        };
        match what {
            Hears::Connected => {}
            Hears::Failed { .. } => {
                // Closed without its linger, it is reset at the caller's end too.
                #[cfg(unix)]
                let _ = rustix::net::sockopt::set_socket_linger(
                    &connection.stream,
                    Some(Duration::ZERO),
                );
                connection.is_gone = true;
            }
            Hears::Bytes { bytes } => connection.unsent.extend(bytes),
            Hears::Ended => connection.has_ended = true,
            Hears::Waiting { bytes } => connection.waiting_bytes = bytes as usize,
        }
        self.give(caller);
    }

    /// Hands the caller what there is for it, as much as it takes.
    fn give(&mut self, caller: CallerId) {
        let Some(connection) = self.connections.get_mut(&caller) else {
            return;
        };
        while !connection.unsent.is_empty() {
            match connection.stream.write(&connection.unsent) {
                Ok(0) => break,
                Ok(count) => drop(connection.unsent.drain(..count)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => {
                    self.drop_caller(caller, true);
                    return;
                }
            }
        }
        let is_full = connection.unsent.len() > WAITING_BYTES_MAX;
        if connection.holds_server != is_full {
            connection.holds_server = is_full;
            self.act(caller, Does::Listens { listens: !is_full });
        }
        self.watch(caller);
    }

    /// Asks to be told what may happen next with the caller, or takes leave of it.
    fn watch(&mut self, caller: CallerId) {
        let Some(connection) = self.connections.get_mut(&caller) else {
            return;
        };
        let is_empty = connection.unsent.is_empty();
        if is_empty && connection.has_ended {
            let _ = connection.stream.shutdown(Shutdown::Write);
        }
        if connection.is_gone || is_empty && connection.has_ended && connection.is_silent {
            self.drop_caller(caller, false);
            return;
        }
        let reads = !connection.is_silent && connection.waiting_bytes < WAITING_BYTES_MAX;
        let interest = Event::new(caller as usize, reads, !is_empty);
        if self.poller.modify(&connection.stream, interest).is_err() {
            self.drop_caller(caller, true);
        }
    }

    /// What the program has sent is the system's to deliver, also after its end.
    fn take_leave(&mut self) {
        for connection in self.connections.values_mut() {
            let stream = &mut connection.stream;
            // A caller that is gone, or does not read, gets no more.
            let _ = stream
                .set_nonblocking(false)
                .and_then(|()| stream.set_write_timeout(Some(LEAVE_TIME_MAX)))
                .and_then(|()| stream.write_all(&connection.unsent));
        }
    }

    fn drop_caller(&mut self, caller: CallerId, breaks: bool) {
        if let Some(gone) = self.connections.remove(&caller) {
            // It was added, so it can be taken out; and if not, closing takes it out.
            let _ = self.poller.delete(&gone.stream);
        }
        if breaks {
            self.act(caller, Does::Breaks);
        }
    }

    // ---- from this machine ----

    fn listen(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        self.events.clear();
        self.poller.wait(&mut self.events, timeout)?;
        while let Ok(number) = self.signals.try_recv() {
            self.act(NOBODY, Does::Signals { number });
        }
        let events: Vec<Event> = self.events.iter().collect();
        for event in events {
            if event.key == DOOR {
                self.admit()?;
                continue;
            }
            let caller = event.key as CallerId;
            if event.readable {
                self.read(caller);
            }
            if event.writable {
                self.give(caller);
            } else {
                self.watch(caller);
            }
        }
        Ok(())
    }

    fn admit(&mut self) -> io::Result<()> {
        let Some(door) = &self.door else {
            return Ok(());
        };
        let mut admitted: Vec<(TcpStream, SocketAddr)> = Vec::new();
        loop {
            match door.accept() {
                Ok(one) => admitted.push(one),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(error) => {
                    eprintln!("terrarium: a connection cannot be taken: {error}.");
                    break;
                }
            }
        }
        self.poller.modify(door, Event::readable(DOOR))?;
        for (stream, _) in admitted {
            stream.set_nonblocking(true)?;
            // Small answers go at once, as the world has sent them.
            stream.set_nodelay(true)?;
            self.caller_last += 1;
            let caller = self.caller_last;
            // SAFETY: `drop_caller` takes it out of the poller before it is closed.
            unsafe {
                self.poller.add(&stream, Event::readable(caller as usize))?;
            }
            let connection = Connection {
                stream,
                unsent: Vec::new(),
                has_ended: false,
                is_silent: false,
                holds_server: false,
                waiting_bytes: 0,
                is_gone: false,
            };
            self.connections.insert(caller, connection);
            let port = self.port;
            self.act(caller, Does::Connects { port });
        }
        Ok(())
    }

    fn read(&mut self, caller: CallerId) {
        let Some(connection) = self.connections.get_mut(&caller) else {
            return;
        };
        let mut bytes = Vec::new();
        let mut buffer = vec![0; READ_BYTES];
        let mut breaks = false;
        for _ in 0..READS_MAX {
            match connection.stream.read(&mut buffer) {
                Ok(0) => {
                    connection.is_silent = true;
                    break;
                }
                Ok(count) => bytes.extend_from_slice(&buffer[..count]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => {
                    breaks = true;
                    break;
                }
            }
        }
        let ends = connection.is_silent;
        if !bytes.is_empty() {
            self.act(caller, Does::Sends { bytes });
        }
        if breaks {
            self.drop_caller(caller, true);
        } else if ends {
            self.act(caller, Does::Ends);
        }
    }
}
