//! What a distribution does: its density, written once, and the object made of it.

use crate::arrays::Arrays;
use crate::definition::Definition;
use crate::expr::Expr;
use crate::families::parts::ln_one_minus_exp;
use crate::real::Real;
use rand::Rng;

/// `(x, parameters, log density)` from an independent source.
pub type Golden = (Vec<f64>, Vec<Vec<f64>>, f64);

/// A distribution as its author writes it: parameters come flat, one slice each, in the canonical form's order;
/// scalars have length 1, vectors K, matrices K² in row-major order.
pub trait Density: Sync + 'static {
    /// The signature.
    const DEFINITION: Definition;

    /// Log density of one event, every constant kept. `x` is inside the support.
    fn ln_density<R: Real>(x: &[R], p: &[&[R]]) -> R;

    /// One draw into `out`.
    /// Parameters outside their domain, and improper families, give NaN.
    fn sample(p: &[&[f64]], rng: &mut dyn Rng, out: &mut [f64]);

    /// Distribution function, for univariate families that have one.
    fn cdf<R: Real>(_x: R, _p: &[&[R]]) -> Option<R> {
        None
    }

    /// ln of the distribution function, accurate where that is nearly 0.
    fn ln_cdf<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        Self::cdf(x, p).map(R::ln)
    }

    /// ln of P(draw > x), accurate where that is nearly 0.
    fn ln_survival<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        Self::cdf(x, p).map(|c| (-c).log1p())
    }

    /// ln P(lo < draw <= hi), an end that is `None` being open: from the tail in which the interval lies, so that nothing
    /// cancels far out. Whole numbers from `a` on are `lo = a - 1`.
    fn ln_interval<R: Real>(lo: Option<R>, hi: Option<R>, p: &[&[R]]) -> Option<R> {
        let (lo, hi) = match (lo, hi) {
            (None, None) => return Self::cdf(R::lit(0.0), p).map(|_| R::lit(0.0)),
            (None, Some(hi)) => return Self::ln_cdf(hi, p),
            (Some(lo), None) => return Self::ln_survival(lo, p),
            (Some(lo), Some(hi)) => (lo, hi),
        };
        let (below_lo, below_hi) = (Self::ln_cdf(lo, p)?, Self::ln_cdf(hi, p)?);
        let (above_lo, above_hi) = (Self::ln_survival(lo, p)?, Self::ln_survival(hi, p)?);
        let upper = above_lo.less(below_lo);
        let whole = upper.select(above_lo, below_hi);
        let rest = upper.select(above_hi, below_lo);
        // Nothing left of an end: its derivative is not asked for.
        let nothing = rest.equal(R::lit(f64::NEG_INFINITY));
        let gap = nothing.select(R::lit(-1.0), rest) - nothing.select(R::lit(0.0), whole);
        let part = nothing.select(R::lit(0.0), ln_one_minus_exp(gap));
        Some(whole + part)
    }

    /// Where density and mass are both too small for their ratio to be had from them: whether x is seen from there, and there
    /// ln p(x) - ln P(lo < draw <= hi).
    fn far_share<R: Real>(_x: R, _lo: Option<R>, _hi: R, _p: &[&[R]]) -> Option<(R, R)> {
        None
    }

    /// Turns the arguments of form `form` (an index into `DEFINITION.forms`, not 0) into the canonical ones.
    fn canonical<R: Real>(_form: usize, p: &[Vec<R>]) -> Vec<Vec<R>> {
        p.to_vec()
    }

    /// The log density of one event as arrays, with the arguments of form `form`: how long events are written. `None` where
    /// there is only [`Density::ln_density`], which is written element by element.
    fn ln_density_arrays<'b>(
        _arrays: &dyn Arrays<'b>,
        _form: usize,
        _x: Expr<'b>,
        _p: &[Expr<'b>],
    ) -> Option<Expr<'b>> {
        None
    }

    /// What standard normal noise u becomes less the location, and the log Jacobian of that, as arrays with the arguments of
    /// form `form`; for vector-valued location-scale families.
    fn spread_arrays<'b>(
        _arrays: &dyn Arrays<'b>,
        _form: usize,
        _u: Expr<'b>,
        _p: &[Expr<'b>],
    ) -> Option<(Expr<'b>, Expr<'b>)> {
        None
    }

    /// For sequences: how many elements back each one reads, which is how many the first ones are that have [`Density::ln_start`].
    fn lags<R: Real>(_p: &[&[R]]) -> usize {
        0
    }

    /// For sequences: the log density of one of the first elements.
    fn ln_start<R: Real>(_x: R, _p: &[&[R]]) -> Option<R> {
        None
    }

    /// For sequences: the log density of an element given those before it, the nearest first. A program has one node for
    /// all elements.
    fn ln_step<R: Real>(_x: R, _before: &[R], _p: &[&[R]]) -> Option<R> {
        None
    }

    /// Mean of a scalar draw, where it is known in closed form.
    fn mean(_p: &[&[f64]]) -> Option<f64> {
        None
    }

    /// Variance of a scalar draw, where it is known in closed form.
    fn variance(_p: &[&[f64]]) -> Option<f64> {
        None
    }

    /// `(x, parameters, log density)` from an independent source.
    fn golden() -> Vec<Golden>;
}

/// The same, as an object: what the list holds and everyone else sees.
pub trait Distribution: Sync {
    /// The signature.
    fn definition(&self) -> &'static Definition;
    /// Log density of one event.
    fn ln_density(&self, x: &[f64], p: &[&[f64]]) -> f64;
    /// Log density as nodes of a program.
    fn ln_density_expr<'b>(&self, x: &[Expr<'b>], p: &[&[Expr<'b>]]) -> Expr<'b>;
    /// Log density of one event as arrays, with the arguments of a form.
    fn ln_density_arrays<'b>(
        &self,
        arrays: &dyn Arrays<'b>,
        form: usize,
        x: Expr<'b>,
        p: &[Expr<'b>],
    ) -> Option<Expr<'b>>;
    /// Noise scaled, and the log Jacobian, as arrays.
    fn spread_arrays<'b>(
        &self,
        arrays: &dyn Arrays<'b>,
        form: usize,
        u: Expr<'b>,
        p: &[Expr<'b>],
    ) -> Option<(Expr<'b>, Expr<'b>)>;
    /// For sequences: how many elements back each one reads.
    fn lags<'b>(&self, p: &[&[Expr<'b>]]) -> usize;
    /// For sequences: log density of one of the first elements.
    fn ln_start_expr<'b>(&self, x: Expr<'b>, p: &[&[Expr<'b>]]) -> Option<Expr<'b>>;
    /// For sequences: log density of an element given those before it, the nearest first.
    fn ln_step_expr<'b>(
        &self,
        x: Expr<'b>,
        before: &[Expr<'b>],
        p: &[&[Expr<'b>]],
    ) -> Option<Expr<'b>>;
    /// Distribution function.
    fn cdf(&self, x: f64, p: &[&[f64]]) -> Option<f64>;
    /// Distribution function as nodes of a program.
    fn cdf_expr<'b>(&self, x: Expr<'b>, p: &[&[Expr<'b>]]) -> Option<Expr<'b>>;
    /// ln of the distribution function.
    fn ln_cdf(&self, x: f64, p: &[&[f64]]) -> Option<f64>;
    /// ln of the distribution function as nodes of a program.
    fn ln_cdf_expr<'b>(&self, x: Expr<'b>, p: &[&[Expr<'b>]]) -> Option<Expr<'b>>;
    /// ln of P(draw > x).
    fn ln_survival(&self, x: f64, p: &[&[f64]]) -> Option<f64>;
    /// ln of P(draw > x) as nodes of a program.
    fn ln_survival_expr<'b>(&self, x: Expr<'b>, p: &[&[Expr<'b>]]) -> Option<Expr<'b>>;
    /// ln P(lo < draw <= hi); `None` for an open end.
    fn ln_interval(&self, lo: Option<f64>, hi: Option<f64>, p: &[&[f64]]) -> Option<f64>;
    /// ln P(lo < draw <= hi) as nodes of a program.
    fn ln_interval_expr<'b>(
        &self,
        lo: Option<Expr<'b>>,
        hi: Option<Expr<'b>>,
        p: &[&[Expr<'b>]],
    ) -> Option<Expr<'b>>;
    /// Where density and mass are both too small for their ratio to be had from them, and the logarithm of the ratio there.
    fn far_share_expr<'b>(
        &self,
        x: Expr<'b>,
        lo: Option<Expr<'b>>,
        hi: Expr<'b>,
        p: &[&[Expr<'b>]],
    ) -> Option<(Expr<'b>, Expr<'b>)>;
    /// The same as numbers.
    fn far_share(&self, x: f64, lo: Option<f64>, hi: f64, p: &[&[f64]]) -> Option<(f64, f64)>;
    /// Arguments of an alternative form as nodes of the canonical ones.
    fn canonical_expr<'b>(&self, form: usize, p: &[Vec<Expr<'b>>]) -> Vec<Vec<Expr<'b>>>;
    /// Arguments of an alternative form as values of the canonical ones.
    fn canonical(&self, form: usize, p: &[Vec<f64>]) -> Vec<Vec<f64>>;
    /// One draw.
    fn sample(&self, p: &[&[f64]], rng: &mut dyn Rng, out: &mut [f64]);
    /// Closed-form mean.
    fn mean(&self, p: &[&[f64]]) -> Option<f64>;
    /// Closed-form variance.
    fn variance(&self, p: &[&[f64]]) -> Option<f64>;
    /// Golden values.
    fn golden(&self) -> Vec<Golden>;
}

impl<T: Density> Distribution for T {
    fn definition(&self) -> &'static Definition {
        &T::DEFINITION
    }
    fn ln_density(&self, x: &[f64], p: &[&[f64]]) -> f64 {
        T::ln_density(x, p)
    }
    fn ln_density_expr<'b>(&self, x: &[Expr<'b>], p: &[&[Expr<'b>]]) -> Expr<'b> {
        T::ln_density(x, p)
    }
    fn ln_density_arrays<'b>(
        &self,
        arrays: &dyn Arrays<'b>,
        form: usize,
        x: Expr<'b>,
        p: &[Expr<'b>],
    ) -> Option<Expr<'b>> {
        T::ln_density_arrays(arrays, form, x, p)
    }
    fn spread_arrays<'b>(
        &self,
        arrays: &dyn Arrays<'b>,
        form: usize,
        u: Expr<'b>,
        p: &[Expr<'b>],
    ) -> Option<(Expr<'b>, Expr<'b>)> {
        T::spread_arrays(arrays, form, u, p)
    }
    fn lags<'b>(&self, p: &[&[Expr<'b>]]) -> usize {
        T::lags(p)
    }
    fn ln_start_expr<'b>(&self, x: Expr<'b>, p: &[&[Expr<'b>]]) -> Option<Expr<'b>> {
        T::ln_start(x, p)
    }
    fn ln_step_expr<'b>(
        &self,
        x: Expr<'b>,
        before: &[Expr<'b>],
        p: &[&[Expr<'b>]],
    ) -> Option<Expr<'b>> {
        T::ln_step(x, before, p)
    }
    fn cdf(&self, x: f64, p: &[&[f64]]) -> Option<f64> {
        T::cdf(x, p)
    }
    fn cdf_expr<'b>(&self, x: Expr<'b>, p: &[&[Expr<'b>]]) -> Option<Expr<'b>> {
        T::cdf(x, p)
    }
    fn ln_cdf(&self, x: f64, p: &[&[f64]]) -> Option<f64> {
        T::ln_cdf(x, p)
    }
    fn ln_cdf_expr<'b>(&self, x: Expr<'b>, p: &[&[Expr<'b>]]) -> Option<Expr<'b>> {
        T::ln_cdf(x, p)
    }
    fn ln_survival(&self, x: f64, p: &[&[f64]]) -> Option<f64> {
        T::ln_survival(x, p)
    }
    fn ln_survival_expr<'b>(&self, x: Expr<'b>, p: &[&[Expr<'b>]]) -> Option<Expr<'b>> {
        T::ln_survival(x, p)
    }
    fn ln_interval(&self, lo: Option<f64>, hi: Option<f64>, p: &[&[f64]]) -> Option<f64> {
        T::ln_interval(lo, hi, p)
    }
    fn ln_interval_expr<'b>(
        &self,
        lo: Option<Expr<'b>>,
        hi: Option<Expr<'b>>,
        p: &[&[Expr<'b>]],
    ) -> Option<Expr<'b>> {
        T::ln_interval(lo, hi, p)
    }
    fn far_share_expr<'b>(
        &self,
        x: Expr<'b>,
        lo: Option<Expr<'b>>,
        hi: Expr<'b>,
        p: &[&[Expr<'b>]],
    ) -> Option<(Expr<'b>, Expr<'b>)> {
        T::far_share(x, lo, hi, p)
    }
    fn far_share(&self, x: f64, lo: Option<f64>, hi: f64, p: &[&[f64]]) -> Option<(f64, f64)> {
        T::far_share(x, lo, hi, p)
    }
    fn canonical(&self, form: usize, p: &[Vec<f64>]) -> Vec<Vec<f64>> {
        if form == 0 {
            p.to_vec()
        } else {
            T::canonical(form, p)
        }
    }
    fn canonical_expr<'b>(&self, form: usize, p: &[Vec<Expr<'b>>]) -> Vec<Vec<Expr<'b>>> {
        if form == 0 {
            p.to_vec()
        } else {
            T::canonical(form, p)
        }
    }
    fn sample(&self, p: &[&[f64]], rng: &mut dyn Rng, out: &mut [f64]) {
        T::sample(p, rng, out)
    }
    fn mean(&self, p: &[&[f64]]) -> Option<f64> {
        T::mean(p)
    }
    fn variance(&self, p: &[&[f64]]) -> Option<f64> {
        T::variance(p)
    }
    fn golden(&self) -> Vec<Golden> {
        T::golden()
    }
}
