//! The numbers that chains are summed with: truncated Taylor series, plain or with an exponent of their own.

/// A multilinear polynomial in `log2(M)` directions ε with ε² = 0: coefficient `s` belongs to the product of the
/// directions whose bits are in `s`. With M = 1 it is a number; the last coefficient of a function of several of them is
/// its mixed directional derivative.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Jet<const M: usize>(pub(super) [f64; M]);

impl<const M: usize> Jet<M> {
    fn constant(value: f64) -> Self {
        let mut out = [0.0; M];
        out[0] = value;
        Jet(out)
    }

    /// `value * Π (1 + direction ε)`: how `exp` of an argument moves when the argument moves.
    #[inline(always)]
    fn moved(value: f64, direction: impl Fn(usize) -> f64) -> Self {
        let mut out = Self::constant(value);
        for bit in 0..M.trailing_zeros() as usize {
            let d = direction(bit);
            for s in 0..1 << bit {
                out.0[s | 1 << bit] = out.0[s] * d;
            }
        }
        out
    }

    #[inline(always)]
    fn times(self, other: Self) -> Self {
        if M == 1 {
            return Jet(std::array::from_fn(|_| self.0[0] * other.0[0]));
        }
        if M == 2 {
            let [a, b] = [self.0, other.0];
            return Jet(std::array::from_fn(|s| match s {
                0 => a[0] * b[0],
                _ => a[0] * b[s] + a[s] * b[0],
            }));
        }
        let mut out = [0.0; M];
        for (s, out) in out.iter_mut().enumerate() {
            // All subsets of s, from s itself down to the empty one.
            let mut u = s;
            loop {
                *out += self.0[u] * other.0[s ^ u];
                if u == 0 {
                    break;
                }
                u = (u - 1) & s;
            }
        }
        Jet(out)
    }

    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        Jet(std::array::from_fn(|s| self.0[s] + other.0[s]))
    }

    #[inline(always)]
    fn scaled(self, by: f64) -> Self {
        Jet(self.0.map(|v| v * by))
    }

    #[inline(always)]
    fn inverse(self) -> Self {
        let mut out = Self::constant(1.0 / self.0[0]);
        for s in 1..M {
            let mut sum = 0.0;
            let mut u = s;
            while u != 0 {
                sum += self.0[u] * out.0[s ^ u];
                u = (u - 1) & s;
            }
            out.0[s] = -sum * out.0[0];
        }
        out
    }
}

/// What the recursion computes with.
pub(super) trait Number: Copy {
    /// Floats that hold one.
    const WIDTH: usize;
    /// Whether it keeps its magnitude apart, so that sums of products never run out of range.
    const EXTENDED: bool;
    const ZERO: Self;
    const ONE: Self;
    /// `exp(log)`, which is also given as a value (scaled by a factor of the caller's), moved in its directions.
    fn exp(log: impl Fn() -> f64, value: f64, direction: impl Fn(usize) -> f64) -> Self;
    fn times(self, other: Self) -> Self;
    fn plus(self, other: Self) -> Self;
    /// Times a power of two.
    fn scaled(self, by: f64) -> Self;
    fn inverse(self) -> Self;
    /// The coefficient without directions; extended numbers without their exponent.
    fn leading(self) -> f64;
    /// The coefficient of all directions.
    fn top(self) -> f64;
    /// The logarithm of the coefficient without directions.
    fn ln(self) -> f64;
    fn load(from: &[f64]) -> Self;
    fn store(self, to: &mut [f64]);
}

impl<const M: usize> Number for Jet<M> {
    const WIDTH: usize = M;
    const EXTENDED: bool = false;
    const ZERO: Self = Jet([0.0; M]);
    const ONE: Self = {
        let mut one = [0.0; M];
        one[0] = 1.0;
        Jet(one)
    };

    #[inline(always)]
    fn exp(_: impl Fn() -> f64, value: f64, direction: impl Fn(usize) -> f64) -> Self {
        Jet::moved(value, direction)
    }
    #[inline(always)]
    fn times(self, other: Self) -> Self {
        Jet::times(self, other)
    }
    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        Jet::plus(self, other)
    }
    #[inline(always)]
    fn scaled(self, by: f64) -> Self {
        Jet::scaled(self, by)
    }
    #[inline(always)]
    fn inverse(self) -> Self {
        Jet::inverse(self)
    }
    #[inline(always)]
    fn leading(self) -> f64 {
        self.0[0]
    }
    #[inline(always)]
    fn top(self) -> f64 {
        self.0[M - 1]
    }
    fn ln(self) -> f64 {
        self.0[0].ln()
    }
    #[inline(always)]
    fn load(from: &[f64]) -> Self {
        Jet(std::array::from_fn(|s| from[s]))
    }
    #[inline(always)]
    fn store(self, to: &mut [f64]) {
        to[..M].copy_from_slice(&self.0);
    }
}

/// A number times a power of two of its own. The number's leading coefficient lies in [1, 2), or it is zero.
#[derive(Debug, Clone, Copy)]
pub(super) struct Extended<const M: usize> {
    jet: Jet<M>,
    /// A whole number.
    exponent: f64,
}

/// Beyond so many powers of two apart, the smaller of two summands is lost in rounding.
const APART: f64 = 1000.0;

impl<const M: usize> Extended<M> {
    fn normal(jet: Jet<M>, exponent: f64) -> Self {
        let leading = jet.0[0];
        if leading == 0.0 || !leading.is_finite() {
            // Derivatives of what is zero are zero: nothing here is negative.
            return Extended {
                jet: Jet::constant(leading),
                exponent: 0.0,
            };
        }
        // Sums and products of numbers in [1, 2) are normal.
        let shift = exponent_of(leading) as f64;
        // In two factors: the inverse of the largest power of two is no normal number.
        let half = (shift / 2.0).trunc();
        Extended {
            jet: jet
                .scaled(power_of_two(-half))
                .scaled(power_of_two(half - shift)),
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
    const WIDTH: usize = M + 1;
    const EXTENDED: bool = true;
    const ZERO: Self = Extended {
        jet: Jet::ZERO,
        exponent: 0.0,
    };
    const ONE: Self = Extended {
        jet: Jet::ONE,
        exponent: 0.0,
    };

    fn exp(log: impl Fn() -> f64, _: f64, direction: impl Fn(usize) -> f64) -> Self {
        let log = log();
        if log <= super::IMPOSSIBLE {
            return Self::ZERO;
        }
        let exponent = (log / std::f64::consts::LN_2).floor();
        // ln 2 in two parts, so that the product is exact for exponents of up to 2^20.
        let (high, low) = (6.931_471_803_691_238e-1, 1.908_214_929_270_587_7e-10);
        let rest = (log - exponent * high) - exponent * low;
        Self::normal(Jet::moved(rest.exp(), direction), exponent)
    }
    fn times(self, other: Self) -> Self {
        Self::normal(self.jet.times(other.jet), self.exponent + other.exponent)
    }
    fn plus(self, other: Self) -> Self {
        if self.jet.0[0] == 0.0 {
            return other;
        }
        if other.jet.0[0] == 0.0 {
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
            large.jet.plus(small.jet.scaled(power_of_two(-apart))),
            large.exponent,
        )
    }
    fn scaled(self, by: f64) -> Self {
        Self::normal(self.jet.scaled(by), self.exponent)
    }
    fn inverse(self) -> Self {
        Self::normal(self.jet.inverse(), -self.exponent)
    }
    fn leading(self) -> f64 {
        self.jet.0[0]
    }
    fn top(self) -> f64 {
        match self.exponent {
            e if e > 1023.0 => self.jet.0[M - 1] * f64::INFINITY,
            e if e < -1022.0 => 0.0,
            e => self.jet.0[M - 1] * power_of_two(e),
        }
    }
    fn ln(self) -> f64 {
        self.jet.0[0].ln() + self.exponent * std::f64::consts::LN_2
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
