//! The module's exports are the jar's, so that those outside speak to both alike: `terrarium_input(len)` says where to put
//! the bytes of a command, `terrarium_call()` answers `(pointer << 32) | length` of the command that comes back. Both stay
//! valid until the next call. Bytes that are no command come back as they were: the jar refuses them in words.

use std::cell::RefCell;

use protocol::codec;

#[derive(Default)]
struct Edge {
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
        let input = std::mem::take(&mut edge.input);
        edge.output = match codec::decode(&input) {
            Ok(command) => codec::encode(&crate::carry_out(command)),
            Err(_) => input,
        };
        let pointer = edge.output.as_ptr() as usize as u32;
        (u64::from(pointer) << 32) | edge.output.len() as u64
    })
}
