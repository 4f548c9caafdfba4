//! The numbers that chains are summed with: truncated Taylor series, here of any order; or with an exponent of their own.

use super::lane::{Lane, One};

/// A coefficient of an extended number.
type Single = One<false>;

/// A multilinear polynomial in `log2(M)` directions ε with ε² = 0: coefficient `s` belongs to the product of the
/// directions whose bits are in `s`. With M = 1 it is a number; the last coefficient of a function of several of them is
/// its mixed directional derivative. Each coefficient may be that of several chains.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Jet<V, const M: usize>(pub(super) [V; M]);

impl<V: Lane, const M: usize> Jet<V, M> {
    #[inline(always)]
    fn constant(value: V) -> Self {
        let mut out = [V::splat(0.0); M];
        out[0] = value;
        Jet(out)
    }

    #[inline(always)]
    fn scaled(mut self, by: V) -> Self {
        for v in &mut self.0 {
            *v = v.times(by);
        }
        self
    }
}

/// From a value and its directions, each at the coefficient of its own, `value * Π (1 + direction ε)`: how `exp` of an argument
/// moves when the argument moves.
pub(super) fn moved<const M: usize>(jet: &mut [f64], lanes: usize) {
    for bit in 0..M.trailing_zeros() {
        let bit = 1 << bit;
        // The direction's own place last.
        for s in (0..bit).rev() {
            for lane in 0..lanes {
                jet[(s | bit) * lanes + lane] = jet[s * lanes + lane] * jet[bit * lanes + lane];
            }
        }
    }
}

/// What the recursion computes with.
pub(super) trait Number: Copy {
    /// What a coefficient is.
    type Real: Lane;
    /// Coefficients that hold one.
    const WIDTH: usize;
    /// Chains that one holds numbers of.
    const LANES: usize = Self::Real::LANES;
    /// Whether it keeps its magnitude apart, so that sums of products never run out of range.
    const EXTENDED: bool;
    /// Directions in which it moves.
    const DIRECTIONS: usize;
    fn zero() -> Self;
    fn one() -> Self;
    /// `exp` of an argument, moved in its directions. `to` holds `exp(argument)`, scaled by a factor of the caller's, then the
    /// directions, each at the coefficient of its own; the argument itself is asked for by extended numbers, which have one
    /// lane.
    fn moved(to: &mut [f64], argument: impl Fn() -> f64);
    fn times(self, other: Self) -> Self;
    fn plus(self, other: Self) -> Self;
    /// `self + a b`
    fn plus_product(self, a: Self, b: Self) -> Self;
    /// Times powers of two.
    fn scaled(self, by: Self::Real) -> Self;
    /// `1 / self`, and 0 for 0.
    fn inverse(self) -> Self;
    /// The coefficient without directions; extended numbers without their exponent.
    fn leading(self) -> Self::Real;
    /// The coefficient of all directions.
    fn top(self) -> Self::Real;
    /// The logarithm of one lane of the coefficient without directions.
    fn ln(self, lane: usize) -> f64;
    fn load(from: &[f64]) -> Self;
    fn store(self, to: &mut [f64]);
}

impl<V: Lane, const M: usize> Number for Jet<V, M> {
    type Real = V;
    const WIDTH: usize = M;
    const EXTENDED: bool = false;
    const DIRECTIONS: usize = M.trailing_zeros() as usize;

    #[inline(always)]
    fn zero() -> Self {
        Self::constant(V::splat(0.0))
    }
    #[inline(always)]
    fn one() -> Self {
        Self::constant(V::splat(1.0))
    }
    #[inline(always)]
    fn moved(to: &mut [f64], _: impl Fn() -> f64) {
        if M > 1 {
            moved::<M>(&mut to[..M * V::LANES], V::LANES);
        }
    }
    #[inline(always)]
    fn times(self, other: Self) -> Self {
        let [a, b] = [&self.0, &other.0];
        let mut out = [a[0].times(b[0]); M];
        for s in 1..M {
            let mut sum = a[0].times(b[s]);
            // All subsets of s but the empty one, from s itself down.
            let mut u = s;
            while u != 0 {
                sum = sum.plus_product(a[u], b[s ^ u]);
                u = (u - 1) & s;
            }
            out[s] = sum;
        }
        Jet(out)
    }
    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        let mut out = self.0;
        for (out, other) in out.iter_mut().zip(other.0) {
            *out = out.plus(other);
        }
        Jet(out)
    }
    #[inline(always)]
    fn plus_product(self, a: Self, b: Self) -> Self {
        let [a, b] = [&a.0, &b.0];
        let mut out = self.0;
        for (s, out) in out.iter_mut().enumerate() {
            *out = out.plus_product(a[0], b[s]);
            let mut u = s;
            while u != 0 {
                *out = out.plus_product(a[u], b[s ^ u]);
                u = (u - 1) & s;
            }
        }
        Jet(out)
    }
    #[inline(always)]
    fn scaled(self, by: V) -> Self {
        Jet::scaled(self, by)
    }
    #[inline(always)]
    fn inverse(self) -> Self {
        let mut out = Self::constant(self.0[0].inverse());
        let negative = out.0[0].times(V::splat(-1.0));
        for s in 1..M {
            let mut sum = V::splat(0.0);
            let mut u = s;
            while u != 0 {
                sum = sum.plus_product(self.0[u], out.0[s ^ u]);
                u = (u - 1) & s;
            }
            out.0[s] = sum.times(negative);
        }
        out
    }
    #[inline(always)]
    fn leading(self) -> V {
        self.0[0]
    }
    #[inline(always)]
    fn top(self) -> V {
        self.0[M - 1]
    }
    fn ln(self, lane: usize) -> f64 {
        self.0[0].lane(lane).ln()
    }
    #[inline(always)]
    fn load(from: &[f64]) -> Self {
        let from = &from[..M * V::LANES];
        let mut out = [V::splat(0.0); M];
        for (s, out) in out.iter_mut().enumerate() {
            *out = V::load(&from[s * V::LANES..]);
        }
        Jet(out)
    }
    #[inline(always)]
    fn store(self, to: &mut [f64]) {
        let to = &mut to[..M * V::LANES];
        for (s, v) in self.0.iter().enumerate() {
            v.store(&mut to[s * V::LANES..]);
        }
    }
}

/// A number times a power of two of its own. The number's leading coefficient lies in [1, 2), or it is zero.
#[derive(Debug, Clone, Copy)]
pub(super) struct Extended<const M: usize> {
    jet: Jet<Single, M>,
    /// A whole number.
    exponent: f64,
}

/// Beyond so many powers of two apart, the smaller of two summands is lost in rounding.
const APART: f64 = 1000.0;

impl<const M: usize> Extended<M> {
    fn normal(jet: Jet<Single, M>, exponent: f64) -> Self {
        let leading = jet.0[0].0;
        if leading == 0.0 || !leading.is_finite() {
            // Derivatives of what is zero are zero: nothing here is negative.
            return Extended {
                jet: Jet::constant(One(leading)),
                exponent: 0.0,
            };
        }
        // Sums and products of numbers in [1, 2) are normal.
        let shift = exponent_of(leading) as f64;
        // In two factors: the inverse of the largest power of two is no normal number.
        let half = (shift / 2.0).trunc();
        Extended {
            jet: jet
                .scaled(One(power_of_two(-half)))
                .scaled(One(power_of_two(half - shift))),
            exponent: exponent + shift,
        }
    }
}

/// The exponent of a positive normal number; 0 for others.
#[inline(always)]
pub(super) fn exponent_of(value: f64) -> i64 {
    let biased = (value.to_bits() >> 52) & 0x7ff;
    if (1..2047).contains(&biased) {
        biased as i64 - 1023
    } else {
        0
    }
}

/// 2^`exponent` for a whole number between -1022 and 1023.
#[inline(always)]
fn power_of_two(exponent: f64) -> f64 {
    f64::from_bits(((exponent + 1023.0) as u64) << 52)
}

impl<const M: usize> Number for Extended<M> {
    type Real = Single;
    const WIDTH: usize = M + 1;
    const EXTENDED: bool = true;
    const DIRECTIONS: usize = M.trailing_zeros() as usize;

    fn zero() -> Self {
        Extended {
            jet: Jet::zero(),
            exponent: 0.0,
        }
    }
    fn one() -> Self {
        Extended {
            jet: Jet::one(),
            exponent: 0.0,
        }
    }
    fn moved(to: &mut [f64], argument: impl Fn() -> f64) {
        let log = argument();
        if log <= super::IMPOSSIBLE {
            to[..=M].fill(0.0);
            return;
        }
        let exponent = (log / std::f64::consts::LN_2).floor();
        // ln 2 in two parts, so that the product is exact for exponents of up to 2^20.
        let (high, low) = (6.931_471_803_691_238e-1, 1.908_214_929_270_587_7e-10);
        let rest = (log - exponent * high) - exponent * low;
        to[0] = rest.exp();
        moved::<M>(to, 1);
        Self::normal(Jet::load(to), exponent).store(to);
    }
    fn times(self, other: Self) -> Self {
        Self::normal(self.jet.times(other.jet), self.exponent + other.exponent)
    }
    fn plus(self, other: Self) -> Self {
        if self.jet.0[0].0 == 0.0 {
            return other;
        }
        if other.jet.0[0].0 == 0.0 {
            return self;
        }
        let (large, small) = if self.exponent >= other.exponent {
            (self, other)
        } else {
            (other, self)
        };
        let apart = large.exponent - small.exponent;
        if apart > APART {
            return large;
        }
        Self::normal(
            large.jet.plus(small.jet.scaled(One(power_of_two(-apart)))),
            large.exponent,
        )
    }
    fn plus_product(self, a: Self, b: Self) -> Self {
        self.plus(a.times(b))
    }
    fn scaled(self, by: Single) -> Self {
        Self::normal(self.jet.scaled(by), self.exponent)
    }
    fn inverse(self) -> Self {
        Self::normal(self.jet.inverse(), -self.exponent)
    }
    fn leading(self) -> Single {
        self.jet.0[0]
    }
    fn top(self) -> Single {
        let top = self.jet.0[M - 1].0;
        One(match self.exponent {
            e if e > 1023.0 => top * f64::INFINITY,
            e if e < -1022.0 => 0.0,
            e => top * power_of_two(e),
        })
    }
    fn ln(self, _: usize) -> f64 {
        self.jet.0[0].0.ln() + self.exponent * std::f64::consts::LN_2
    }
    fn load(from: &[f64]) -> Self {
        Extended {
            jet: Jet::load(from),
            exponent: from[M],
        }
    }
    fn store(self, to: &mut [f64]) {
        self.jet.store(to);
        to[M] = self.exponent;
    }
}
