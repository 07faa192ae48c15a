//! Where hosts stand: layered by Sugiyama's method (K. Sugiyama, S. Tagawa, M. Toda, 1981), clients first, so that what
//! is asked goes on and what is answered comes back. The crate `rust-sugiyama` does that too, and would add a fifth to
//! the page's weight. What is left out is its last phase, which straightens long edges. Layers stand side by side where
//! there is room for it and none is a tower, else below each other. The same hosts and links give the same map; what the
//! reader has moved stays where it was put.

use recording::{
    Few,
    axis::within,
    network::{HostIndex, Network},
};

use crate::views::drawn;

pub const NODE_WIDTH_PX: f64 = 140.0;
pub const NODE_HEIGHT_PX: f64 = 66.0;
const LAYER_GAP_PX: f64 = 96.0;
const LAYER_GAP_MIN_PX: f64 = 64.0;
const ROW_GAP_PX: f64 = 36.0;
/// Of one layer above each other.
const ROWS_MAX: f64 = 12.0;
/// Where requests and answers part.
const APART_PX: f64 = 7.0;

/// By the host's name, the middle of its box: `x` in thousandths of the map's width, `y` in pixels.
pub type Places = Few<String, (i32, i32)>;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Map {
    pub width_px: f64,
    pub height_px: f64,
    /// The middle of each host's box.
    pub hosts: Vec<(f64, f64)>,
    across: bool,
}

impl Map {
    pub fn new(network: &Network, width_px: f64, moved: &Places) -> Self {
        let count = network.hosts().len();
        let layers = layers(network);
        let widest = layers.iter().map(Vec::len).max().unwrap_or(1) as f64;
        let deep = layers.len() as f64;
        let across = widest <= ROWS_MAX
            && deep * NODE_WIDTH_PX + (deep - 1.0) * LAYER_GAP_MIN_PX <= width_px;
        let mut hosts = vec![(0.0, 0.0); count];
        let height_px;
        if across {
            height_px = (widest * (NODE_HEIGHT_PX + ROW_GAP_PX)).max(180.0);
            let gap =
                ((width_px - deep * NODE_WIDTH_PX) / (deep - 1.0).max(1.0)).min(LAYER_GAP_PX * 2.0);
            let used = deep * NODE_WIDTH_PX + (deep - 1.0) * gap;
            for (layer, members) in layers.iter().enumerate() {
                let x = (width_px - used) / 2.0
                    + NODE_WIDTH_PX / 2.0
                    + layer as f64 * (NODE_WIDTH_PX + gap);
                let step = height_px / members.len() as f64;
                for (row, host) in members.iter().enumerate() {
                    hosts[*host] = (x, step * (row as f64 + 0.5));
                }
            }
        } else {
            // Of many in one layer each row holds what fits.
            let fit = ((width_px + 12.0) / (NODE_WIDTH_PX + 12.0))
                .floor()
                .max(1.0) as usize;
            let mut y = NODE_HEIGHT_PX / 2.0 + 8.0;
            for members in &layers {
                for row in members.chunks(fit) {
                    let step = width_px / row.len() as f64;
                    for (place, host) in row.iter().enumerate() {
                        hosts[*host] = (step * (place as f64 + 0.5), y);
                    }
                    y += NODE_HEIGHT_PX
                        + if members.len() > fit {
                            ROW_GAP_PX / 2.0
                        } else {
                            LAYER_GAP_MIN_PX
                        };
                }
            }
            height_px = y;
        }
        let mut map = Self {
            width_px,
            height_px,
            hosts,
            across,
        };
        for (host, known) in network.hosts().iter().enumerate() {
            if let Some((x, y)) = moved.get(&known.name) {
                map.hosts[host] = map.within(f64::from(*x) * width_px / 1_000.0, f64::from(*y));
                map.height_px = map.height_px.max(f64::from(*y) + NODE_HEIGHT_PX);
            }
        }
        map
    }

    /// A box may not leave the map sideways or upwards.
    pub fn within(&self, x: f64, y: f64) -> (f64, f64) {
        let (half_width, half_height) = (NODE_WIDTH_PX / 2.0, NODE_HEIGHT_PX / 2.0);
        (
            x.min(self.width_px - half_width).max(half_width),
            within(y, half_height, self.height_px.max(4_000.0)),
        )
    }

    pub fn way(&self, from: usize, to: usize) -> Way {
        let (a, b) = (self.hosts[from], self.hosts[to]);
        if from == to {
            // Within a host: a loop over its box.
            let top = a.1 - NODE_HEIGHT_PX / 2.0;
            return Way([
                (a.0 - 36.0, top),
                (a.0 - 36.0, top - 44.0),
                (a.0 + 36.0, top - 44.0),
                (a.0 + 36.0, top),
            ]);
        }
        let (dx, dy) = (b.0 - a.0, b.1 - a.1);
        let sideways = if self.across {
            dx.abs() > NODE_WIDTH_PX
        } else {
            dy.abs() < NODE_HEIGHT_PX
        };
        let shift = APART_PX * if (dx, dy) > (0.0, 0.0) { 1.0 } else { -1.0 };
        if sideways {
            let sign = dx.signum();
            let start = (a.0 + sign * NODE_WIDTH_PX / 2.0, a.1 - shift);
            let end = (b.0 - sign * NODE_WIDTH_PX / 2.0, b.1 - shift);
            let middle = f64::midpoint(start.0, end.0);
            Way([start, (middle, start.1), (middle, end.1), end])
        } else {
            let sign = dy.signum();
            let start = (a.0 + shift, a.1 + sign * NODE_HEIGHT_PX / 2.0);
            let end = (b.0 + shift, b.1 - sign * NODE_HEIGHT_PX / 2.0);
            let middle = f64::midpoint(start.1, end.1);
            Way([start, (start.0, middle), (end.0, middle), end])
        }
    }
}

/// A cubic Bézier curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Way([(f64, f64); 4]);

impl Way {
    pub fn path(&self) -> String {
        let [a, b, c, d] = self.0;
        drawn(
            "M# #C# # # # # #",
            &[a.0, a.1, b.0, b.1, c.0, c.1, d.0, d.1],
        )
    }

    /// Where one is after so much of the way, and which way one looks, in degrees.
    pub fn at(&self, part: f64) -> (f64, f64, f64) {
        let [a, b, c, d] = self.0;
        let rest = 1.0 - part;
        let weigh = |w: [f64; 4]| {
            let sum = |of: fn(&(f64, f64)) -> f64| {
                w[0] * of(&a) + w[1] * of(&b) + w[2] * of(&c) + w[3] * of(&d)
            };
            (sum(|point| point.0), sum(|point| point.1))
        };
        let (x, y) = weigh([
            rest * rest * rest,
            3.0 * rest * rest * part,
            3.0 * rest * part * part,
            part * part * part,
        ]);
        let (dx, dy) = weigh([
            -rest * rest,
            rest * rest - 2.0 * rest * part,
            2.0 * rest * part - part * part,
            part * part,
        ]);
        (x, y, dy.atan2(dx).to_degrees())
    }

    pub fn length_px(&self) -> f64 {
        let points: Vec<(f64, f64, f64)> = (0..=16)
            .map(|step| self.at(f64::from(step) / 16.0))
            .collect();
        points
            .windows(2)
            .map(|pair| (pair[1].0 - pair[0].0).hypot(pair[1].1 - pair[0].1))
            .sum()
    }
}

/// Hosts layer by layer: each as far behind those that ask it as the longest way to it; within a layer in the order of
/// their neighbours' middles, which crosses little.
fn layers(network: &Network) -> Vec<Vec<HostIndex>> {
    let count = network.hosts().len();
    let mut edges: Vec<(HostIndex, HostIndex)> = Vec::new();
    for request in network.requests() {
        let edge = (request.client, request.server);
        // Of two that ask each other, and of any other circle, the way that was there first counts.
        if !edges.contains(&edge) && !leads(&edges, edge.1, edge.0) {
            edges.push(edge);
        }
    }
    let mut layer_of = vec![0; count];
    // A longest way has no more steps than there are hosts.
    for _ in 0..count {
        for (from, to) in &edges {
            layer_of[*to] = layer_of[*to].max(layer_of[*from] + 1);
        }
    }
    let mut layers = vec![Vec::new(); layer_of.iter().max().map_or(1, |last| last + 1)];
    for (host, layer) in layer_of.iter().enumerate() {
        layers[*layer].push(host);
    }
    for sweep in 0..SWEEPS {
        let place_of = places(&layers, count);
        let back = sweep % 2 == 1;
        for members in &mut layers {
            let middle = |host: HostIndex| {
                let neighbours = edges.iter().filter_map(|(from, to)| match back {
                    true => (*from == host).then_some(*to),
                    false => (*to == host).then_some(*from),
                });
                let near: Vec<i64> = neighbours.map(|other| place_of[other]).collect();
                match near.len() as i64 {
                    0 => place_of[host],
                    many => near.iter().sum::<i64>() / many,
                }
            };
            let mut ordered: Vec<(i64, HostIndex)> = Vec::new();
            for host in std::mem::take(members) {
                let key = (middle(host), host);
                ordered.insert(ordered.partition_point(|other| *other < key), key);
            }
            *members = ordered.into_iter().map(|(_, host)| host).collect();
        }
    }
    layers
}

const SWEEPS: usize = 8;

fn leads(edges: &[(HostIndex, HostIndex)], from: HostIndex, to: HostIndex) -> bool {
    from == to
        || edges
            .iter()
            .any(|(start, end)| *start == from && leads(edges, *end, to))
}

/// Where each host stands in its layer, in thousandths of it.
fn places(layers: &[Vec<HostIndex>], count: usize) -> Vec<i64> {
    let mut places = vec![0; count];
    for members in layers {
        for (place, host) in members.iter().enumerate() {
            places[*host] = (place as i64 * 2 + 1) * 500 / members.len() as i64;
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use recording::{Recording, fixture};

    use super::*;

    #[test]
    fn hosts_stand_in_the_order_of_asking_and_do_not_overlap() {
        let recording = Recording::from_events(fixture::exchanges(40, 1));
        let network = recording.network();
        let named = |name: &str| {
            network
                .hosts()
                .iter()
                .position(|host| host.name == name)
                .unwrap()
        };
        for width_px in [280.0, 560.0, 1_200.0] {
            let map = Map::new(network, width_px, &Places::default());
            assert_eq!(map, Map::new(network, width_px, &Places::default()));
            let [phone, api, bank] = ["phone", "api", "bank"].map(|name| map.hosts[named(name)]);
            if width_px > 500.0 {
                assert!(phone.0 < api.0 && api.0 < bank.0, "{width_px}: {map:?}");
            } else {
                assert!(phone.1 < api.1 && api.1 < bank.1, "{width_px}: {map:?}");
            }
            for (x, y) in &map.hosts {
                assert_eq!(map.within(*x, *y), (*x, *y));
            }
        }
    }

    #[test]
    fn what_was_moved_stays() {
        let recording = Recording::from_events(fixture::exchanges(40, 1));
        let mut moved = Places::default();
        moved.insert("api".to_owned(), (250, 300));
        let map = Map::new(recording.network(), 800.0, &moved);
        assert!(map.hosts.contains(&(200.0, 300.0)));
        assert!(map.height_px >= 300.0);
    }

    #[test]
    fn a_way_begins_and_ends_at_its_boxes() {
        let recording = Recording::from_events(fixture::exchanges(40, 1));
        let map = Map::new(recording.network(), 900.0, &Places::default());
        let way = map.way(0, 1);
        let (x, y, _) = way.at(0.0);
        assert!((x - map.hosts[0].0).abs() <= NODE_WIDTH_PX / 2.0 + 0.1);
        assert!((y - map.hosts[0].1).abs() <= NODE_HEIGHT_PX / 2.0 + 10.0);
        assert!(way.length_px() >= LAYER_GAP_MIN_PX);
    }
}
