//! What a packet meets between two hosts: how long it takes, whether it gets there.

use crate::Stream;

/// How long a packet travels, as a distribution given by points of its cumulative curve: at most so many of a million
/// packets take at most so long. Between two points it is a straight line. One point is a constant, two are an even
/// spread, and a long tail is a few more. It is drawn in whole numbers, so it is the same everywhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Latency(Vec<(u32, u64)>);

const MILLION: u64 = 1_000_000;

impl Latency {
    pub fn constant(ns: u64) -> Self {
        Self(vec![(0, ns)])
    }

    /// `points` are `(packets of a million, ns)`, ascending in both.
    pub fn curve(points: Vec<(u32, u64)>) -> Option<Self> {
        let ascends = points
            .windows(2)
            .all(|pair| pair[0].0 < pair[1].0 && pair[0].1 <= pair[1].1);
        let fits = points
            .last()
            .is_some_and(|(share, _)| u64::from(*share) <= MILLION);
        (ascends && fits).then_some(Self(points))
    }

    /// The least and the most that can be drawn.
    pub fn bounds_ns(&self) -> (u64, u64) {
        let ns = |point: Option<&(u32, u64)>| point.map_or(0, |(_, ns)| *ns);
        (ns(self.0.first()), ns(self.0.last()))
    }

    pub fn draw(&self, chance: &mut Stream) -> u64 {
        let points = &self.0;
        if points.len() == 1 {
            return points[0].1;
        }
        let share = chance.below(MILLION + 1);
        let behind = points.partition_point(|(at, _)| u64::from(*at) <= share);
        if behind == 0 || behind == points.len() {
            return points[behind.min(points.len() - 1)].1;
        }
        let ((low, low_ns), (high, high_ns)) = (points[behind - 1], points[behind]);
        let part = u128::from(share - u64::from(low)) * u128::from(high_ns - low_ns);
        low_ns + (part / u128::from(high - low)) as u64
    }
}

/// One direction between two hosts.
#[derive(Clone, Debug)]
pub struct Link {
    pub latency: Latency,
    /// None: as fast as one likes.
    pub bits_per_second: Option<u64>,
    /// Of a million packets.
    pub lost: u32,
    /// Nothing gets through.
    pub is_cut: bool,
    /// The largest piece of a stream that travels as one packet.
    pub payload_bytes_max: usize,
    /// What was sent last has left the sender.
    free_ns: u64,
}

/// What Ethernet, IP and TCP put around a payload.
const ENVELOPE_BYTES: u64 = 66;
/// A packet of 1,500 bytes without its IP and TCP heads and the time stamps that Linux adds.
const ETHERNET_PAYLOAD_BYTES: usize = 1_448;
const LOOPBACK_PAYLOAD_BYTES: usize = 65_483;

impl Link {
    pub fn new(latency: Latency) -> Self {
        Self {
            latency,
            bits_per_second: None,
            lost: 0,
            is_cut: false,
            payload_bytes_max: ETHERNET_PAYLOAD_BYTES,
            free_ns: 0,
        }
    }

    /// Within one host.
    pub fn loopback(latency_ns: u64) -> Self {
        Self {
            payload_bytes_max: LOOPBACK_PAYLOAD_BYTES,
            ..Self::new(Latency::constant(latency_ns))
        }
    }

    /// When a packet that is sent now arrives, and between which moments it might; `None` when it is lost on the way.
    pub fn carry(
        &mut self,
        now_ns: u64,
        payload_bytes: usize,
        chance: &mut Stream,
    ) -> Option<(u64, (u64, u64))> {
        let mut leaves_ns = now_ns;
        if let Some(bits_per_second) = self.bits_per_second {
            let bits = (payload_bytes as u64 + ENVELOPE_BYTES) * 8;
            let takes_ns = u128::from(bits) * 1_000_000_000 / u128::from(bits_per_second.max(1));
            leaves_ns = self.free_ns.max(now_ns).saturating_add(takes_ns as u64);
            self.free_ns = leaves_ns;
        }
        let is_lost = self.is_cut || self.lost > 0 && chance.below(MILLION) < u64::from(self.lost);
        let arrives_ns = leaves_ns.saturating_add(self.latency.draw(chance));
        let (least_ns, most_ns) = self.latency.bounds_ns();
        let range = (
            leaves_ns.saturating_add(least_ns),
            leaves_ns.saturating_add(most_ns),
        );
        (!is_lost).then_some((arrives_ns, range))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Chance;

    #[test]
    fn a_curve_is_met() {
        // Half of the packets take up to 10, all but 1 % up to 50, none more than 200.
        let curve = Latency::curve(vec![(0, 0), (500_000, 10), (990_000, 50), (1_000_000, 200)]);
        let curve = curve.expect("it ascends");
        let mut chance = Chance::new(3).stream("a link");
        let mut drawn: Vec<u64> = (0..100_000).map(|_| curve.draw(&mut chance)).collect();
        drawn.sort_unstable();
        assert!(drawn[50_000].abs_diff(10) <= 1, "{}", drawn[50_000]);
        // So far out the curve is steep: 15 ns are a thousandth of all.
        assert!(drawn[99_000].abs_diff(50) <= 15, "{}", drawn[99_000]);
        assert!(drawn[99_999] <= 200);
        assert_eq!(curve.bounds_ns(), (0, 200));
    }

    #[test]
    fn a_curve_ascends() {
        assert_eq!(Latency::curve(vec![]), None);
        assert_eq!(Latency::curve(vec![(5, 1), (5, 2)]), None);
        assert_eq!(Latency::curve(vec![(5, 2), (6, 1)]), None);
        assert_eq!(Latency::curve(vec![(5, 1), (1_000_001, 2)]), None);
    }

    #[test]
    fn bandwidth_makes_packets_queue() {
        let mut chance = Chance::new(1).stream("a link");
        let mut link = Link::new(Latency::constant(1_000));
        link.bits_per_second = Some(8_000_000);
        let mut carry = |now_ns| link.carry(now_ns, 934, &mut chance);
        let at = |arrives_ns| Some((arrives_ns, (arrives_ns, arrives_ns)));
        // 1,000 bytes with their envelopes at a byte a microsecond.
        assert_eq!(carry(0), at(1_001_000));
        assert_eq!(carry(0), at(2_001_000));
        assert_eq!(carry(5_000_000), at(6_001_000));
    }

    #[test]
    fn so_many_are_lost() {
        let mut chance = Chance::new(1).stream("a link");
        let mut link = Link::new(Latency::constant(1));
        link.lost = 100_000;
        let arrived = (0..100_000).filter(|_| link.carry(0, 1, &mut chance).is_some());
        assert!(arrived.count().abs_diff(90_000) < 500);
        link.is_cut = true;
        assert_eq!(link.carry(0, 1, &mut chance), None);
    }
}
