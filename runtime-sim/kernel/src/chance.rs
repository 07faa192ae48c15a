//! Chance that can be repeated. Each user of it has a stream of its own, named, so that one more draw in one place, or
//! one more stream, changes nothing anywhere else.
//!
//! The generator is xoshiro256** seeded by SplitMix64 over the world's seed and the stream's name (FNV-1a), as its
//! authors advise: <https://prng.di.unimi.it/>.

/// The source of all streams of one world.
#[derive(Clone, Copy, Debug)]
pub struct Chance {
    seed: u64,
}

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// The stream of that name, from its beginning.
    pub fn stream(&self, name: &str) -> Stream {
        let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
        for byte in name.bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        let mut state = self.seed ^ hash;
        Stream {
            state: [
                split_mix(&mut state),
                split_mix(&mut state),
                split_mix(&mut state),
                split_mix(&mut state),
            ],
        }
    }
}

/// One sequence of draws.
#[derive(Clone, Debug)]
pub struct Stream {
    state: [u64; 4],
}

impl Stream {
    pub fn next_u64(&mut self) -> u64 {
        let [a, b, c, d] = &mut self.state;
        let result = b.wrapping_mul(5).rotate_left(7).wrapping_mul(9);
        let shifted = *b << 17;
        *c ^= *a;
        *d ^= *b;
        *b ^= *c;
        *a ^= *d;
        *c ^= shifted;
        *d = d.rotate_left(45);
        result
    }

    /// A number below `bound`; 0 when `bound` is 0. The bias of the multiplication is below one in 2^32 for the bounds
    /// that simulations use.
    pub fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.next_u64()) * u128::from(bound)) >> 64) as u64
    }
}

fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn split_mix_gives_the_published_values() {
        let mut state = 1_234_567;
        assert_eq!(split_mix(&mut state), 6_457_827_717_110_365_317);
        assert_eq!(split_mix(&mut state), 3_203_168_211_198_807_973);
    }

    #[test]
    fn streams_repeat_and_do_not_disturb_each_other() {
        let chance = Chance::new(7);
        let draw = |name: &str| {
            let mut stream = chance.stream(name);
            (0..8).map(|_| stream.next_u64()).collect::<Vec<_>>()
        };
        assert_eq!(draw("loop"), draw("loop"));
        assert_ne!(draw("loop"), draw("network"));
        assert_ne!(draw("loop"), {
            let mut other = Chance::new(8).stream("loop");
            (0..8).map(|_| other.next_u64()).collect::<Vec<_>>()
        });
    }

    #[test]
    fn draws_stay_below_their_bound() {
        let mut stream = Chance::new(1).stream("x");
        assert!((0..1000).all(|_| stream.below(10) < 10));
        assert_eq!(stream.below(0), 0);
    }
}
