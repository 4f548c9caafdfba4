//! Kinds of values that data alone determine: lets, and data whose kind is one of a matrix or has bounds that are data.

use super::{Bound, Values};
use crate::graph::*;
use ppl_syntax::diagnostic::Diagnostic;

/// How far a calculated value may be off by rounding, relative to the larger of 1 and its size.
const ROUNDING: f64 = 1e-9;

impl Bound {
    /// Values that are not what they are declared to be: the first of each name.
    pub(super) fn kinds(&self) -> Vec<Diagnostic> {
        let watched: Vec<SymbolId> = self
            .model
            .statements
            .iter()
            .filter_map(|s| match s.statement {
                Statement::Within(id) => Some(id),
                _ => None,
            })
            .collect();
        (0..self.model.symbols.len())
            .filter(|id| !watched.contains(id))
            .filter_map(|id| self.kind_of(id))
            .collect()
    }

    fn kind_of(&self, id: SymbolId) -> Option<Diagnostic> {
        let s = &self.model.symbols[id];
        let kind = s.kind.as_ref()?;
        let literal = |e: &Option<TExpr>| {
            e.as_ref()
                .is_none_or(|e| matches!(e.kind, TKind::Number(_)))
        };
        let values = match &s.role {
            Role::Let(_) if !s.stochastic => self.evaluate(&self.model.whole(id), &s.axes)?,
            Role::Data { .. } => match (kind, self.values.get(&id)) {
                // What else there is was checked cell by cell as it was read.
                (Kind::Real(lo, hi) | Kind::Int(lo, hi), _) if literal(lo) && literal(hi) => {
                    return None;
                }
                (Kind::Bool | Kind::Index(_) | Kind::Simplex, _) => return None,
                (Kind::Ordered | Kind::PositiveOrdered, _) => return None,
                (_, Some(Values::Real(v))) => v.to_vec(),
                _ => return None,
            },
            _ => return None,
        };
        let n_batch = s.axes.len().checked_sub(kind.event_axes())?;
        let n_event = self.len(&s.axes[n_batch..]).max(1);
        let bounds = match kind {
            Kind::Real(lo, hi) | Kind::Int(lo, hi) => {
                [lo, hi].map(|e| e.as_ref().and_then(|e| self.evaluate(e, &s.axes)))
            }
            _ => [None, None],
        };
        let at = |b: &Option<Vec<f64>>, i: usize| b.as_ref().map(|b| b[i]);
        let (first, what) = values.chunks(n_event).enumerate().find_map(|(i, event)| {
            let wrong = match event {
                [v] if kind.event_axes() == 0 => {
                    if matches!(s.role, Role::Data { .. }) && v.is_nan() {
                        return None;
                    }
                    number(kind, *v, at(&bounds[0], i), at(&bounds[1], i))
                }
                _ => array(kind, event),
            };
            Some((i, wrong?))
        })?;
        let name = self.element(&s.name, &s.axes[..n_batch], first);
        let line = self.line(&s.axes[..n_batch], first);
        let d = Diagnostic::error(
            "E0209",
            s.span,
            format!("`{name}`{line} is declared to be {what}"),
        );
        Some(d.help(format!(
            "mend the data or the formula, or leave the kind of `{}` away",
            s.name
        )))
    }
}

/// What a number should be, where it is not.
fn number(kind: &Kind, v: f64, lo: Option<f64>, hi: Option<f64>) -> Option<String> {
    let is = |what: String| Some(format!("{what}, but it is {v}"));
    let whole = matches!(kind, Kind::Int(..));
    if matches!(kind, Kind::Bool) {
        return (v != 0.0 && v != 1.0).then(|| format!("0 or 1, but it is {v}"));
    }
    if v.is_nan() {
        return is("a number".into());
    }
    if whole && v.fract() != 0.0 {
        return is("a whole number".into());
    }
    let slack = |b: f64| ROUNDING * b.abs().max(1.0);
    if lo == Some(0.0) && hi.is_none() && !whole {
        return (v <= 0.0).then(|| format!("positive, but it is {v}"));
    }
    if let Some(b) = lo.filter(|b| v < *b - slack(*b)) {
        return is(format!("at least {b}"));
    }
    if let Some(b) = hi.filter(|b| v > *b + slack(*b)) {
        return is(format!("at most {b}"));
    }
    None
}

/// What a vector or a matrix should be, where it is not.
fn array(kind: &Kind, x: &[f64]) -> Option<String> {
    let sum: f64 = x.iter().sum();
    let near = |a: f64, b: f64| (a - b).abs() <= ROUNDING * b.abs().max(1.0);
    let increasing = || {
        x.windows(2)
            .position(|w| w[0].partial_cmp(&w[1]) != Some(std::cmp::Ordering::Less))
            .map(|i| format!("increasing, but {} is followed by {}", x[i], x[i + 1]))
    };
    let n = (x.len() as f64).sqrt().round() as usize;
    let entry = |i: usize, j: usize| x[i * n + j];
    let lower = || {
        let pairs = (0..n).flat_map(|i| (i + 1..n).map(move |j| (i, j)));
        let above = pairs.filter(|&(i, j)| entry(i, j) != 0.0).map(|(i, j)| {
            format!(
                "lower triangular, but above its diagonal stands {}",
                entry(i, j)
            )
        });
        let diagonal = (0..n)
            .map(|i| entry(i, i))
            .filter(|v| !matches!(v.partial_cmp(&0.0), Some(std::cmp::Ordering::Greater)))
            .map(|v| format!("a factor with a positive diagonal, but {v} stands there"));
        above.chain(diagonal).next()
    };
    let symmetric = || {
        let pairs = (0..n).flat_map(|i| (0..i).map(move |j| (i, j)));
        pairs
            .filter(|&(i, j)| !near(entry(i, j), entry(j, i)))
            .map(|(i, j)| {
                format!(
                    "symmetric, but {} stands across {}",
                    entry(i, j),
                    entry(j, i)
                )
            })
            .next()
    };
    let definite = || {
        let factor = ppl_dist::linear::cholesky(x, n);
        let bad = (0..n).any(|i| factor[i * n + i].is_nan() || factor[i * n + i] <= 0.0);
        bad.then(|| "positive definite, and it is not".to_string())
    };
    let ones = |what: &str, v: &dyn Fn(usize) -> f64| {
        (0..n)
            .map(v)
            .find(|v| !near(*v, 1.0))
            .map(|v| format!("{what}, but one is {v}"))
    };
    match kind {
        Kind::Simplex => {
            let negative = x.iter().find(|v| **v < -ROUNDING);
            let negative = negative.map(|v| format!("a simplex, but an element is {v}"));
            negative.or_else(|| {
                (!near(sum, 1.0)).then(|| format!("a simplex, but its elements sum to {sum}"))
            })
        }
        Kind::Ordered => increasing(),
        Kind::PositiveOrdered => x
            .first()
            .filter(|v| !matches!(v.partial_cmp(&&0.0), Some(std::cmp::Ordering::Greater)))
            .map(|v| format!("positive and increasing, but it starts with {v}"))
            .or_else(increasing),
        Kind::SumToZero => {
            let size: f64 = x.iter().map(|v| v.abs()).sum();
            let holds = sum.abs() <= ROUNDING * size.max(1.0);
            (!holds).then(|| format!("a vector that sums to 0, but its elements sum to {sum}"))
        }
        Kind::CorrCholesky => lower().or_else(|| {
            ones("a factor whose rows have the length 1", &|i| {
                (0..n).map(|j| entry(i, j) * entry(i, j)).sum()
            })
        }),
        Kind::CovCholesky => lower(),
        Kind::Corr => symmetric()
            .or_else(|| {
                ones("a correlation matrix with ones on its diagonal", &|i| {
                    entry(i, i)
                })
            })
            .or_else(definite),
        Kind::Cov => symmetric().or_else(definite),
        Kind::Real(..) | Kind::Int(..) | Kind::Bool | Kind::Index(_) => None,
    }
}
