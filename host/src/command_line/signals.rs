//! What a terminal or a process manager tells this program, for the programs in the world.

use std::{
    io,
    sync::{
        Arc,
        mpsc::{self, Receiver},
    },
};

use polling::Poller;

/// Each signal is answered by its number on Linux, which is what the world speaks, and wakes the poller.
///
/// # Errors
///
/// The system does not let this process handle signals or begin a thread.
#[cfg(unix)]
pub fn hear(poller: &Arc<Poller>) -> io::Result<Receiver<i32>> {
    use signal_hook::{
        consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR2},
        iterator::Signals,
    };

    /// This machine's number, and Linux's. SIGUSR1 is left out: Node keeps it for its debugger.
    const NUMBERS: [(i32, i32); 4] = [(SIGHUP, 1), (SIGINT, 2), (SIGUSR2, 12), (SIGTERM, 15)];

    let (sender, receiver) = mpsc::channel();
    let mut signals = Signals::new(NUMBERS.map(|(here, _)| here))?;
    let poller = poller.clone();
    std::thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || {
            for signal in signals.forever() {
                let number = NUMBERS.iter().find(|(here, _)| *here == signal);
                let Some((_, number)) = number else { continue };
                if sender.send(*number).is_err() || poller.notify().is_err() {
                    return;
                }
            }
        })?;
    Ok(receiver)
}

/// Where there are none, nothing is ever heard.
#[cfg(not(unix))]
pub fn hear(_poller: &Arc<Poller>) -> io::Result<Receiver<i32>> {
    let (_, receiver) = mpsc::channel();
    Ok(receiver)
}
