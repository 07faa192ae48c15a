//! Calls from outside the world: sockets on the first process's host that no process of the world owns.

use std::net::{Ipv4Addr, SocketAddr};

use kernel::{
    Table, World,
    network::{Address, By, Change, HostId, OUTSIDE, Received, SocketId},
};
use protocol::outside::{CallerId, Deed, Does, Heard, Hears};

const READ_BYTES_MAX: usize = 256 << 10;

struct Caller {
    socket: SocketId,
    is_connected: bool,
    unsent: Vec<u8>,
    /// It has said that it ends, and something is unsent.
    ends: bool,
    listens: bool,
    has_heard_end: bool,
}

#[derive(Default)]
pub struct Outside {
    callers: Table<CallerId, Caller>,
    by_socket: Table<SocketId, CallerId>,
    heard: Vec<Heard>,
}

const BY: By = By {
    process: 0,
    cause: None,
};

impl Outside {
    pub fn act(&mut self, world: &mut World, host: HostId, deed: Deed) {
        let Deed { caller, what } = deed;
        if let Does::Connects { port } = what {
            self.connect(world, host, caller, port);
            return;
        }
        let Some(known) = self.callers.get_mut(&caller) else {
            return;
        };
        match what {
            Does::Connects { .. } | Does::Signals { .. } => {}
            Does::Sends { bytes } => known.unsent.extend(bytes),
            Does::Ends => known.ends = true,
            Does::Breaks => {
                world.reset_socket(known.socket, BY);
                self.forget(caller);
                return;
            }
            Does::Listens { listens } => known.listens = listens,
        }
        self.send(world, caller);
        self.receive(world, caller);
        self.close_when_over(world, caller);
    }

    fn connect(&mut self, world: &mut World, host: HostId, caller: CallerId, port: u16) {
        let socket = world.open_socket(host, Some(OUTSIDE));
        let to = Address::Ip(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
        if let Err(errno) = world.connect(socket, to, BY) {
            world.close_socket(socket, BY);
            self.tell(caller, Hears::Failed { errno });
            return;
        }
        let known = Caller {
            socket,
            is_connected: false,
            unsent: Vec::new(),
            ends: false,
            listens: true,
            has_heard_end: false,
        };
        self.callers.insert(caller, known);
        self.by_socket.insert(socket, caller);
    }

    fn tell(&mut self, caller: CallerId, what: Hears) {
        self.heard.push(Heard { caller, what });
    }

    fn forget(&mut self, caller: CallerId) {
        if let Some(gone) = self.callers.remove(&caller) {
            self.by_socket.remove(&gone.socket);
        }
    }

    fn send(&mut self, world: &mut World, caller: CallerId) {
        let Some(known) = self.callers.get_mut(&caller) else {
            return;
        };
        if !known.is_connected {
            return;
        }
        if !known.unsent.is_empty() {
            match world.send(known.socket, &known.unsent, BY) {
                Ok(sent) => drop(known.unsent.drain(..sent)),
                Err(errno) => return self.fail(world, caller, errno),
            }
            let bytes = known.unsent.len() as u64;
            self.heard.push(Heard {
                caller,
                what: Hears::Waiting { bytes },
            });
        }
        if known.ends && known.unsent.is_empty() {
            // Of an open socket nothing else can come than yes.
            let _ = world.shut_down(known.socket, BY);
        }
    }

    fn fail(&mut self, world: &mut World, caller: CallerId, errno: i32) {
        if let Some(known) = self.callers.get(&caller) {
            world.close_socket(known.socket, BY);
        }
        self.forget(caller);
        self.tell(caller, Hears::Failed { errno });
    }

    fn receive(&mut self, world: &mut World, caller: CallerId) {
        while let Some(known) = self.callers.get_mut(&caller) {
            if !known.is_connected || !known.listens || known.has_heard_end {
                return;
            }
            let what = match world.receive(known.socket, READ_BYTES_MAX, BY) {
                Received::Bytes(bytes) => Hears::Bytes { bytes },
                Received::Nothing => return,
                Received::End => {
                    known.has_heard_end = true;
                    Hears::Ended
                }
                Received::Error(errno) => return self.fail(world, caller, errno),
            };
            self.tell(caller, what);
        }
    }

    /// What the callers hear since the last time they asked.
    pub fn hear(&mut self, world: &mut World) -> Vec<Heard> {
        for news in world.network.take_news(OUTSIDE) {
            let Some(caller) = self.by_socket.get(&news.socket).copied() else {
                continue;
            };
            match news.what {
                Change::Connected => {
                    if let Some(known) = self.callers.get_mut(&caller) {
                        known.is_connected = true;
                    }
                    self.tell(caller, Hears::Connected);
                    self.send(world, caller);
                }
                Change::Failed(errno) => self.fail(world, caller, errno),
                Change::Writable => self.send(world, caller),
                Change::Readable => self.receive(world, caller),
            }
            self.close_when_over(world, caller);
        }
        std::mem::take(&mut self.heard)
    }

    /// Both directions have ended.
    fn close_when_over(&mut self, world: &mut World, caller: CallerId) {
        let Some(known) = self.callers.get(&caller) else {
            return;
        };
        if known.has_heard_end && known.ends && known.unsent.is_empty() {
            world.close_socket(known.socket, BY);
            self.forget(caller);
        }
    }
}
