//! Long events as whole arrays: densities by routines, and the maps from unconstrained vectors onto their supports.
//! Short ones are written out element by element, which keeps them in registers of the loops over their batches.

use super::constrain::Free;
use super::site_map::SiteMap;
use super::{Lowered, Lowering};
use crate::graph::{AxisRef, SymbolId, TDist};
use ppl_core::{AxisId, AxisSet, Expr, Index, Real};
use ppl_dist::{Arrays, Bijection, Shape, Support};

/// Events along an axis of more elements than this are arrays.
const SHORT: usize = 8;

/// The arrays of one event.
struct EventArrays<'a, 'l, 'b> {
    lowering: &'l Lowering<'a, 'b>,
    /// The event's axis.
    row: AxisId,
    /// Its second copy, where the model has square matrices over it.
    column: Option<AxisId>,
}

impl<'b> EventArrays<'_, '_, 'b> {
    fn matrix(&self, e: Expr<'b>) -> (Expr<'b>, AxisId, AxisId) {
        (e, self.row, self.column.unwrap_or(self.row))
    }
}

impl<'b> Arrays<'b> for EventArrays<'_, '_, 'b> {
    fn size(&self) -> usize {
        self.lowering.builder.size(self.row)
    }

    fn vector(&self, f: &dyn Fn(usize) -> f64) -> Expr<'b> {
        let values = (0..self.size()).map(f).collect();
        self.lowering.builder.data(values, AxisSet::of(&[self.row]))
    }

    fn sum(&self, vector: Expr<'b>) -> Expr<'b> {
        self.lowering.builder.sum(vector, AxisSet::of(&[self.row]))
    }

    fn sum_of_squares(&self, matrix: Expr<'b>) -> Expr<'b> {
        let b = self.lowering.builder;
        b.sum(
            matrix.square(),
            AxisSet::of(&[self.row, self.column.unwrap_or(self.row)]),
        )
    }

    fn lower(&self, matrix: Expr<'b>) -> Expr<'b> {
        let (m, r, c) = self.matrix(matrix);
        let mask = self.lowering.builder.lower_mask(r, c, 1.0);
        mask.select(m, Expr::Const(0.0))
    }

    fn identity(&self) -> Expr<'b> {
        let column = self.column.unwrap_or(self.row);
        self.lowering.builder.square(self.row, column, identity)
    }

    fn diagonal(&self, matrix: Expr<'b>) -> Expr<'b> {
        self.lowering.builder.diagonal(self.matrix(matrix))
    }

    fn cholesky(&self, matrix: Expr<'b>) -> Expr<'b> {
        self.lowering.builder.cholesky(self.matrix(matrix))
    }

    fn solve_lower(&self, l: Expr<'b>, b: Expr<'b>, transposed: bool) -> Expr<'b> {
        let b = (b, self.row);
        self.lowering
            .builder
            .solve_lower(self.matrix(l), b, transposed)
    }

    fn elements(&self, vector: Expr<'b>, positions: Expr<'b>) -> Option<Expr<'b>> {
        let b = self.lowering.builder;
        let values = self.known(positions)?;
        let index = b.index(Index {
            target: self.row,
            axes: b.axes_of(positions),
            values: values.into_iter().map(|v| v as u32).collect(),
        });
        Some(b.gather(vector, index))
    }

    fn total(&self, e: Expr<'b>, like: Expr<'b>) -> Expr<'b> {
        let b = self.lowering.builder;
        b.sum(e, b.axes_of(like))
    }

    fn known(&self, e: Expr<'b>) -> Option<Vec<f64>> {
        let b = self.lowering.builder;
        let Expr::Node(id, _) = e else {
            let Expr::Const(v) = e else { return None };
            return Some(vec![v]);
        };
        let fixed = b.is_fixed(id);
        let found = || ppl_core::interpret::evaluate(&b.snapshot(), &[], &[], &[id]);
        fixed.then(found)?.pop()
    }

    fn multiply(&self, matrix: Expr<'b>, vector: Expr<'b>, transposed: bool) -> Expr<'b> {
        let (m, r, c) = self.matrix(matrix);
        let (rows, summed) = if transposed { ([c], [r]) } else { ([r], [c]) };
        let v = (vector, &[self.row][..], &[][..]);
        self.lowering
            .builder
            .matrix_product((m, &rows, &summed), v, (&[self.row], &[]))
    }
}

impl<'a, 'b> Lowering<'a, 'b> {
    /// Whether events along these axes are arrays.
    pub(super) fn is_long(&self, event: &[AxisId]) -> bool {
        event.iter().any(|e| self.builder.size(*e) > SHORT)
    }

    fn arrays(&self, event: AxisRef) -> EventArrays<'a, '_, 'b> {
        let copy = |copy| AxisRef { copy, ..event };
        EventArrays {
            lowering: self,
            row: self.axes.id(copy(0)),
            column: self.axes.known(copy(1)),
        }
    }

    /// The log density of a long event; `None` for a short one, and where there is only the elementwise form.
    pub(super) fn array_density(&self, d: &TDist, value: Expr<'b>) -> Lowered<Option<Expr<'b>>> {
        let def = d.distribution.definition();
        let first = match (def.event, d.event.as_slice()) {
            (Shape::Vector, [.., e]) | (Shape::Matrix, [e, _]) => *e,
            _ => return Ok(None),
        };
        let graph = def.support == Support::SumToZero;
        if first.copy != 0 || !(graph || self.is_long(&[self.axes.id(first)])) {
            return Ok(None);
        }
        let Some(args) = self.whole_arguments(d, first)? else {
            return Ok(None);
        };
        let arrays = self.arrays(first);
        Ok(d.distribution
            .ln_density_arrays(&arrays, d.form, value, &args))
    }

    /// The arguments as arrays; `None` where a matrix does not lie along both copies of the axis.
    fn whole_arguments(&self, d: &TDist, event: AxisRef) -> Lowered<Option<Vec<Expr<'b>>>> {
        let arrays = self.arrays(event);
        let parameters = d.distribution.definition().forms[d.form].parameters;
        let mut args = vec![];
        for (parameter, arg) in parameters.iter().zip(&d.args) {
            let value = self.expr(arg)?;
            let whole = arrays.column.is_some_and(|c| {
                self.builder
                    .axes_of(value)
                    .contains_all(AxisSet::of(&[arrays.row, c]))
            });
            if parameter.shape == Shape::Matrix && !whole {
                return Ok(None);
            }
            args.push(value);
        }
        Ok(Some(args))
    }

    /// [`Lowering::constrain`] for a long event; `None` for a short one, and where there is only the elementwise form.
    pub(super) fn long_value(
        &self,
        site: SymbolId,
        map: &SiteMap<'b>,
        free: Free<'b>,
        standardised: bool,
    ) -> Lowered<Option<(Expr<'b>, Expr<'b>)>> {
        if !self.is_long(&map.event) {
            return Ok(None);
        }
        let axes = &self.bound.model.symbols[site].axes;
        let (batch, event) = axes.split_at(axes.len() - map.event.len());
        let n: usize = map.event.iter().map(|e| self.builder.size(*e)).product();
        let Some(positions) = positions(&map.bijection, n) else {
            return Ok(None);
        };
        let base = map.bijection.unconstrained_len(n);
        let u = match free {
            Free::Number(_) => return Ok(None),
            Free::Along(u, axis) if map.event == [axis] && positions.iter().copied().eq(0..n) => u,
            Free::Along(u, axis) => self.pick(u, axis, event, &|k| positions[k]),
            Free::Slice(u, axis, from) => {
                let all = [batch, event].concat();
                self.pick(u, axis, &all, &|i| from + i / n * base + positions[i % n])
            }
        };
        if standardised {
            return self.long_standardised(site, u, event);
        }
        Ok(Some(self.array_forward(map, u)))
    }

    /// Elements of `source` along `axis`, one for each element of `axes` in declared order.
    fn pick(
        &self,
        source: Expr<'b>,
        axis: AxisId,
        axes: &[AxisRef],
        position: &dyn Fn(usize) -> usize,
    ) -> Expr<'b> {
        let order = self.axes.order(axes).into_iter();
        let index = self.builder.index(Index {
            target: axis,
            axes: self.axes.set(axes),
            values: order.map(|i| position(i) as u32).collect(),
        });
        self.builder.gather(source, index)
    }

    /// `location + scale u` of a long event, and its log Jacobian.
    fn long_standardised(
        &self,
        site: SymbolId,
        u: Expr<'b>,
        event: &[AxisRef],
    ) -> Lowered<Option<(Expr<'b>, Expr<'b>)>> {
        let (Some(d), [e]) = (self.bound.model.dist(site), event) else {
            return Ok(None);
        };
        let Some(ls) = d.distribution.definition().location_scale else {
            return Ok(None);
        };
        let Some(args) = self.whole_arguments(d, *e)? else {
            return Ok(None);
        };
        let spread = d
            .distribution
            .spread_arrays(&self.arrays(*e), d.form, u, &args);
        Ok(spread.map(|(spread, ln_jacobian)| (args[ls.location] + spread, ln_jacobian)))
    }

    /// [`Bijection::forward`] over arrays: `u` has an event's axes, each element the unconstrained number of
    /// [`positions`].
    fn array_forward(&self, map: &SiteMap<'b>, u: Expr<'b>) -> (Expr<'b>, Expr<'b>) {
        let factor = |bijection| {
            let map = SiteMap {
                bijection,
                event: map.event.clone(),
            };
            self.array_forward(&map, u)
        };
        let b = self.builder;
        let over = AxisSet::of(&map.event);
        let lit = Expr::Const;
        let (first, last) = (map.event[0], *map.event.last().unwrap_or(&map.event[0]));
        let n = b.size(first);
        let vector = |f: &dyn Fn(usize) -> f64| b.data((0..n).map(f).collect(), over);
        match map.bijection {
            // ln x_k = sum_{j <= k} ln(1 - z_j) + v_k, without the last v: see `Bijection::Simplex`.
            Bijection::Simplex => {
                let inside = vector(&|k| f64::from(u8::from(k + 1 < n)));
                let v = u - vector(&|k| ((n - 1 - k).max(1) as f64).ln());
                let ln_rest = -(inside * v.softplus());
                let ln_x = b.running_sum(ln_rest, first, false) + inside * v;
                (ln_x.exp(), b.sum(inside * (ln_x + ln_rest), over))
            }
            Bijection::Ordered => {
                let later = vector(&|k| f64::from(u8::from(k > 0)));
                let steps = later.select(u.exp(), u);
                (b.running_sum(steps, first, false), b.sum(later * u, over))
            }
            Bijection::OrderedAbove(lo) => {
                (lo + b.running_sum(u.exp(), first, false), b.sum(u, over))
            }
            Bijection::OrderedBelow(hi) => {
                (hi - b.running_sum(u.exp(), first, true), b.sum(u, over))
            }
            // 1 less what is left of the stick: see `Bijection::OrderedWithin`.
            Bijection::OrderedWithin(lo, hi) => {
                let v = u - vector(&|k| ((n - k) as f64).ln());
                let ln_rest = -v.softplus();
                let ln_left = b.running_sum(ln_rest, first, false);
                let value = lo - (hi - lo) * ln_left.expm1();
                let ln_steps = b.sum(ln_left + v + ln_rest, over);
                (value, ln_steps + lit(n as f64) * (hi - lo).ln())
            }
            // x_k = sum_{j >= k} w_j - (k - 1) w_{k-1}, w_K = 0: see `Bijection::SumToZero`.
            Bijection::SumToZero => {
                let w = u * vector(&|k| match k + 1 < n {
                    true => 1.0 / ((k + 1) as f64 * (k + 2) as f64).sqrt(),
                    false => 0.0,
                });
                let index = b.index(Index {
                    target: first,
                    axes: over,
                    values: (0..n).map(|k| k.saturating_sub(1) as u32).collect(),
                });
                let before = b.gather(w, index) * vector(&|k| k as f64);
                (b.running_sum(w, first, true) - before, lit(0.0))
            }
            Bijection::CorrCholesky => {
                let below = b.lower_mask(first, last, 1.0) - b.square(first, last, identity);
                let ln_sech =
                    below * (lit(std::f64::consts::LN_2) - u - (lit(-2.0) * u).softplus());
                let ln_left = b.running_sum(ln_sech, last, false) - ln_sech;
                let value = below * u.tanh() * ln_left.exp()
                    + b.square(first, last, identity) * ln_left.exp();
                (value, b.sum(below * (ln_left + lit(2.0) * ln_sech), over))
            }
            Bijection::CovCholesky => {
                let diagonal = b.square(first, last, identity);
                let below = b.lower_mask(first, last, 1.0) - diagonal;
                (
                    below * u + diagonal * diagonal.select(u, lit(0.0)).exp(),
                    b.sum(diagonal * u, over),
                )
            }
            // L L', the Jacobian of which is the product of L[i, i]^(K - i - fixed) and of 2 for each free diagonal element.
            Bijection::Correlation | Bijection::Covariance => {
                let (fixed, (l, ln_jacobian)) = match map.bijection {
                    Bijection::Correlation => (1, factor(Bijection::CorrCholesky)),
                    _ => (0, factor(Bijection::CovCholesky)),
                };
                let along = AxisSet::of(&[first]);
                let power = |k: usize| n.saturating_sub(k + fixed) as f64;
                let powers = b.data(
                    (0..n)
                        .map(|k| if k < fixed { 0.0 } else { power(k) })
                        .collect(),
                    along,
                );
                let twos = (1 - fixed) as f64 * n as f64 * std::f64::consts::LN_2;
                let more = b.sum(powers * b.diagonal((l, first, last)).ln(), along);
                (self.squared(l, first, last), ln_jacobian + more + lit(twos))
            }
            map => {
                let (value, ln_jacobian) = map.forward(&[u], 1);
                (value[0], b.sum(ln_jacobian, over))
            }
        }
    }

    /// L L'.
    fn squared(&self, l: Expr<'b>, row: AxisId, column: AxisId) -> Expr<'b> {
        let side = (l, &[row][..], &[column][..]);
        let transposed = (l, &[column][..], &[row][..]);
        self.builder
            .matrix_product(side, transposed, (&[row], &[column]))
    }
}

impl<'a, 'b> Lowering<'a, 'b> {
    /// [`Lowering::image`] of a long event.
    pub(super) fn long_image(
        &self,
        map: &SiteMap<'b>,
        x: Expr<'b>,
    ) -> Option<(Expr<'b>, Expr<'b>)> {
        if !self.is_long(&map.event) {
            return None;
        }
        let b = self.builder;
        let (first, last) = (*map.event.first()?, *map.event.last()?);
        let (one, zero) = (Expr::Const(1.0), Expr::Const(0.0));
        let n = b.size(first);
        let along = AxisSet::of(&[first]);
        let later = || b.data((0..n).map(|k| f64::from(u8::from(k > 0))).collect(), along);
        let previous = || {
            let index = b.index(Index {
                target: first,
                axes: along,
                values: (0..n).map(|k| k.saturating_sub(1) as u32).collect(),
            });
            b.gather(x, index)
        };
        Some(match map.bijection {
            Bijection::Simplex => (x / b.sum(x, along), x.ln()),
            Bijection::Ordered => (x, later().select((x - previous()).ln(), x)),
            Bijection::OrderedAbove(lo) => (x, (x - later().select(previous(), lo)).ln()),
            Bijection::OrderedBelow(hi) => {
                let index = b.index(Index {
                    target: first,
                    axes: along,
                    values: (1..=n).map(|k| k.min(n - 1) as u32).collect(),
                });
                let is_last = (0..n).map(|k| f64::from(u8::from(k + 1 == n))).collect();
                let next = b.data(is_last, along).select(hi, b.gather(x, index));
                (x, (next - x).ln())
            }
            Bijection::OrderedWithin(lo, hi) => {
                let step = x - later().select(previous(), lo);
                (x, step.ln() + (hi - x).ln())
            }
            Bijection::SumToZero => {
                let mean = b.sum(x, along) * Expr::Const(1.0 / n as f64);
                (x - mean, x)
            }
            Bijection::CorrCholesky | Bijection::CovCholesky => {
                let lower = b.lower_mask(first, last, 1.0).select(x, zero);
                let norm = match map.bijection {
                    Bijection::CorrCholesky => b.sum(lower.square(), AxisSet::of(&[last])).sqrt(),
                    _ => one,
                };
                (lower / norm, b.diagonal((x, first, last)).ln())
            }
            Bijection::Correlation | Bijection::Covariance => {
                let l = b.cholesky((x, first, last));
                let norm = match map.bijection {
                    Bijection::Correlation => b.sum(l.square(), AxisSet::of(&[last])).sqrt(),
                    _ => one,
                };
                let free = b.diagonal((l, first, last)).ln();
                (self.squared(l / norm, first, last), free)
            }
            map => {
                let free = map.inverse(&[x]);
                (map.forward(&free, 1).0[0], free[0])
            }
        })
    }
}

fn identity(i: usize, j: usize) -> f64 {
    f64::from(u8::from(i == j))
}

/// For every element of an event of `n` numbers, which unconstrained number it is made of; any, where it is made of none
/// of its own. `None` for maps that are written element by element only.
fn positions<R>(map: &Bijection<R>, n: usize) -> Option<Vec<usize>>
where
    R: Real,
{
    let side = (n as f64).sqrt().round() as usize;
    let triangle = |i: usize| {
        let (row, column) = (i / side, i % side);
        (row, column, column.min(row))
    };
    Some(match map {
        Bijection::Identity
        | Bijection::Lower(_)
        | Bijection::Upper(_)
        | Bijection::Interval(..)
        | Bijection::Ordered
        | Bijection::OrderedAbove(_)
        | Bijection::OrderedBelow(_)
        | Bijection::OrderedWithin(..) => (0..n).collect(),
        Bijection::Simplex | Bijection::SumToZero => (0..n).map(|k| k.min(n - 2)).collect(),
        Bijection::CorrCholesky | Bijection::Correlation => (0..n)
            .map(|i| {
                let (row, column, _) = triangle(i);
                if column < row {
                    row * (row - 1) / 2 + column
                } else {
                    0
                }
            })
            .collect(),
        Bijection::CovCholesky | Bijection::Covariance => (0..n)
            .map(|i| {
                let (row, _, column) = triangle(i);
                row * (row + 1) / 2 + column
            })
            .collect(),
    })
}
