//! Elliptic curves over big integers: those of Weierstrass in Jacobian coordinates, and the two pairs of RFC 7748 and
//! RFC 8032.
//!
//! A crate for each curve would be faster and safe against an observer with a clock. There is none in a simulation,
//! one arithmetic is a small part of the size, and it carries every curve there is a line for in the table.

use num_bigint::BigUint;

use super::{der::from_hex, digest::Digest};

/// A curve by OpenSSL's name; the numbers are in hexadecimal.
pub struct Curve {
    pub name: &'static str,
    /// What JSON Web Keys call it, or nothing.
    pub jwk: &'static str,
    identifier: &'static str,
    p: &'static str,
    a: &'static str,
    b: &'static str,
    n: &'static str,
    g: &'static str,
    seed: &'static str,
}

macro_rules! curves {
    ($($name:literal $jwk:literal $identifier:literal $p:literal $a:literal $b:literal $n:literal $g:literal $seed:literal;)*) => {
        pub const CURVES: &[Curve] = &[$(Curve {
            name: $name, jwk: $jwk, identifier: $identifier, p: $p, a: $a, b: $b, n: $n, g: $g, seed: $seed,
        }),*];
    };
}

#[rustfmt::skip]
curves! {
    "prime192v1" "" "2a8648ce3d030101"
        "fffffffffffffffffffffffffffffffeffffffffffffffff"
        "fffffffffffffffffffffffffffffffefffffffffffffffc"
        "64210519e59c80e70fa7e9ab72243049feb8deecc146b9b1"
        "ffffffffffffffffffffffff99def836146bc9b1b4d22831"
        "04188da80eb03090f67cbf20eb43a18800f4ff0afd82ff101207192b95ffc8da78631011ed6b24cdd573f977a11e794811"
        "003045ae6fc8422f64ed579528d38120eae12196d5";
    "secp224r1" "" "2b81040021"
        "ffffffffffffffffffffffffffffffff000000000000000000000001"
        "fffffffffffffffffffffffffffffffefffffffffffffffffffffffe"
        "b4050a850c04b3abf54132565044b0b7d7bfd8ba270b39432355ffb4"
        "ffffffffffffffffffffffffffff16a2e0b8f03e13dd29455c5c2a3d"
        "04b70e0cbd6bb4bf7f321390b94a03c1d356c21122343280d6115c1d21bd376388b5f723fb4c22dfe6cd4375a05a07476444d5819985007e34"
        "00bd71344799d5c7fcdc45b59fa3b9ab8f6a948bc5";
    "prime256v1" "P-256" "2a8648ce3d030107"
        "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff"
        "ffffffff00000001000000000000000000000000fffffffffffffffffffffffc"
        "5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b"
        "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"
        "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c2964fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
        "00c49d360886e704936a6678e1139d26b7819f7e90";
    "secp384r1" "P-384" "2b81040022"
        "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff"
        "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000fffffffc"
        "b3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aef"
        "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973"
        "04aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab73617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f"
        "00a335926aa319a27a1d00896a6773a4827acdac73";
    "secp521r1" "P-521" "2b81040023"
        "01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
        "01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc"
        "0051953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00"
        "01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409"
        "0400c6858e06b70404e9cd9e3ecb662395b4429c648139053fb521f828af606b4d3dbaa14b5e77efe75928fe1dc127a2ffa8de3348b3c1856a429bf97e7e31c2e5bd66011839296a789a3bc0045c8a5fb42c7d1bd998f54449579b446817afbd17273e662c97ee72995ef42640c550b9013fad0761353c7086a272c24088be94769fd16650"
        "00d09e8800291cb85396cc6717393284aaa0da64ba";
    "secp256k1" "secp256k1" "2b8104000a"
        "fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f"
        "0000000000000000000000000000000000000000000000000000000000000000"
        "0000000000000000000000000000000000000000000000000000000000000007"
        "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"
        "0479be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8"
        "";
    "brainpoolP256r1" "" "2b2403030208010107"
        "a9fb57dba1eea9bc3e660a909d838d726e3bf623d52620282013481d1f6e5377"
        "7d5a0975fc2c3057eef67530417affe7fb8055c126dc5c6ce94a4b44f330b5d9"
        "26dc5c6ce94a4b44f330b5d9bbd77cbf958416295cf7e1ce6bccdc18ff8c07b6"
        "a9fb57dba1eea9bc3e660a909d838d718c397aa3b561a6f7901e0e82974856a7"
        "048bd2aeb9cb7e57cb2c4b482ffc81b7afb9de27e1e3bd23c23a4453bd9ace3262547ef835c3dac4fd97f8461a14611dc9c27745132ded8e545c1d54c72f046997"
        "";
    "brainpoolP384r1" "" "2b240303020801010b"
        "8cb91e82a3386d280f5d6f7e50e641df152f7109ed5456b412b1da197fb71123acd3a729901d1a71874700133107ec53"
        "7bc382c63d8c150c3c72080ace05afa0c2bea28e4fb22787139165efba91f90f8aa5814a503ad4eb04a8c7dd22ce2826"
        "04a8c7dd22ce28268b39b55416f0447c2fb77de107dcd2a62e880ea53eeb62d57cb4390295dbc9943ab78696fa504c11"
        "8cb91e82a3386d280f5d6f7e50e641df152f7109ed5456b31f166e6cac0425a7cf3ab6af6b7fc3103b883202e9046565"
        "041d1c64f068cf45ffa2a63a81b7c13f6b8847a3e77ef14fe3db7fcafe0cbd10e8e826e03436d646aaef87b2e247d4af1e8abe1d7520f9c2a45cb1eb8e95cfd55262b70b29feec5864e19c054ff99129280e4646217791811142820341263c5315"
        "";
    "brainpoolP512r1" "" "2b240303020801010d"
        "aadd9db8dbe9c48b3fd4e6ae33c9fc07cb308db3b3c9d20ed6639cca703308717d4d9b009bc66842aecda12ae6a380e62881ff2f2d82c68528aa6056583a48f3"
        "7830a3318b603b89e2327145ac234cc594cbdd8d3df91610a83441caea9863bc2ded5d5aa8253aa10a2ef1c98b9ac8b57f1117a72bf2c7b9e7c1ac4d77fc94ca"
        "3df91610a83441caea9863bc2ded5d5aa8253aa10a2ef1c98b9ac8b57f1117a72bf2c7b9e7c1ac4d77fc94cadc083e67984050b75ebae5dd2809bd638016f723"
        "aadd9db8dbe9c48b3fd4e6ae33c9fc07cb308db3b3c9d20ed6639cca70330870553e5c414ca92619418661197fac10471db1d381085ddaddb58796829ca90069"
        "0481aee4bdd82ed9645a21322e9c4c6a9385ed9f70b5d916c1b43b62eef4d0098eff3b1f78e2d0d48d50d1687b93b97d5f7c6d5047406a5e688b352209bcb9f8227dde385d566332ecc0eabfa9cf7822fdf209f70024a57b1aa000c55b881f8111b2dcde494a5f485e5bca4bd88a2763aed1ca2b2fa8f0540678cd1e0f3ad80892"
        "";
}

impl PartialEq for Curve {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

fn number(hex: &str) -> BigUint {
    BigUint::from_bytes_be(&from_hex(hex))
}

/// A point that is not at infinity.
#[derive(Clone, PartialEq)]
pub struct Point {
    pub x: BigUint,
    pub y: BigUint,
}

#[derive(Clone, Copy, PartialEq)]
pub enum Form {
    Compressed,
    Uncompressed,
    Hybrid,
}

impl Curve {
    pub fn by_name(name: &str) -> Option<&'static Self> {
        let name = match name {
            "P-192" | "secp192r1" => "prime192v1",
            "P-224" => "secp224r1",
            "P-256" | "secp256r1" => "prime256v1",
            "P-384" => "secp384r1",
            "P-521" => "secp521r1",
            name => name,
        };
        CURVES.iter().find(|curve| curve.name == name)
    }

    pub fn by_identifier(identifier: &[u8]) -> Option<&'static Self> {
        CURVES
            .iter()
            .find(|curve| from_hex(curve.identifier) == identifier)
    }

    /// The curve with this prime and generator, of parameters written out.
    pub fn by_parameters(p: &BigUint, g: &[u8]) -> Option<&'static Self> {
        CURVES
            .iter()
            .find(|curve| number(curve.p) == *p && from_hex(curve.g)[1..] == g[1..])
    }

    pub fn identifier(&self) -> Vec<u8> {
        from_hex(self.identifier)
    }

    /// Prime, both coefficients, generator, order, and the seed that the coefficients come from.
    pub fn parameters(&self) -> [Vec<u8>; 6] {
        [self.p, self.a, self.b, self.g, self.n, self.seed].map(from_hex)
    }

    /// `EC_curve_nid2nist`
    pub fn nist_name(&self) -> Option<&'static str> {
        match self.name {
            "prime192v1" => Some("P-192"),
            "secp224r1" => Some("P-224"),
            _ => Some(self.jwk).filter(|name| name.starts_with("P-")),
        }
    }

    pub fn order(&self) -> BigUint {
        number(self.n)
    }

    /// Bytes of a coordinate.
    pub fn width(&self) -> usize {
        self.p.len() / 2
    }

    /// Bytes of a private key.
    pub fn scalar_width(&self) -> usize {
        self.n.len() / 2
    }

    fn generator(&self) -> Point {
        self.decode(&from_hex(self.g))
            .expect("the table's generators are points")
    }

    pub fn encode(&self, point: &Point, form: Form) -> Vec<u8> {
        let (x, y) = (
            padded(&point.x, self.width()),
            padded(&point.y, self.width()),
        );
        let odd = u8::from(point.y.bit(0));
        match form {
            Form::Compressed => [vec![2 + odd], x].concat(),
            Form::Uncompressed => [vec![4], x, y].concat(),
            Form::Hybrid => [vec![6 + odd], x, y].concat(),
        }
    }

    pub fn decode(&self, bytes: &[u8]) -> Option<Point> {
        let (p, width) = (number(self.p), self.width());
        let (tag, rest) = bytes.split_first()?;
        match tag {
            2 | 3 if rest.len() == width => {
                let x = BigUint::from_bytes_be(rest);
                let square = self.right_side(&x, &p);
                let mut y = square_root(&square, &p)?;
                if y.bit(0) != (*tag == 3) {
                    y = &p - y;
                }
                (x < p).then_some(Point { x, y })
            }
            4 | 6 | 7 if rest.len() == 2 * width => {
                let (x, y) = (
                    BigUint::from_bytes_be(&rest[..width]),
                    BigUint::from_bytes_be(&rest[width..]),
                );
                let valid = x < p && y < p && &y * &y % &p == self.right_side(&x, &p);
                let matches = *tag == 4 || y.bit(0) == (*tag == 7);
                (valid && matches).then_some(Point { x, y })
            }
            _ => None,
        }
    }

    fn right_side(&self, x: &BigUint, p: &BigUint) -> BigUint {
        (x * x % p * x + number(self.a) * x + number(self.b)) % p
    }

    /// `None` at infinity.
    pub fn multiply(&self, point: &Point, scalar: &BigUint) -> Option<Point> {
        let field = Field {
            p: number(self.p),
            a: number(self.a),
        };
        let one = BigUint::from(1_u32);
        let base = [point.x.clone(), point.y.clone(), one];
        let mut sum = None;
        for index in (0..scalar.bits()).rev() {
            sum = sum.and_then(|sum| field.double(&sum));
            if scalar.bit(index) {
                sum = match sum {
                    Some(sum) => field.add(&sum, &base),
                    None => Some(base.clone()),
                };
            }
        }
        sum.map(|sum| field.affine(&sum))
    }

    pub fn public_of(&self, private: &BigUint) -> Option<Point> {
        self.multiply(&self.generator(), private)
    }

    fn add(&self, a: Option<Point>, b: Option<Point>) -> Option<Point> {
        let field = Field {
            p: number(self.p),
            a: number(self.a),
        };
        let one = BigUint::from(1_u32);
        match (a, b) {
            (Some(a), Some(b)) => field
                .add(&[a.x, a.y, one.clone()], &[b.x, b.y, one])
                .map(|sum| field.affine(&sum)),
            (a, b) => a.or(b),
        }
    }

    /// The leftmost bits of a digest, as many as the order has.
    fn truncated(&self, digest: &[u8]) -> BigUint {
        let bits = self.order().bits();
        let given = 8 * digest.len() as u64;
        BigUint::from_bytes_be(digest) >> given.saturating_sub(bits)
    }

    /// ECDSA with this nonce; `None` for one of the few that give nothing.
    pub fn sign(
        &self,
        private: &BigUint,
        digest: &[u8],
        nonce: &BigUint,
    ) -> Option<(BigUint, BigUint)> {
        let (n, zero) = (self.order(), BigUint::ZERO);
        let r = self.public_of(nonce)?.x % &n;
        let s = nonce.modinv(&n)? * (self.truncated(digest) + &r * private) % &n;
        (r != zero && s != zero).then_some((r, s))
    }

    pub fn verify(&self, public: &Point, digest: &[u8], r: &BigUint, s: &BigUint) -> bool {
        let (n, zero) = (self.order(), BigUint::ZERO);
        if *r == zero || *s == zero || *r >= n || *s >= n {
            return false;
        }
        let Some(inverse) = s.modinv(&n) else {
            return false;
        };
        let (u, v) = (self.truncated(digest) * &inverse % &n, r * inverse % &n);
        self.add(self.public_of(&u), self.multiply(public, &v))
            .is_some_and(|point| point.x % n == *r)
    }
}

struct Field {
    p: BigUint,
    a: BigUint,
}

type Jacobian = [BigUint; 3];

impl Field {
    fn times(&self, a: &BigUint, b: &BigUint) -> BigUint {
        a * b % &self.p
    }

    fn minus(&self, a: &BigUint, b: &BigUint) -> BigUint {
        if a >= b { a - b } else { &self.p + a - b }
    }

    fn double(&self, [x, y, z]: &Jacobian) -> Option<Jacobian> {
        if *y == BigUint::ZERO {
            return None;
        }
        let square = self.times(y, y);
        let s = (self.times(x, &square) << 2_u32) % &self.p;
        let z2 = self.times(z, z);
        let m = (self.times(x, x) * 3_u32 + &self.a * self.times(&z2, &z2)) % &self.p;
        let x3 = self.minus(&self.times(&m, &m), &((&s << 1_u32) % &self.p));
        let eight = (self.times(&square, &square) << 3_u32) % &self.p;
        let y3 = self.minus(&self.times(&m, &self.minus(&s, &x3)), &eight);
        let z3 = (self.times(y, z) << 1_u32) % &self.p;
        Some([x3, y3, z3])
    }

    fn add(&self, a: &Jacobian, b: &Jacobian) -> Option<Jacobian> {
        let (za, zb) = (self.times(&a[2], &a[2]), self.times(&b[2], &b[2]));
        let (ua, ub) = (self.times(&a[0], &zb), self.times(&b[0], &za));
        let sa = self.times(&a[1], &self.times(&zb, &b[2]));
        let sb = self.times(&b[1], &self.times(&za, &a[2]));
        let (h, r) = (self.minus(&ub, &ua), self.minus(&sb, &sa));
        if h == BigUint::ZERO {
            return if r == BigUint::ZERO {
                self.double(a)
            } else {
                None
            };
        }
        let h2 = self.times(&h, &h);
        let h3 = self.times(&h2, &h);
        let u = self.times(&ua, &h2);
        let x = self.minus(
            &self.minus(&self.times(&r, &r), &h3),
            &((&u << 1_u32) % &self.p),
        );
        let y = self.minus(&self.times(&r, &self.minus(&u, &x)), &self.times(&sa, &h3));
        Some([x, y, self.times(&h, &self.times(&a[2], &b[2]))])
    }

    fn affine(&self, [x, y, z]: &Jacobian) -> Point {
        let inverse = z.modinv(&self.p).expect("it is not at infinity");
        let square = self.times(&inverse, &inverse);
        Point {
            x: self.times(x, &square),
            y: self.times(y, &self.times(&square, &inverse)),
        }
    }
}

/// Modulo a prime; of both, when there are two, the one that the exponent gives.
fn square_root(square: &BigUint, p: &BigUint) -> Option<BigUint> {
    let root = if p.bit(1) {
        square.modpow(&((p + 1_u32) >> 2_u32), p)
    } else {
        tonelli_shanks(square, p)?
    };
    (&root * &root % p == square % p).then_some(root)
}

fn tonelli_shanks(square: &BigUint, p: &BigUint) -> Option<BigUint> {
    let one = BigUint::from(1_u32);
    let twos = (p - 1_u32).trailing_zeros()?;
    let odd = (p - 1_u32) >> twos;
    let half = (p - 1_u32) >> 1_u32;
    let mut other = BigUint::from(2_u32);
    while other.modpow(&half, p) == one {
        other += 1_u32;
    }
    let mut c = other.modpow(&odd, p);
    let mut root = square.modpow(&((&odd + 1_u32) >> 1_u32), p);
    let mut rest = square.modpow(&odd, p);
    let mut order = twos;
    while rest != one {
        let (mut index, mut power) = (0, rest.clone());
        while power != one {
            power = &power * &power % p;
            index += 1;
            if index >= order {
                return None;
            }
        }
        let factor = c.modpow(&(BigUint::from(1_u32) << (order - index - 1)), p);
        root = root * &factor % p;
        c = &factor * &factor % p;
        rest = rest * &c % p;
        order = index;
    }
    Some(root)
}

pub fn padded(number: &BigUint, width: usize) -> Vec<u8> {
    let bytes = if *number == BigUint::ZERO {
        Vec::new()
    } else {
        number.to_bytes_be()
    };
    [vec![0; width.saturating_sub(bytes.len())], bytes].concat()
}

fn little(number: &BigUint, width: usize) -> Vec<u8> {
    let mut bytes = number.to_bytes_le();
    bytes.resize(width, 0);
    bytes
}

/// The curves of RFC 7748 and RFC 8032, by the numbers that Node calls them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    X25519,
    X448,
    Ed25519,
    Ed448,
}

impl Named {
    pub const ALL: [Self; 4] = [Self::X25519, Self::X448, Self::Ed25519, Self::Ed448];

    pub fn nid(self) -> u32 {
        match self {
            Self::X25519 => 1034,
            Self::X448 => 1035,
            Self::Ed25519 => 1087,
            Self::Ed448 => 1088,
        }
    }

    pub fn jwk(self) -> &'static str {
        match self {
            Self::X25519 => "X25519",
            Self::X448 => "X448",
            Self::Ed25519 => "Ed25519",
            Self::Ed448 => "Ed448",
        }
    }

    /// `1.3.101.110` and on.
    pub fn identifier(self) -> [u8; 3] {
        let last = match self {
            Self::X25519 => 0x6e,
            Self::X448 => 0x6f,
            Self::Ed25519 => 0x70,
            Self::Ed448 => 0x71,
        };
        [0x2b, 0x65, last]
    }

    /// Bytes of either key.
    pub fn width(self) -> usize {
        match self {
            Self::X25519 | Self::Ed25519 => 32,
            Self::X448 => 56,
            Self::Ed448 => 57,
        }
    }

    pub fn signs(self) -> bool {
        matches!(self, Self::Ed25519 | Self::Ed448)
    }

    fn is_25519(self) -> bool {
        matches!(self, Self::X25519 | Self::Ed25519)
    }

    fn prime(self) -> BigUint {
        let one = BigUint::from(1_u32);
        if self.is_25519() {
            (one << 255_u32) - 19_u32
        } else {
            (&one << 448_u32) - (&one << 224_u32) - 1_u32
        }
    }

    pub fn public_of(self, private: &[u8]) -> Vec<u8> {
        match self {
            Self::X25519 => self.agree(private, &[&[9][..], &[0; 31]].concat()),
            Self::X448 => self.agree(private, &[&[5][..], &[0; 55]].concat()),
            Self::Ed25519 | Self::Ed448 => {
                let edwards = Edwards::new(self);
                let (scalar, _) = edwards.expand(private);
                edwards.encode(&edwards.multiply(&edwards.generator(), &scalar))
            }
        }
    }

    /// The Montgomery ladder of RFC 7748.
    pub fn agree(self, private: &[u8], public: &[u8]) -> Vec<u8> {
        let p = self.prime();
        let field = Field {
            p: p.clone(),
            a: BigUint::ZERO,
        };
        let (mut scalar, mut u) = (private.to_vec(), public.to_vec());
        let (bits, a24) = if self.is_25519() {
            scalar[0] &= 248;
            scalar[31] = scalar[31] & 127 | 64;
            u[31] &= 127;
            (255, BigUint::from(121_665_u32))
        } else {
            scalar[0] &= 252;
            scalar[55] |= 128;
            (448, BigUint::from(39_081_u32))
        };
        let (scalar, x1) = (
            BigUint::from_bytes_le(&scalar),
            BigUint::from_bytes_le(&u) % &p,
        );
        let (one, zero) = (BigUint::from(1_u32), BigUint::ZERO);
        let (mut x2, mut z2, mut x3, mut z3) = (one.clone(), zero, x1.clone(), one);
        for index in (0..bits).rev() {
            let swaps = scalar.bit(index);
            if swaps {
                std::mem::swap(&mut x2, &mut x3);
                std::mem::swap(&mut z2, &mut z3);
            }
            let (a, b) = (&x2 + &z2, field.minus(&x2, &z2));
            let (aa, bb) = (field.times(&a, &a), field.times(&b, &b));
            let e = field.minus(&aa, &bb);
            let (da, cb) = (
                field.times(&field.minus(&x3, &z3), &a),
                field.times(&(&x3 + &z3), &b),
            );
            let (sum, difference) = (&da + &cb, field.minus(&da, &cb));
            x3 = field.times(&sum, &sum);
            z3 = field.times(&x1, &field.times(&difference, &difference));
            x2 = field.times(&aa, &bb);
            z2 = field.times(&e, &(&aa + field.times(&a24, &e)));
            if swaps {
                std::mem::swap(&mut x2, &mut x3);
                std::mem::swap(&mut z2, &mut z3);
            }
        }
        let inverse = z2.modpow(&(&p - 2_u32), &p);
        little(&field.times(&x2, &inverse), self.width())
    }

    pub fn sign(self, private: &[u8], data: &[u8]) -> Vec<u8> {
        let edwards = Edwards::new(self);
        let (scalar, prefix) = edwards.expand(private);
        let public = self.public_of(private);
        let nonce = edwards.hashed(&[&prefix, data]);
        let r = edwards.encode(&edwards.multiply(&edwards.generator(), &nonce));
        let challenge = edwards.hashed(&[&r, &public, data]);
        let s = (nonce + challenge * scalar) % &edwards.order;
        [r, little(&s, self.width())].concat()
    }

    pub fn verify(self, public: &[u8], data: &[u8], signature: &[u8]) -> bool {
        let width = self.width();
        if signature.len() != 2 * width {
            return false;
        }
        let edwards = Edwards::new(self);
        let (r, s) = signature.split_at(width);
        let s = BigUint::from_bytes_le(s);
        let (Some(point), Some(commitment)) = (edwards.decode(public), edwards.decode(r)) else {
            return false;
        };
        if s >= edwards.order {
            return false;
        }
        let challenge = edwards.hashed(&[r, public, data]);
        let left = edwards.multiply(&edwards.generator(), &s);
        let right = edwards.add(&commitment, &edwards.multiply(&point, &challenge));
        edwards.encode(&left) == edwards.encode(&right)
    }
}

/// `a * x^2 + y^2 = 1 + d * x^2 * y^2` in projective coordinates.
struct Edwards {
    kind: Named,
    field: Field,
    d: BigUint,
    order: BigUint,
}

impl Edwards {
    fn new(kind: Named) -> Self {
        let p = kind.prime();
        let one = BigUint::from(1_u32);
        let (a, d, order) = if kind.is_25519() {
            let inverse = BigUint::from(121_666_u32)
                .modinv(&p)
                .expect("the prime is prime");
            let d = (&p - 121_665_u32) * inverse % &p;
            (
                &p - 1_u32,
                d,
                (&one << 252_u32) + number("14def9dea2f79cd65812631a5cf5d3ed"),
            )
        } else {
            let less = number("8335dc163bb124b65129c96fde933d8d723a70aadc873d6d54a7bb0d");
            (one.clone(), &p - 39_081_u32, (&one << 446_u32) - less)
        };
        Self {
            kind,
            field: Field { p, a },
            d,
            order,
        }
    }

    fn hash(&self, parts: &[&[u8]]) -> Vec<u8> {
        if self.kind.is_25519() {
            return Digest::by_name("sha512")
                .expect("it is in the table")
                .of(parts);
        }
        let mut state = Digest::by_name("shake256")
            .expect("it is in the table")
            .begin();
        state.update(b"SigEd448\0\0");
        parts.iter().for_each(|part| state.update(part));
        state.finish(114)
    }

    fn hashed(&self, parts: &[&[u8]]) -> BigUint {
        BigUint::from_bytes_le(&self.hash(parts)) % &self.order
    }

    /// The scalar of a private key, and what its nonces begin with.
    fn expand(&self, private: &[u8]) -> (BigUint, Vec<u8>) {
        let mut bytes = if self.kind.is_25519() {
            self.hash(&[private])
        } else {
            let mut state = Digest::by_name("shake256")
                .expect("it is in the table")
                .begin();
            state.update(private);
            state.finish(114)
        };
        let prefix = bytes.split_off(self.kind.width());
        if self.kind.is_25519() {
            bytes[0] &= 248;
            bytes[31] = bytes[31] & 127 | 64;
        } else {
            bytes[0] &= 252;
            bytes[55] |= 128;
            bytes[56] = 0;
        }
        (BigUint::from_bytes_le(&bytes), prefix)
    }

    fn generator(&self) -> Jacobian {
        let (x, y) = if self.kind.is_25519() {
            let y = BigUint::from(4_u32)
                * BigUint::from(5_u32)
                    .modinv(&self.field.p)
                    .expect("the prime is prime");
            return self
                .decode(&little(&(y % &self.field.p), 32))
                .expect("it is a point");
        } else {
            (
                "4f1970c66bed0ded221d15a622bf36da9e146570470f1767ea6de324a3d3a46412ae1af72ab66511433b80e18b00938e2626a82bc70cc05e",
                "693f46716eb6bc248876203756c9c7624bea73736ca3984087789c1e05a0c2d73ad3ff1ce67c39c4fdbd132c4ed7c8ad9808795bf230fa14",
            )
        };
        [number(x), number(y), BigUint::from(1_u32)]
    }

    fn add(&self, p: &Jacobian, q: &Jacobian) -> Jacobian {
        let f = &self.field;
        let a = f.times(&p[2], &q[2]);
        let b = f.times(&a, &a);
        let (c, d) = (f.times(&p[0], &q[0]), f.times(&p[1], &q[1]));
        let e = f.times(&self.d, &f.times(&c, &d));
        let (minus, plus) = (f.minus(&b, &e), &b + &e);
        let cross = f.times(&(&p[0] + &p[1]), &(&q[0] + &q[1]));
        let x = f.times(&f.times(&a, &minus), &f.minus(&f.minus(&cross, &c), &d));
        let y = f.times(&f.times(&a, &plus), &f.minus(&d, &f.times(&f.a, &c)));
        [x, y, f.times(&minus, &plus)]
    }

    fn multiply(&self, point: &Jacobian, scalar: &BigUint) -> Jacobian {
        let mut sum = [BigUint::ZERO, BigUint::from(1_u32), BigUint::from(1_u32)];
        for index in (0..scalar.bits()).rev() {
            sum = self.add(&sum, &sum);
            if scalar.bit(index) {
                sum = self.add(&sum, point);
            }
        }
        sum
    }

    fn encode(&self, [x, y, z]: &Jacobian) -> Vec<u8> {
        let inverse = z.modinv(&self.field.p).expect("it has a denominator");
        let (x, y) = (self.field.times(x, &inverse), self.field.times(y, &inverse));
        let mut bytes = little(&y, self.kind.width());
        if x.bit(0) {
            bytes[self.kind.width() - 1] |= 0x80;
        }
        bytes
    }

    fn decode(&self, bytes: &[u8]) -> Option<Jacobian> {
        let (f, one) = (&self.field, BigUint::from(1_u32));
        let mut bytes = bytes.to_vec();
        let last = bytes.last_mut()?;
        let odd = *last & 0x80 != 0;
        *last &= 0x7f;
        let y = BigUint::from_bytes_le(&bytes);
        if y >= f.p {
            return None;
        }
        let square = f.times(&y, &y);
        let (u, v) = (
            f.minus(&square, &one),
            f.minus(&f.times(&self.d, &square), &f.a),
        );
        let mut x = square_root(&f.times(&u, &v.modinv(&f.p)?), &f.p)?;
        if x.bit(0) != odd {
            x = f.minus(&BigUint::ZERO, &x);
        }
        Some([x, y, one])
    }
}
