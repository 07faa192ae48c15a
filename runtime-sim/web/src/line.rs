//! A socket with what waits for room in it.

use kernel::{
    World,
    network::{By, SocketId},
};

#[derive(Debug)]
pub(crate) struct Line {
    pub socket: SocketId,
    unsent: Vec<u8>,
}

impl Line {
    pub fn new(socket: SocketId) -> Self {
        Self {
            socket,
            unsent: Vec::new(),
        }
    }

    /// Sends what there is room for; the rest goes when [`Line::go_on`] is called.
    pub fn send(&mut self, world: &mut World, bytes: &[u8], by: By) -> Result<(), i32> {
        if !self.unsent.is_empty() {
            self.unsent.extend_from_slice(bytes);
            return self.go_on(world, by);
        }
        let sent = world.send(self.socket, bytes, by)?;
        self.unsent.extend_from_slice(&bytes[sent..]);
        Ok(())
    }

    /// There may be room.
    pub fn go_on(&mut self, world: &mut World, by: By) -> Result<(), i32> {
        if !self.unsent.is_empty() {
            let sent = world.send(self.socket, &self.unsent, by)?;
            self.unsent.drain(..sent);
        }
        Ok(())
    }

    pub fn is_clear(&self) -> bool {
        self.unsent.is_empty()
    }
}
