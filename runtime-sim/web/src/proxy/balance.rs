//! Which of several servers is asked, as nginx's modules choose it: smooth weighted round-robin, fewest connections, by
//! the client's address, by a hash of anything, with or without a ring (ketama) on which few keys move when a server goes.
//!
//! A server that failed `max_fails` times is left alone for `fail_timeout`. When an active check has found it sick, it
//! is left alone until a check finds it well.

use std::net::IpAddr;

use nginx::{Balance, Peer, Upstream};

#[derive(Debug)]
pub(super) struct Group {
    pub upstream: Upstream,
    pub peers: Vec<Member>,
    /// Of the ring: a hash, and the peer.
    points: Vec<(u32, usize)>,
}

#[derive(Debug)]
pub(super) struct Member {
    pub spec: Peer,
    current_weight: i64,
    effective_weight: i64,
    fails: u32,
    accessed_ns: u64,
    checked_ns: u64,
    pub connections: u32,
    /// What active checks have found.
    pub is_sick: bool,
    /// Checks in a row that say the contrary.
    pub contrary: u32,
}

/// Points on the ring for each unit of weight.
const POINTS: u32 = 160;
/// Then round-robin decides.
const HASH_TRIES_MAX: u32 = 20;

impl Group {
    pub fn new(upstream: Upstream) -> Self {
        let peers = upstream.peers.iter().map(|spec| Member {
            current_weight: 0,
            effective_weight: i64::from(spec.weight),
            fails: 0,
            accessed_ns: 0,
            checked_ns: 0,
            connections: 0,
            is_sick: false,
            contrary: 0,
            spec: spec.clone(),
        });
        let peers: Vec<Member> = peers.collect();
        let is_ring = matches!(
            upstream.balance,
            Balance::Hash {
                is_consistent: true,
                ..
            }
        );
        let points = if is_ring { ring(&peers) } else { Vec::new() };
        Self {
            upstream,
            peers,
            points,
        }
    }

    /// `key` is what the hash is of.
    pub fn choose(
        &mut self,
        now_ns: u64,
        client: IpAddr,
        key: &str,
        tried: &[usize],
    ) -> Option<usize> {
        let chosen = match &self.upstream.balance {
            Balance::RoundRobin => None,
            Balance::LeastConnections => return self.least_connections(now_ns, tried),
            Balance::IpHash => self.by_address(now_ns, client, tried),
            Balance::Hash {
                is_consistent: false,
                ..
            } => self.by_hash(now_ns, key, tried),
            Balance::Hash { .. } => self.by_ring(now_ns, key, tried),
        };
        chosen.or_else(|| self.round_robin(now_ns, tried, |_| true))
    }

    fn is_usable(&self, peer: usize, now_ns: u64, tried: &[usize]) -> bool {
        let member = &self.peers[peer];
        let spec = &member.spec;
        let is_resting = self.peers.len() > 1
            && spec.max_fails > 0
            && member.fails >= spec.max_fails
            && now_ns - member.checked_ns <= spec.fail_timeout_ns;
        let is_full = spec.max_connections > 0 && member.connections >= spec.max_connections;
        !(tried.contains(&peer) || spec.is_down || member.is_sick || is_resting || is_full)
    }

    fn round_robin(
        &mut self,
        now_ns: u64,
        tried: &[usize],
        among: impl Fn(usize) -> bool,
    ) -> Option<usize> {
        for backups in [false, true] {
            let mut total = 0;
            let mut best: Option<usize> = None;
            for peer in 0..self.peers.len() {
                if self.peers[peer].spec.is_backup != backups
                    || !among(peer)
                    || !self.is_usable(peer, now_ns, tried)
                {
                    continue;
                }
                let member = &mut self.peers[peer];
                member.current_weight += member.effective_weight;
                total += member.effective_weight;
                if member.effective_weight < i64::from(member.spec.weight) {
                    member.effective_weight += 1;
                }
                let weight = member.current_weight;
                if best.is_none_or(|best| weight > self.peers[best].current_weight) {
                    best = Some(peer);
                }
            }
            if let Some(best) = best {
                let member = &mut self.peers[best];
                member.current_weight -= total;
                if now_ns - member.checked_ns > member.spec.fail_timeout_ns {
                    member.checked_ns = now_ns;
                }
                return Some(best);
            }
        }
        None
    }

    fn least_connections(&mut self, now_ns: u64, tried: &[usize]) -> Option<usize> {
        let load = |member: &Member| (u64::from(member.connections), u64::from(member.spec.weight));
        let is_less = |one: (u64, u64), other: (u64, u64)| one.0 * other.1 < other.0 * one.1;
        for backups in [false, true] {
            let mut best: Option<(u64, u64)> = None;
            for (peer, member) in self.peers.iter().enumerate() {
                let counts = member.spec.is_backup == backups;
                if counts
                    && self.is_usable(peer, now_ns, tried)
                    && best.is_none_or(|best| is_less(load(member), best))
                {
                    best = Some(load(member));
                }
            }
            if let Some(best) = best {
                let equal: Vec<bool> = self
                    .peers
                    .iter()
                    .map(|member| !is_less(best, load(member)))
                    .collect();
                return self.round_robin(now_ns, tried, |peer| equal[peer]);
            }
        }
        None
    }

    /// The peer in whose share of all weights this number lies.
    fn at_weight(&self, number: u64) -> usize {
        let total: u64 = self
            .peers
            .iter()
            .map(|member| u64::from(member.spec.weight))
            .sum();
        let mut rest = number % total.max(1);
        for (peer, member) in self.peers.iter().enumerate() {
            let weight = u64::from(member.spec.weight);
            if rest < weight {
                return peer;
            }
            rest -= weight;
        }
        0
    }

    fn by_address(&self, now_ns: u64, client: IpAddr, tried: &[usize]) -> Option<usize> {
        // Of an IPv4 address, three quarters: a network's hosts belong together.
        let bytes = match client {
            IpAddr::V4(ip) => ip.octets()[..3].to_vec(),
            IpAddr::V6(ip) => ip.octets().to_vec(),
        };
        let mut hash = 89_u64;
        for _ in 0..=HASH_TRIES_MAX {
            for byte in &bytes {
                hash = (hash * 113 + u64::from(*byte)) % 6_271;
            }
            let peer = self.at_weight(hash);
            if self.is_usable(peer, now_ns, tried) {
                return Some(peer);
            }
        }
        None
    }

    fn by_hash(&self, now_ns: u64, key: &str, tried: &[usize]) -> Option<usize> {
        let mut hash = 0_u64;
        for again in 0..=HASH_TRIES_MAX {
            let mut crc = Crc::new();
            if again > 0 {
                crc.add(again.to_string().as_bytes());
            }
            crc.add(key.as_bytes());
            hash += u64::from(crc.end() >> 16 & 0x7fff);
            let peer = self.at_weight(hash);
            if self.is_usable(peer, now_ns, tried) {
                return Some(peer);
            }
        }
        None
    }

    fn by_ring(&self, now_ns: u64, key: &str, tried: &[usize]) -> Option<usize> {
        let mut crc = Crc::new();
        crc.add(key.as_bytes());
        let hash = crc.end();
        let first = self.points.partition_point(|(point, _)| *point < hash);
        let around = self.points[first..].iter().chain(&self.points[..first]);
        let mut usable = around.filter(|(_, peer)| self.is_usable(*peer, now_ns, tried));
        usable.next().map(|(_, peer)| *peer)
    }

    pub fn begins(&mut self, peer: usize) {
        self.peers[peer].connections += 1;
    }

    pub fn ends(&mut self, peer: usize, now_ns: u64, failed: bool) {
        let is_single = self.peers.len() == 1;
        let member = &mut self.peers[peer];
        member.connections = member.connections.saturating_sub(1);
        if is_single {
            return;
        }
        if failed {
            member.fails += 1;
            member.accessed_ns = now_ns;
            member.checked_ns = now_ns;
            if let Some(loss) = member.spec.weight.checked_div(member.spec.max_fails) {
                let loss = i64::from(loss);
                member.effective_weight = (member.effective_weight - loss).max(0);
            }
        } else if member.accessed_ns < member.checked_ns {
            member.fails = 0;
        }
    }
}

fn ring(peers: &[Member]) -> Vec<(u32, usize)> {
    let mut points = Vec::new();
    for (peer, member) in peers.iter().enumerate() {
        let mut previous = [0; 4];
        for _ in 0..member.spec.weight * POINTS {
            let mut crc = Crc::new();
            crc.add(member.spec.host.as_bytes());
            crc.add(b"\0");
            crc.add(member.spec.port.to_string().as_bytes());
            crc.add(&previous);
            let hash = crc.end();
            points.push((hash, peer));
            previous = hash.to_le_bytes();
        }
    }
    points.sort_by_key(|(hash, _)| *hash);
    points.dedup_by_key(|(hash, _)| *hash);
    points
}

/// CRC-32 as zlib has it.
struct Crc(u32);

impl Crc {
    fn new() -> Self {
        Self(u32::MAX)
    }

    fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 ^= u32::from(*byte);
            for _ in 0..8 {
                let low = self.0 & 1;
                self.0 = self.0 >> 1 ^ (0xedb8_8320 & low.wrapping_neg());
            }
        }
    }

    fn end(self) -> u32 {
        !self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: u64 = 1_000_000_000;

    fn group(balance: Balance, weights: &[u32]) -> Group {
        let peers = weights.iter().enumerate().map(|(number, weight)| Peer {
            weight: *weight,
            ..Peer::new(format!("app{number}"), 3_000, 1)
        });
        Group::new(Upstream {
            name: "backend".into(),
            balance,
            peers: peers.collect(),
            keepalive: 0,
            health: None,
        })
    }

    fn chosen(group: &mut Group, count: usize) -> String {
        let client = IpAddr::from([10, 0, 0, 9]);
        (0..count)
            .map(|_| group.choose(S, client, "", &[]).expect("one").to_string())
            .collect()
    }

    #[test]
    fn a_checksum_is_the_published_one() {
        let mut crc = Crc::new();
        crc.add(b"123456789");
        assert_eq!(crc.end(), 0xcbf4_3926);
    }

    #[test]
    fn round_robin_is_smooth() {
        assert_eq!(
            chosen(&mut group(Balance::RoundRobin, &[1, 1, 1]), 6),
            "012012"
        );
        // nginx's own example.
        assert_eq!(
            chosen(&mut group(Balance::RoundRobin, &[5, 1, 1]), 7),
            "0010200"
        );
    }

    #[test]
    fn who_failed_rests() {
        let mut group = group(Balance::RoundRobin, &[1, 1]);
        group.begins(0);
        group.ends(0, S, true);
        assert_eq!(chosen(&mut group, 3), "111");
        let client = IpAddr::from([10, 0, 0, 9]);
        assert_eq!(group.choose(S, client, "", &[1]), None);
        assert_eq!(group.choose(12 * S, client, "", &[1]), Some(0));
    }

    #[test]
    fn the_fewest_connections_are_counted() {
        let mut group = group(Balance::LeastConnections, &[1, 2]);
        let mut order = String::new();
        for _ in 0..6 {
            let peer = chosen(&mut group, 1);
            group.begins(peer.parse().expect("a number"));
            order += &peer;
        }
        assert_eq!(order.matches('1').count(), 4, "{order}");
    }

    #[test]
    fn a_ring_moves_few_keys() {
        let balance = || Balance::Hash {
            key: nginx::Text::plain(""),
            is_consistent: true,
        };
        let client = IpAddr::from([10, 0, 0, 9]);
        let place = |group: &mut Group, key: usize, tried: &[usize]| {
            group
                .choose(S, client, &key.to_string(), tried)
                .expect("one")
        };
        let mut group = group(balance(), &[1, 1, 1, 1]);
        let mut moved = 0;
        let mut counts = [0; 4];
        for key in 0..4_000 {
            let before = place(&mut group, key, &[]);
            counts[before] += 1;
            let after = place(&mut group, key, &[3]);
            assert!(before == 3 || before == after);
            moved += usize::from(before != after);
        }
        assert_eq!(moved, counts[3]);
        assert!(
            counts.iter().all(|count| (600..1_400).contains(count)),
            "{counts:?}"
        );
    }
}
