//! Where a socket is, as programs name it, and who hears whom.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::{HostId, Network};

/// Linux's `ip_local_port_range`.
pub(super) const EPHEMERAL_PORT_FIRST: u16 = 32_768;
const EPHEMERAL_PORT_LAST: u16 = 60_999;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    Ip(SocketAddr),
    /// A socket in the file system.
    Path(String),
    /// One of a pair.
    Unnamed,
}

impl std::fmt::Display for Address {
    fn fmt(&self, formatter: &mut std::fmt::Formatter) -> std::fmt::Result {
        match self {
            Self::Ip(address) => address.fmt(formatter),
            Self::Path(path) => path.fmt(formatter),
            Self::Unnamed => Ok(()),
        }
    }
}

/// Errors by Linux's numbers, as system calls answer them.
pub mod errno {
    pub const EINVAL: i32 = 22;
    pub const EPIPE: i32 = 32;
    pub const ENOENT: i32 = 2;
    pub const EMSGSIZE: i32 = 90;
    pub const EADDRINUSE: i32 = 98;
    pub const EADDRNOTAVAIL: i32 = 99;
    pub const ENETUNREACH: i32 = 101;
    pub const ECONNRESET: i32 = 104;
    pub const EISCONN: i32 = 106;
    pub const ENOTCONN: i32 = 107;
    pub const ETIMEDOUT: i32 = 110;
    pub const ECONNREFUSED: i32 = 111;
}

/// Whether what is bound to `bound` hears who calls `called`.
pub(super) fn hears(bound: &Address, called: &Address) -> bool {
    match (bound, called) {
        (Address::Ip(bound), Address::Ip(called)) => {
            bound.port() == called.port()
                && match bound.ip() {
                    IpAddr::V6(Ipv6Addr::UNSPECIFIED) => true,
                    IpAddr::V4(Ipv4Addr::UNSPECIFIED) => called.is_ipv4(),
                    ip => ip == called.ip(),
                }
        }
        (Address::Path(bound), Address::Path(called)) => bound == called,
        _ => false,
    }
}

/// `::ffff:127.0.0.1` is 127.0.0.1.
fn plain(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V6(ip) => ip.to_ipv4_mapped().map_or(IpAddr::V6(ip), IpAddr::V4),
        ip => ip,
    }
}

impl Network {
    /// Whether the host may call this address its own.
    pub(super) fn is_own(&self, host: HostId, ip: IpAddr) -> bool {
        let ip = plain(ip);
        ip.is_unspecified() || ip.is_loopback() || ip == self.host_address(host)
    }

    /// The host that is meant when `from` calls `ip`, and the address it is called by.
    pub(super) fn find(&self, from: HostId, ip: IpAddr) -> Option<(HostId, IpAddr)> {
        let called = match ip {
            IpAddr::V4(Ipv4Addr::UNSPECIFIED) => IpAddr::V4(Ipv4Addr::LOCALHOST),
            IpAddr::V6(Ipv6Addr::UNSPECIFIED) => IpAddr::V6(Ipv6Addr::LOCALHOST),
            ip => ip,
        };
        if plain(called).is_loopback() {
            return Some((from, called));
        }
        let host = self
            .hosts
            .iter()
            .position(|host| host.address == plain(called))?;
        Some((host as HostId, called))
    }

    /// A port of the ephemeral range that no socket of the host has.
    pub(super) fn free_port(&mut self, host: HostId) -> Option<u16> {
        let count = EPHEMERAL_PORT_LAST - EPHEMERAL_PORT_FIRST + 1;
        for _ in 0..count {
            let next = &mut self.hosts[host as usize].port_next;
            let port = *next;
            *next = if port == EPHEMERAL_PORT_LAST {
                EPHEMERAL_PORT_FIRST
            } else {
                port + 1
            };
            if !self.ports.contains_key(&port_key(host, port)) {
                return Some(port);
            }
        }
        None
    }

    pub(super) fn take_port(&mut self, host: HostId, port: u16) {
        *self.ports.or_default(port_key(host, port)) += 1;
    }

    pub(super) fn give_back_port(&mut self, host: HostId, port: u16) {
        let key = port_key(host, port);
        let users = self.ports.or_default(key);
        *users = users.saturating_sub(1);
        if *users == 0 {
            self.ports.remove(&key);
        }
    }
}

pub(super) fn port_key(host: HostId, port: u16) -> u64 {
    u64::from(host) << 16 | u64::from(port)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> Address {
        Address::Ip(text.parse().expect("an address"))
    }

    #[test]
    fn who_hears_whom() {
        assert!(hears(&ip("0.0.0.0:80"), &ip("10.0.0.1:80")));
        assert!(hears(&ip("[::]:80"), &ip("127.0.0.1:80")));
        assert!(hears(&ip("[::]:80"), &ip("[::1]:80")));
        assert!(!hears(&ip("0.0.0.0:80"), &ip("[::1]:80")));
        assert!(!hears(&ip("127.0.0.1:80"), &ip("10.0.0.1:80")));
        assert!(!hears(&ip("127.0.0.1:80"), &ip("127.0.0.1:81")));
    }
}
