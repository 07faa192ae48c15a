//! How long things take, drawn in whole numbers, so that it is the same everywhere: the logarithms and powers that
//! exponential and lognormal times need are computed bit by bit, with 32 bits behind the point.

use protocol::load::Distribution;

use crate::{Stream, network::Latency};

/// One, with 32 bits behind the point.
pub const ONE: u64 = 1 << 32;
/// ln 2.
const LN_2: u64 = 2_977_044_472;
/// log2 e.
const LOG2_E: u64 = 6_196_328_019;
/// By how many standard deviations the 99th percentile is above the median: 2.326347874.
const P99_DEVIATIONS: u64 = 9_991_588_038;

/// A [`Distribution`], ready to be drawn from.
#[derive(Clone, Debug)]
pub enum Times {
    Exponential {
        mean_ns: u64,
    },
    Lognormal {
        median_ns: u64,
        /// The standard deviation of the logarithm, with 32 bits behind the point.
        deviation: u64,
    },
    Curve(Latency),
}

impl Times {
    pub fn of(distribution: &Distribution) -> Self {
        match distribution {
            Distribution::Constant { ns } => Self::Curve(Latency::constant(*ns)),
            Distribution::Exponential { mean_ns } => Self::Exponential { mean_ns: *mean_ns },
            Distribution::Lognormal { median_ns, p99_ns } => {
                let (median_ns, p99_ns) = ((*median_ns).max(1), (*p99_ns).max(1));
                let spread = minus_ln(median_ns).saturating_sub(minus_ln(p99_ns));
                Self::Lognormal {
                    median_ns,
                    deviation: (u128::from(spread) * u128::from(ONE) / u128::from(P99_DEVIATIONS))
                        as u64,
                }
            }
            Distribution::Curve(points) => {
                Self::Curve(Latency::curve(points.clone()).unwrap_or_else(|| Latency::constant(0)))
            }
        }
    }

    pub fn draw(&self, chance: &mut Stream) -> u64 {
        match self {
            Self::Exponential { mean_ns } => scale(*mean_ns, exponential(chance)),
            Self::Lognormal {
                median_ns,
                deviation,
            } => {
                let (is_below, deviations) = normal(chance);
                let power = scale(deviations, *deviation);
                let (factor_whole, factor_part) = power_of_e(power);
                let factor = u128::from(factor_part) << factor_whole.min(60);
                let median = u128::from(*median_ns);
                let drawn = if is_below {
                    (median << 62) / factor
                } else {
                    (median * factor) >> 62
                };
                drawn.min(u128::from(u64::MAX)) as u64
            }
            Self::Curve(curve) => curve.draw(chance),
        }
    }
}

/// Exponentially distributed with a mean of [`ONE`].
pub fn exponential(chance: &mut Stream) -> u64 {
    minus_ln(chance.next_u64().max(1))
}

/// `number` times a factor with 32 bits behind the point.
pub fn scale(number: u64, factor: u64) -> u64 {
    ((u128::from(number) * u128::from(factor)) >> 32).min(u128::from(u64::MAX)) as u64
}

/// -ln(x / 2^64), with 32 bits behind the point. The logarithm of base 2 has its whole part in the place of the highest
/// bit; squaring brings out the next digit of the rest.
fn minus_ln(x: u64) -> u64 {
    let zeros = x.leading_zeros();
    let mut rest = x << zeros;
    let mut digits: u64 = 0;
    for _ in 0..32 {
        let square = u128::from(rest) * u128::from(rest);
        let carries = square >> 127 == 1;
        digits = digits << 1 | u64::from(carries);
        rest = (square >> if carries { 64 } else { 63 }) as u64;
    }
    let minus_log2 = u64::from(zeros + 1) * ONE - digits;
    scale(minus_log2, LN_2)
}

/// Normally distributed with a deviation of [`ONE`]: whether it is below the mean, and how far from it. Marsaglia's polar
/// method, of whose two results one is used.
fn normal(chance: &mut Stream) -> (bool, u64) {
    loop {
        let drawn = chance.next_u64();
        // Two numbers from -1 to 1, with 31 bits behind the point.
        let [x, y] = [drawn as u32, (drawn >> 32) as u32].map(|half| i64::from(half as i32));
        let square = (x * x) as u64 + (y * y) as u64;
        if square == 0 || square >= 1 << 62 {
            continue;
        }
        let twice_ln = 2 * u128::from(minus_ln(square << 2));
        let factor = (((twice_ln << 62) / u128::from(square)) << 32).isqrt();
        let distance = (factor * u128::from(x.unsigned_abs())) >> 31;
        return (x < 0, distance as u64);
    }
}

/// e to a power with 32 bits behind the point, as `2^whole * part / 2^62`, where part is from 1 to 2.
fn power_of_e(power: u64) -> (u32, u64) {
    let log2 = scale(power, LOG2_E);
    let mut part: u128 = 1 << 62;
    for (place, root) in ROOTS.iter().enumerate() {
        if log2 >> (31 - place) & 1 == 1 {
            part = (part * root) >> 62;
        }
    }
    ((log2 >> 32) as u32, part as u64)
}

/// 2^(1/2), 2^(1/4), 2^(1/8) and so on, with 62 bits behind the point.
const ROOTS: [u128; 32] = {
    let mut roots = [0; 32];
    let mut root: u128 = 2 << 62;
    let mut place = 0;
    while place < 32 {
        root = (root << 62).isqrt();
        roots[place] = root;
        place += 1;
    }
    roots
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Chance;

    const MS: u64 = 1_000_000;

    fn drawn(distribution: &Distribution) -> Vec<u64> {
        let times = Times::of(distribution);
        let mut chance = Chance::new(11).stream("times");
        let mut drawn: Vec<u64> = (0..200_000).map(|_| times.draw(&mut chance)).collect();
        drawn.sort_unstable();
        drawn
    }

    fn near(value: u64, wanted: u64) {
        assert!(
            value.abs_diff(wanted) <= wanted / 80,
            "{value} is not {wanted}"
        );
    }

    #[test]
    fn logarithms_are_what_they_are() {
        for x in [1, 2, 3, 1 << 32, u64::MAX / 3, u64::MAX] {
            let wanted = (64.0 * 2.0_f64.ln() - (x as f64).ln()) * ONE as f64;
            assert!((minus_ln(x) as f64 - wanted).abs() < 80.0, "{x}");
        }
        for power in [0.0_f64, 0.5, 1.0, 3.7, 20.0] {
            let (whole, part) = power_of_e((power * ONE as f64) as u64);
            let is = part as f64 / (1_u64 << 62) as f64 * 2.0_f64.powi(whole as i32);
            assert!((is / power.exp() - 1.0).abs() < 1e-7, "{power}");
        }
    }

    #[test]
    fn exponential_times_have_their_mean_and_their_tail() {
        let drawn = drawn(&Distribution::Exponential { mean_ns: 20 * MS });
        near(drawn.iter().sum::<u64>() / drawn.len() as u64, 20 * MS);
        near(drawn[100_000], 13_862_944);
        near(drawn[198_000], 92_103_404);
    }

    #[test]
    fn lognormal_times_have_their_percentiles() {
        let drawn = drawn(&Distribution::Lognormal {
            median_ns: 20 * MS,
            p99_ns: 200 * MS,
        });
        near(drawn[100_000], 20 * MS);
        // A hundredth from the other side.
        near(drawn[2_000], 2 * MS);
        assert!(drawn[198_000].abs_diff(200 * MS) < 6 * MS);
    }

    #[test]
    fn constant_times_are_constant() {
        let drawn = drawn(&Distribution::Constant { ns: 7 });
        assert_eq!((drawn[0], drawn[199_999]), (7, 7));
    }
}
