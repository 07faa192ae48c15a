//! What the reader has chosen to look at, the same in every view.

use protocol::trace::PacketId;
use recording::network::{HostIndex, Network, RequestIndex};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chosen {
    Packet(PacketId),
    Host(HostIndex),
    Request(RequestIndex),
}

impl Chosen {
    pub fn is_in(self, network: &Network) -> bool {
        match self {
            Self::Packet(packet) => network.packet(packet).is_some(),
            Self::Host(host) => host < network.hosts().len(),
            Self::Request(request) => request < network.requests().len(),
        }
    }

    /// The request that it belongs to.
    pub fn request(self, network: &Network) -> Option<RequestIndex> {
        match self {
            Self::Packet(packet) => network.packet(packet)?.request,
            Self::Host(_) => None,
            Self::Request(request) => Some(request),
        }
    }
}
