//! Parameters: numbers of the flat parameter vector, mapped onto their kinds.

use super::{Lowered, Lowering, ParamBlock};
use crate::graph::*;
use ppl_core::{AxisId, AxisSet, Builder, Expr};
use ppl_dist::Bijection;
use ppl_syntax::diagnostic::Diagnostic;

/// A start that its own map carries back to something farther away than this, relative to its size, is outside its kind.
const OUTSIDE: f64 = 1e-6;

impl<'a, 'b> Lowering<'a, 'b> {
    pub(super) fn param(&self, id: SymbolId, symbol: &Symbol, init: &TExpr) -> Lowered<Expr<'b>> {
        let start = match init.kind {
            TKind::Glorot => self.glorot(symbol),
            _ => self.initial(init, &symbol.axes)?,
        };
        let (value, offset, unconstrained) = match &symbol.kind {
            Some(Kind::CovCholesky) => self.cholesky_param(symbol, init, &start)?,
            Some(Kind::Real(lo, hi)) => self.bounded_param(symbol, [lo, hi], &start)?,
            None => {
                let (leaf, offset) = self.builder.param(self.axes.set(&symbol.axes));
                (leaf, offset, start.clone())
            }
            Some(kind) => self.event_param(symbol, kind, &start)?,
        };
        if let Some(bad) = unconstrained.iter().position(|u| !u.is_finite()) {
            let what = match start.get(bad) {
                Some(v) if unconstrained.len() == start.len() => format!(" {v}"),
                _ => String::new(),
            };
            let message = format!("the start{what} of `{}` is outside its kind", symbol.name);
            let d = Diagnostic::error("E0107", init.span, message);
            let help = match &symbol.kind {
                Some(Kind::Simplex) => {
                    "start from probabilities that add up to 1, such as `= 1 / size(k)`"
                }
                Some(Kind::Ordered | Kind::PositiveOrdered) => {
                    "start from increasing numbers, such as `= [1, 2, 3]`"
                }
                Some(Kind::SumToZero) => "start from numbers that add up to 0, such as `= 0`",
                Some(k) if k.event_axes() == 2 => "start from a matrix of this kind",
                _ => "start inside the support",
            };
            return Err(Box::new(d.help(help)));
        }
        let n = unconstrained.len();
        let log_scales = match &symbol.kind {
            Some(Kind::Real(Some(_), None)) => 0..n,
            // The logarithms of the diagonal stand last.
            Some(Kind::CovCholesky) => {
                let rows = symbol.axes.last().map_or(1, |a| self.bound.size(*a));
                n - n / (rows + 1)..n
            }
            _ => 0..0,
        };
        self.params.borrow_mut().push(ParamBlock {
            symbol: id,
            offset,
            init: unconstrained,
            log_scales,
            value: value.node(self.builder),
        });
        Ok(value)
    }

    /// Single numbers between ends that data determine.
    fn bounded_param(
        &self,
        symbol: &Symbol,
        ends: [&Option<TExpr>; 2],
        start: &[f64],
    ) -> Lowered<(Expr<'b>, usize, Vec<f64>)> {
        if let Some(end) = ends.into_iter().flatten().find(|e| e.stochastic) {
            let d = Diagnostic::error(
                "E0111",
                end.span,
                "the bounds of a param are known before the fit",
            );
            return Err(Box::new(d.help("bound it by numbers or data")));
        }
        let (leaf, offset) = self.builder.param(self.axes.set(&symbol.axes));
        let given = ends.into_iter().flatten();
        let given = given.map(|e| Ok((self.expr(e)?, self.initial(e, &symbol.axes)?)));
        let given: Vec<(Expr<'b>, Vec<f64>)> = given.collect::<Lowered<_>>()?;
        // The ends by their places in `given`.
        let shape = match ends {
            [None, None] => Bijection::Identity,
            [Some(_), None] => Bijection::Lower(0),
            [None, Some(_)] => Bijection::Upper(0),
            [Some(_), Some(_)] => Bijection::Interval(0, 1),
        };
        let map = shape.map(|&e| given[e].0);
        let free = start.iter().enumerate();
        let free = free.map(|(i, &x)| shape.map(|&e| given[e].1[i]).inverse(&[x])[0]);
        let free = free.collect();
        Ok((map.forward(&[leaf], 1).0[0], offset, free))
    }

    /// Vectors and matrices of a kind: the free numbers of each, one after another.
    fn event_param(
        &self,
        symbol: &Symbol,
        kind: &Kind,
        start: &[f64],
    ) -> Lowered<(Expr<'b>, usize, Vec<f64>)> {
        let (map, at) = (event_map(kind, Expr::Const(0.0)), event_map(kind, 0.0));
        let (Some(map), Some(at)) = (map, at) else {
            let message = format!("a param of the kind `{}`", kind.keyword());
            return Err(Box::new(crate::check::not_available(symbol.span, &message)));
        };
        let axes: Vec<AxisId> = symbol.axes.iter().map(|a| self.axes.id(*a)).collect();
        let event = axes[axes.len() - kind.event_axes()..].to_vec();
        for &axis in &event {
            self.event_size(axis, "a param of this kind", symbol.span)?;
        }
        let n: usize = event.iter().map(|&e| self.builder.size(e)).product();
        let set = AxisSet::of(&axes);
        let batch = event.iter().fold(set, |s, &e| s.without(e));
        let base = map.unconstrained_len(n);
        let (mut parts, mut first) = (vec![], None);
        for _ in 0..base {
            let (leaf, offset) = self.builder.param(batch);
            first.get_or_insert(offset);
            parts.push(leaf);
        }
        let value = self.lay_out(&map.forward(&parts, n).0, &event);
        // The start of each event: its elements in row-major order, out of an array whose axes are in the program's order.
        let stride = |axis: AxisId| -> usize {
            let inner = set.iter().skip_while(|a| *a != axis).skip(1);
            inner.map(|a| self.builder.size(a)).product()
        };
        let mut places = vec![0];
        for &axis in &event {
            let (size, step) = (self.builder.size(axis), stride(axis));
            let along = |p: usize| (0..size).map(move |i| p + i * step);
            places = places.into_iter().flat_map(along).collect();
        }
        let mut corners = vec![0];
        for axis in batch.iter() {
            let (size, step) = (self.builder.size(axis), stride(axis));
            let along = |p: usize| (0..size).map(move |i| p + i * step);
            corners = corners.into_iter().flat_map(along).collect();
        }
        let mut free = vec![0.0; base * corners.len()];
        for (k, corner) in corners.iter().enumerate() {
            let x: Vec<f64> = places.iter().map(|p| start[corner + p]).collect();
            let u = at.inverse(&x);
            let back = at.forward(&u, n).0;
            let near = |(a, b): (&f64, &f64)| (a - b).abs() <= OUTSIDE * (1.0 + b.abs());
            let outside = !back.iter().zip(&x).all(near);
            for (i, u) in u.into_iter().enumerate() {
                free[i * corners.len() + k] = if outside { f64::NAN } else { u };
            }
        }
        Ok((value, first.unwrap_or(0), free))
    }

    /// Lower-triangular matrices with positive diagonal: strictly lower part free, diagonal e^u. The start is a matrix, or a
    /// scalar s for s times the identity. Axes before the last two list matrices.
    fn cholesky_param(
        &self,
        symbol: &Symbol,
        init: &TExpr,
        start: &[f64],
    ) -> Lowered<(Expr<'b>, usize, Vec<f64>)> {
        let [batch @ .., rows, columns] = symbol.axes.as_slice() else {
            return Err(Box::new(
                Diagnostic::error("E0111", symbol.span, "`cov_cholesky` is a square matrix")
                    .help("write `L[k, k]: cov_cholesky`"),
            ));
        };
        let (r, c) = (self.axes.id(*rows), self.axes.id(*columns));
        let n = self.builder.size(r);
        let (ids_in_order, row_first) = (AxisSet::of(&[r, c]), r < c);
        let set = ids_in_order.union(self.axes.set(batch));
        let at = |i: usize, j: usize| if row_first { i * n + j } else { j * n + i };
        let (mut below, mut eye) = (vec![0.0; n * n], vec![0.0; n * n]);
        for i in 0..n {
            eye[at(i, i)] = 1.0;
            for j in 0..i {
                below[at(i, j)] = 1.0;
            }
        }
        let (off, offset) = self.builder.param(set);
        let diagonal = set.without(c);
        let (log_diagonal, _) = self.builder.param(diagonal);
        let below = self.builder.data(below.into(), ids_in_order);
        let eye = self.builder.data(eye.into(), ids_in_order);
        use ppl_dist::Real;
        let value = below * off + eye * log_diagonal.exp();
        let mut unconstrained = vec![0.0; start.len()];
        // Elements in program order, the last axis innermost: those where row and column agree, as they come.
        let places = |axis: ppl_core::AxisId| -> usize {
            let inner = set.iter().skip_while(|a| *a != axis).skip(1);
            inner.map(|a| self.builder.size(a)).product()
        };
        let (of_row, of_column) = (places(r), places(c));
        let (row, column) = (|k: usize| k / of_row % n, |k: usize| k / of_column % n);
        if init.axes.contains(rows) || init.axes.contains(columns) {
            for (k, u) in unconstrained.iter_mut().enumerate() {
                match row(k).cmp(&column(k)) {
                    std::cmp::Ordering::Greater => *u = start[k],
                    std::cmp::Ordering::Less if start[k] != 0.0 => *u = f64::NAN,
                    _ => {}
                }
            }
        }
        let diagonal = (0..start.len()).filter(|&k| row(k) == column(k));
        unconstrained.extend(diagonal.map(|k| start[k].ln()));
        Ok((value, offset, unconstrained))
    }

    /// Uniform between ± sqrt(6 / (fan in + fan out)), the last axis being what goes in (Glorot and Bengio 2010, "Understanding
    /// the difficulty of training deep feedforward neural networks"). The numbers depend on the name and the sizes alone.
    fn glorot(&self, symbol: &Symbol) -> Vec<f64> {
        let sizes: Vec<usize> = symbol.axes.iter().map(|a| self.bound.size(*a)).collect();
        let n: usize = sizes.iter().product();
        let fan_in = sizes.last().copied().unwrap_or(1).max(1);
        let spread = (6.0 / (fan_in + n / fan_in).max(1) as f64).sqrt();
        let bytes = symbol.name.bytes();
        let name = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |h, b| {
            (h ^ u64::from(b)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        let uniform = |i: usize| {
            // splitmix64
            let mut z = name.wrapping_add((i as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
        };
        let values: Vec<f64> = (0..n).map(|i| spread * (2.0 * uniform(i) - 1.0)).collect();
        self.axes.to_program(&values, &symbol.axes)
    }

    /// Values of a param's start, in program order over its axes.
    fn initial(&self, init: &TExpr, axes: &[AxisRef]) -> Lowered<Vec<f64>> {
        let builder = Builder::new(self.axes.program_axes(1));
        let lowering = Lowering::new(self.bound, self.axes, &builder);
        let e = lowering.expr(init)?;
        let set = self.axes.set(axes);
        let n: usize = set.iter().map(|a| self.builder.size(a)).product();
        let zeros = builder.data(vec![0.0; n].into(), set);
        let full = (e + zeros).node(&builder);
        let program = builder.finish(vec![full]);
        let mut values = ppl_core::interpret::evaluate(&program, &[], &[], &[full]);
        let value = values.pop().unwrap_or_default();
        Ok(if value.len() == n {
            value
        } else {
            vec![value.first().copied().unwrap_or(0.0); n]
        })
    }
}

/// How free numbers become a vector or a matrix of a kind; `zero`: the number 0.
fn event_map<R>(kind: &Kind, zero: R) -> Option<Bijection<R>> {
    Some(match kind {
        Kind::Simplex => Bijection::Simplex,
        Kind::Ordered => Bijection::Ordered,
        Kind::PositiveOrdered => Bijection::OrderedAbove(zero),
        Kind::SumToZero => Bijection::SumToZero,
        Kind::CorrCholesky => Bijection::CorrCholesky,
        Kind::Corr => Bijection::Correlation,
        Kind::Cov => Bijection::Covariance,
        _ => return None,
    })
}
