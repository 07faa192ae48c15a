//! The module's only exports beside its memory.
//!
//! The outside asks `terrarium_input(len)` where to put the bytes of a command, writes them there, and calls
//! `terrarium_call()`, which answers `(pointer << 32) | length` of a reply. Both stay valid until the next call.

use std::cell::RefCell;

use protocol::{Command, Reply, codec};

use crate::Jar;

#[derive(Default)]
struct Edge {
    jar: Jar,
    input: Vec<u8>,
    output: Vec<u8>,
}

thread_local! {
    static EDGE: RefCell<Edge> = RefCell::default();
}

#[unsafe(no_mangle)]
pub extern "C" fn terrarium_input(len: u32) -> u32 {
    EDGE.with_borrow_mut(|edge| {
        edge.input = vec![0; len as usize];
        edge.input.as_mut_ptr() as usize as u32
    })
}

#[unsafe(no_mangle)]
pub extern "C" fn terrarium_call() -> u64 {
    EDGE.with_borrow_mut(|edge| {
        let mut input = std::mem::take(&mut edge.input);
        edge.output = answer(&mut edge.jar, &input);
        wipe(&mut input);
        let pointer = edge.output.as_ptr() as usize as u32;
        (u64::from(pointer) << 32) | edge.output.len() as u64
    })
}

/// An image leaves out what is zero, and a library's bytes would stand in it once more for each copy.
pub(crate) fn wipe(bytes: &mut [u8]) {
    bytes.fill(0);
    // Nobody reads them again, which a compiler would notice.
    std::hint::black_box(bytes);
}

/// One command's bytes in, one reply's bytes out. Public for native tests.
pub fn answer(jar: &mut Jar, input: &[u8]) -> Vec<u8> {
    let reply = match codec::decode::<Command>(input) {
        Ok(command) => jar.carry_out(command),
        Err(reason) => Reply::Refused { reason },
    };
    codec::encode(&reply)
}
