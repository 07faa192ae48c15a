//! Who calls a server of the world from outside it: a person's own tools, by way of the host program.

use serde::{Deserialize, Serialize};

/// A connection from outside, numbered by whoever makes it.
pub type CallerId = u64;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deed {
    pub caller: CallerId,
    pub what: Does,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Does {
    /// To this port of the first process's host.
    Connects {
        port: u16,
    },
    Sends {
        bytes: Vec<u8>,
    },
    /// Nothing more is sent.
    Ends,
    /// The connection is broken off.
    Breaks,
    /// Takes no more for now, or takes it again: what the server sends waits, and in the end the server.
    Listens {
        listens: bool,
    },
    /// Not a caller's: a signal from the terminal, to all processes of the world, by Linux's number.
    Signals {
        number: i32,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heard {
    pub caller: CallerId,
    pub what: Hears,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Hears {
    Connected,
    /// Linux's number of the error; the connection is over.
    Failed {
        errno: i32,
    },
    Bytes {
        bytes: Vec<u8>,
    },
    /// Nothing more comes.
    Ended,
    /// So many of the sent bytes wait for room at the server.
    Waiting {
        bytes: u64,
    },
}
