//! ln P(lower <= X <= upper) from the logarithms of distribution and survival function, without cancellation in either
//! tail, and without an infinite gradient where the probability is 0 or 1.

use crate::graph::TDist;
use ppl_core::{Expr, Prim, Real};
use ppl_dist::{Bound, Support};

/// The ends of an interval, both included; an end that is not given is the support's.
#[derive(Clone, Copy)]
pub(super) struct Ends<'b> {
    pub lower: Option<Expr<'b>>,
    pub upper: Option<Expr<'b>>,
}

/// A distribution of one number at given arguments.
pub(super) struct Family<'d, 'b> {
    dist: &'d TDist,
    arguments: &'d [&'d [Expr<'b>]],
    lowest: Expr<'b>,
    highest: Expr<'b>,
    discrete: bool,
    /// Whether values are counted from 0 without an end.
    counts: bool,
}

const NEVER: f64 = f64::NEG_INFINITY;

/// ln(1 - e^x) for x <= 0 (Mächler 2012, "Accurately computing log(1 - exp(-|a|))").
fn log1m_exp<'b>(x: Expr<'b>) -> Expr<'b> {
    let half = Expr::Const(-std::f64::consts::LN_2);
    let small = half.less(x);
    let near = small.select(x, half);
    let far = small.select(half, x);
    small.select((-near.expm1()).ln(), (-far.exp()).log1p())
}

fn floor<'b>(x: Expr<'b>) -> Expr<'b> {
    Expr::apply(Prim::Floor, &[x])
}

impl<'d, 'b> Family<'d, 'b> {
    pub(super) fn new(dist: &'d TDist, arguments: &'d [&'d [Expr<'b>]]) -> Self {
        let def = dist.distribution.definition();
        let end = |b: Bound| match b {
            Bound::At(v) => Expr::Const(v),
            Bound::Parameter(i) => arguments[i][0],
        };
        let (lowest, highest) = match def.support {
            Support::Interval(a, b) | Support::Integers(a, b) => (end(a), end(b)),
            _ => (Expr::Const(NEVER), Expr::Const(f64::INFINITY)),
        };
        Family {
            dist,
            arguments,
            lowest,
            highest,
            discrete: def.is_discrete(),
            counts: def.support == Support::COUNT,
        }
    }

    /// A point inside the support, to evaluate at where the result is not used.
    pub(super) fn somewhere(&self) -> Expr<'b> {
        let finite = |e: Expr<'b>| !matches!(e, Expr::Const(v) if v.is_infinite());
        match (finite(self.lowest), finite(self.highest)) {
            _ if self.discrete && finite(self.lowest) => self.lowest,
            (true, true) => (self.lowest + self.highest) * Expr::Const(0.5),
            (true, false) => self.lowest + Expr::Const(1.0),
            (false, true) => self.highest - Expr::Const(1.0),
            (false, false) => Expr::Const(0.0),
        }
    }

    /// `none` where x is below the support, `all` where it is at its upper end or above, else `of(x)`.
    fn guarded(
        &self,
        x: Expr<'b>,
        none: f64,
        all: f64,
        of: impl Fn(Expr<'b>) -> Expr<'b>,
    ) -> Expr<'b> {
        // The lower end itself has mass only if it is a whole number's.
        let below = if self.discrete {
            x.less(self.lowest)
        } else {
            x.less_eq(self.lowest)
        };
        let above = self.highest.less_eq(x);
        let safe = below.select(self.somewhere(), above.select(self.somewhere(), x));
        below.select(Expr::Const(none), above.select(Expr::Const(all), of(safe)))
    }

    /// ln P(X <= x)
    fn ln_up_to(&self, x: Expr<'b>) -> Expr<'b> {
        if let Some(none) = self.ln_none(self.whole(x)) {
            return none;
        }
        let ln_cdf = |x| {
            self.dist
                .distribution
                .ln_cdf_expr(x, self.arguments)
                .unwrap_or(Expr::Const(f64::NAN))
        };
        self.guarded(self.whole(x), NEVER, 0.0, ln_cdf)
    }

    /// ln P(X > x)
    fn ln_beyond(&self, x: Expr<'b>) -> Expr<'b> {
        if let Some(none) = self.ln_none(self.whole(x)) {
            let surely = none.equal(Expr::Const(0.0));
            let less = surely.select(Expr::Const(-1.0), none);
            return surely.select(Expr::Const(NEVER), log1m_exp(less));
        }
        let ln_survival = |x| {
            self.dist
                .distribution
                .ln_survival_expr(x, self.arguments)
                .unwrap_or(Expr::Const(f64::NAN))
        };
        self.guarded(self.whole(x), 0.0, NEVER, ln_survival)
    }

    /// ln P(X = 0) where x is known to be 0 and the least that there is. A distribution function may be a long series or a fraction, and
    /// 1 - P(X = 0) is what most truncated counts ask for; the densities at 0 are accurate down to the smallest means.
    fn ln_none(&self, x: Expr<'b>) -> Option<Expr<'b>> {
        let known = self.counts && matches!(x, Expr::Const(0.0));
        let distribution = &self.dist.distribution;
        known.then(|| distribution.ln_density_expr(&[x], self.arguments))
    }

    /// The largest value of the support's scale that is not above x.
    fn whole(&self, x: Expr<'b>) -> Expr<'b> {
        if self.discrete { floor(x) } else { x }
    }

    /// The largest value below x, for whole numbers; x itself, which has no mass, for others.
    pub(super) fn before(&self, x: Expr<'b>) -> Expr<'b> {
        if self.discrete {
            -floor(-x) - Expr::Const(1.0)
        } else {
            x
        }
    }

    /// ln P(lower <= X <= upper); -inf, with gradient 0, where nothing lies between.
    pub(super) fn ln_mass(&self, ends: Ends<'b>) -> Expr<'b> {
        let (lower, upper) = match (ends.lower, ends.upper) {
            (None, None) => return Expr::Const(0.0),
            (None, Some(upper)) => return self.ln_up_to(upper),
            (Some(lower), None) => return self.ln_beyond(self.before(lower)),
            (Some(lower), Some(upper)) => (self.before(lower), self.whole(upper)),
        };
        // F(u) - F(l) below the median, S(l) - S(u) above it: the smaller pair of numbers is subtracted.
        let (up_to_lower, up_to_upper) = (self.ln_up_to(lower), self.ln_up_to(upper));
        let (beyond_lower, beyond_upper) = (self.ln_beyond(lower), self.ln_beyond(upper));
        let in_upper_half = Expr::Const(-std::f64::consts::LN_2).less(up_to_lower);
        let larger = in_upper_half.select(beyond_lower, up_to_upper);
        let smaller = in_upper_half.select(beyond_upper, up_to_lower);
        let nothing = larger.less_eq(smaller);
        let minus_one = Expr::Const(-1.0);
        let larger = nothing.select(Expr::Const(0.0), larger);
        let ratio = nothing.select(minus_one, smaller - larger);
        nothing.select(Expr::Const(NEVER), larger + log1m_exp(ratio))
    }
}
