//! The distribution function of Pólya's urn: the beta-binomial distribution, and the hypergeometric one for negative weights.

use super::incomplete::{LARGE, ln_rising};
use super::jet::{Jet, Number};

/// Counts from here on do not fit into [`below_of`].
pub const COUNTS: f64 = (1u64 << 26) as f64;

/// Two counts in one number, as primitives have three arguments at most: `below` of `n`. `below` is at most n + 1.
pub fn below_of<R: From<f64> + std::ops::Add<Output = R> + std::ops::Mul<Output = R>>(
    below: R,
    n: R,
) -> R {
    below * R::from(COUNTS) + n
}

/// The derivative of these orders by a and b of ln P(X < k), where X counts the successes in n draws from an urn with weights a and b
/// that grow by 1 when they are drawn (Johnson, Kemp & Kotz 2005, 6.2): BetaBinomial(n, a, b), and for
/// negative weights Hypergeometric(n, -a, -b), which has no derivatives. `counts` holds k and n ([`below_of`]). NaN above order 2 in
/// all.
///
/// The probability of one end times the sum of the ratios of the others to it, taken on the side of the mean that needs no
/// subtraction; up to n terms. The end's probability is known up to rounding of ln n!, about 1e-16 n ln n.
pub fn ln_polya_lower(order: (u8, u8), counts: f64, a: f64, b: f64) -> f64 {
    let (k, n) = ((counts / COUNTS).floor(), counts % COUNTS);
    let valued = order == (0, 0);
    let end = |full: bool| match (valued, full) {
        (true, false) => f64::NEG_INFINITY,
        _ => 0.0,
    };
    let mixed = (a < 0.0 && b > 0.0) || (a > 0.0 && b < 0.0) || (a < 0.0 && !valued);
    let whole = (0.0..COUNTS * COUNTS).contains(&counts);
    let defined = whole && a.is_finite() && b.is_finite() && !mixed;
    if !defined {
        f64::NAN
    } else if a <= 0.0 && b <= 0.0 && n > -(a + b) {
        // More draws than there are in the urn.
        f64::NAN
    } else if k <= 0.0 {
        end(false)
    } else if k > n || a == 0.0 {
        end(true)
    } else if b == 0.0 {
        end(false)
    } else if valued {
        Urn { n, a, b }.ln_below(k)
    } else {
        let urn = Urn {
            n,
            a: Jet::a(a),
            b: Jet::b(b),
        };
        urn.ln_below(k).derivative(order.0, order.1)
    }
}

/// n draws from weights a and b, of one sign.
struct Urn<N> {
    n: f64,
    a: N,
    b: N,
}

impl<N: Number> Urn<N> {
    /// ln P(X < k) for 1 <= k <= n.
    fn ln_below(&self, k: f64) -> N {
        let (a, b) = (self.a.value(), self.b.value());
        let direct = || self.ln_up_to(k - 1.0);
        if k - 1.0 <= self.n * (a / (a + b)) {
            return direct();
        }
        let above = self.other().ln_up_to(self.n - k);
        // Little below after all: a density with two peaks.
        if above.value() > -0.1 {
            return direct();
        }
        (-above.exp()).log1p()
    }

    /// The same urn with failures counted.
    fn other(&self) -> Urn<N> {
        Urn {
            n: self.n,
            a: self.b,
            b: self.a,
        }
    }

    /// ln P(X <= x), summed from x down.
    fn ln_up_to(&self, x: f64) -> N {
        let at_x = self.ln_probability(x);
        if at_x.value() == f64::NEG_INFINITY && self.a.value() < 0.0 {
            // Beyond the successes in the urn: the largest possible count takes its place. Below the fewest possible: nothing.
            let most = -self.a.value();
            return if x > most { self.ln_up_to(most) } else { at_x };
        }
        let one = N::from(1.0);
        let (mut term, mut total) = (one, one);
        // With a >= 1 what has become small stays small.
        let falls = self.a.value() < 0.0 || self.a.value() >= 1.0;
        let mut j = x;
        while j >= 1.0 {
            let up = N::from(j) * (self.b + N::from(self.n - j));
            term = term * up / (N::from(self.n - j + 1.0) * (self.a + N::from(j - 1.0)));
            total = total + term;
            j -= 1.0;
            if term.value() == 0.0 || (falls && term.value() * j < 1e-19 * total.value()) {
                break;
            }
        }
        at_x + total.ln()
    }

    fn ln_probability(&self, x: f64) -> N {
        let (n, y) = (self.n, self.n - x);
        if self.a.value() < 0.0 {
            let (most, fewest) = (-self.a.value(), n + self.b.value());
            if x > most || x < fewest {
                return N::from(f64::NEG_INFINITY);
            }
            let total = most - self.b.value();
            let ways = ln_choose(most, x) + ln_choose(-self.b.value(), y);
            return N::from(ways - ln_choose(total, n));
        }
        let rising = rising(self.a, x) + rising(self.b, y) - rising(self.a + self.b, n);
        let odds = N::from(x) * (self.b / self.a).log1p() + N::from(y) * (self.a / self.b).log1p();
        N::from(ln_choose(n, x)) + rising - odds
    }
}

/// ln of the binomial coefficient; for a large n from few terms, where the gammas cancel.
fn ln_choose(n: f64, x: f64) -> f64 {
    let few = x.min(n - x);
    let rest = n - few + 1.0;
    rising(rest, few) + few * libm::log(rest) - super::ln_gamma(few + 1.0)
}

/// ln Gamma(a + s) - ln Gamma(a) - s ln a.
fn rising<N: Number>(a: N, s: f64) -> N {
    let s = N::from(s);
    if a.value() < LARGE {
        (a + s).ln_gamma() - a.ln_gamma() - s * a.ln()
    } else {
        ln_rising(a, s)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// k, n, a, b; ln P(X < k) and its derivatives by a, b, twice a, both, twice b, from mpmath at 110 digits.
    const URNS: [(f64, f64, f64, f64, [f64; 6]); 10] = [
        (
            1.0,
            20.0,
            2.0,
            5.0,
            [
                -3.0757749812275272,
                -1.4044197162150454,
                0.2882051282051282,
                0.11581380464294037,
                0.11581380464294037,
                -0.06469848783694937,
            ],
        ),
        (
            4.0,
            10.0,
            0.5,
            0.7,
            [
                -0.7035898582688576,
                -1.2627629076755298,
                0.7678481031087914,
                0.42912961362048113,
                1.0219193957928838,
                -1.5331691950054098,
            ],
        ),
        (
            170.0,
            500.0,
            40.0,
            60.0,
            [
                -2.0659452822356674,
                -0.193450646837088,
                0.11559346689022934,
                -0.008687469532233198,
                0.0069352858269473554,
                -0.005269022136216121,
            ],
        ),
        (
            490.0,
            500.0,
            40.0,
            60.0,
            [
                -4.1490736815640275e-45,
                -3.319295611679408e-45,
                6.817688730481963e-45,
                -2.593045775296447e-45,
                5.419456386072444e-45,
                -1.1227792888924048e-44,
            ],
        ),
        (
            3.0,
            10.0,
            1000000000.0,
            3000000000.0,
            [
                -0.6432285028321436,
                -1.0714285701211734e-09,
                3.57142856647534e-10,
                -3.4438775445289725e-19,
                4.719387744222242e-19,
                -2.763605435248117e-19,
            ],
        ),
        (
            7.0,
            7.0,
            0.1,
            20.0,
            [
                -2.6720434116078513e-08,
                -3.2081743266630744e-07,
                8.158606648663513e-09,
                -1.145934658741129e-06,
                9.759728373733645e-08,
                -2.8496673041404887e-09,
            ],
        ),
        (
            99.0,
            100.0,
            0.01,
            0.0001,
            [
                -4.574456059906835,
                -95.04038996695229,
                9900.90455997244,
                9784.153094485213,
                9794.821046226545,
                -99990196.79351579,
            ],
        ),
        (
            30.0,
            2000.0,
            3.0,
            1.5,
            [
                -11.728241324917935,
                -3.9893252345778,
                1.3399537540804387,
                -0.004601691316796006,
                0.247310350192738,
                -0.6860617061988622,
            ],
        ),
        (
            1.0,
            1000.0,
            150.0,
            2.5,
            [
                -434.9049736238905,
                -2.025372548380381,
                4.181224134119677,
                0.005710868138265713,
                0.005710868138265713,
                -0.4836488840527885,
            ],
        ),
        (
            980.0,
            1000.0,
            0.3,
            4.0,
            [
                -3.158343836344624e-08,
                -1.5223960069354438e-07,
                1.2255965163322665e-07,
                -3.553456110983828e-07,
                5.825587870282634e-07,
                -4.781179618815598e-07,
            ],
        ),
    ];

    #[test]
    fn beta_binomial_and_its_derivatives() {
        let orders = [(0, 0), (1, 0), (0, 1), (2, 0), (1, 1), (0, 2)];
        for (k, n, a, b, want) in URNS {
            for (order, want) in orders.into_iter().zip(want) {
                let got = ln_polya_lower(order, below_of(k, n), a, b);
                assert!(
                    (got - want).abs() <= 1e-11 * want.abs(),
                    "({k}, {n}, {a}, {b}), order {order:?}: {got} is not {want}"
                );
            }
        }
    }

    /// The same for the hypergeometric distribution.
    #[test]
    fn hypergeometric() {
        for (k, n, a, b, want) in [
            (3.0, 10.0, -7.0, -13.0, -1.7434116850702612),
            (1.0, 5.0, -20.0, -30.0, -2.699202186796173),
            (40.0, 100.0, -300.0, -500.0, -0.3966702872642998),
            (60.0, 100.0, -300.0, -500.0, -8.929057711620694e-07),
            (4.0, 6.0, -4.0, -9.0, -0.021202207650602982),
            (5.0, 6.0, -4.0, -9.0, 0.0),
            (2.0, 8.0, -10.0, -6.0, f64::NEG_INFINITY),
            (3.0, 8.0, -10.0, -6.0, -5.655991810819852),
            (2.0, 1000.0, -100000.0, -1000000.0, -90.73950767314166),
        ] {
            let got = ln_polya_lower((0, 0), below_of(k, n), a, b);
            assert!(
                got == want || (got - want).abs() <= 1e-11 * want.abs(),
                "({k}, {n}, {a}, {b}): {got} is not {want}"
            );
        }
    }

    #[test]
    fn ends() {
        let of = |k: f64, n: f64, a: f64, b: f64| ln_polya_lower((0, 0), below_of(k, n), a, b);
        assert_eq!(of(0.0, 5.0, 1.0, 2.0), f64::NEG_INFINITY);
        assert_eq!(of(6.0, 5.0, 1.0, 2.0), 0.0);
        assert_eq!(of(1.0, 0.0, 1.0, 2.0), 0.0);
        // No success in the urn; no failure.
        assert_eq!(of(1.0, 5.0, -0.0, -7.0), 0.0);
        assert_eq!(of(5.0, 5.0, -7.0, -0.0), f64::NEG_INFINITY);
        assert!(of(1.0, 8.0, -3.0, -4.0).is_nan());
    }
}
