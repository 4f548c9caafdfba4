//! How far an expression can reach, whatever the unknowns in it are, as far as numbers and data tell.

use super::Bound;
use super::supports::end_argument;
use crate::graph::*;
use ppl_dist::Support;

/// Sites whose ends are other sites: as deep as this.
const DEPTH: usize = 8;

/// Which end.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Low,
    High,
}

impl Side {
    fn of<T>(self, low: T, high: T) -> T {
        match self {
            Side::Low => low,
            Side::High => high,
        }
    }

    /// The end that leaves less between.
    fn tighter(self, a: f64, b: f64) -> f64 {
        match self {
            Side::Low => a.max(b),
            Side::High => a.min(b),
        }
    }

    fn looser(self, a: f64, b: f64) -> f64 {
        match self {
            Side::Low => a.min(b),
            Side::High => a.max(b),
        }
    }
}

impl Bound {
    /// A number that `e` never passes on that side, for each element over `axes`; `None` where none is known.
    pub(super) fn reach(&self, e: &TExpr, axes: &[AxisRef], side: Side) -> Option<Vec<f64>> {
        self.reach_within(e, axes, side, DEPTH)
    }

    fn reach_within(
        &self,
        e: &TExpr,
        axes: &[AxisRef],
        side: Side,
        depth: usize,
    ) -> Option<Vec<f64>> {
        let depth = depth.checked_sub(1)?;
        let within = |e: &TExpr| e.axes.iter().all(|a| axes.contains(a));
        if !e.stochastic {
            return within(e).then(|| self.evaluate(e, axes))?;
        }
        match &e.kind {
            TKind::Symbol(id) if within(e) => match &self.model.symbols[*id].role {
                Role::Let(inner) => self.reach_within(inner, axes, side, depth),
                Role::Site(d) => self.reach_of_site(*id, d, axes, side, depth),
                _ => None,
            },
            TKind::Gather(inner, by) => {
                let own = |i: &TExpr| matches!(i.kind, TKind::LoopVariable);
                if by.iter().all(|(_, i)| own(i)) && within(inner) {
                    return self.reach_within(inner, axes, side, depth);
                }
                // Whichever element is looked up: the one that reaches furthest.
                let all = self.reach_within(inner, &inner.axes, side, depth)?;
                let furthest = all.into_iter().reduce(|a, b| side.looser(a, b))?;
                Some(vec![furthest; self.len(axes)])
            }
            _ => None,
        }
    }

    fn reach_of_site(
        &self,
        id: SymbolId,
        d: &TDist,
        axes: &[AxisRef],
        side: Side,
        depth: usize,
    ) -> Option<Vec<f64>> {
        if d.otherwise.is_some() {
            return None;
        }
        let of = |e: &TExpr| self.reach_within(e, axes, side, depth);
        let by_kind = match &self.model.symbols[id].kind {
            Some(Kind::Real(lo, hi) | Kind::Int(lo, hi)) => side.of(lo, hi).as_ref().and_then(of),
            _ => None,
        };
        let cut = side.of(&d.modifiers.lower, &d.modifiers.upper);
        let by_cut = cut.as_deref().and_then(of);
        let by_support = match d.distribution.definition().support {
            Support::Interval(lo, hi) | Support::Integers(lo, hi) => match side.of(lo, hi) {
                ppl_dist::Bound::At(v) => v.is_finite().then(|| vec![v; self.len(axes)]),
                end => end_argument(d, end).and_then(|i| of(&d.args[i])),
            },
            _ => None,
        };
        let known = [by_kind, by_cut, by_support].into_iter().flatten();
        known.reduce(|a, b| {
            let pairs = a.into_iter().zip(b);
            pairs.map(|(a, b)| side.tighter(a, b)).collect()
        })
    }

    /// What keeps an unknown that is an end of an observation's distribution beyond what was observed: a bound by the data.
    pub fn end_beyond_data(&self, located: &Located) -> Option<String> {
        let Statement::Observe { value, dist } = &located.statement else {
            return None;
        };
        let y = &self.model.symbols[value.whole_symbol()?].name;
        let (Support::Interval(low, high) | Support::Integers(low, high)) =
            dist.distribution.definition().support
        else {
            return None;
        };
        let ends = [
            (high, "most", "max", "above"),
            (low, "least", "min", "below"),
        ];
        ends.into_iter().find_map(|(end, name, reduction, beyond)| {
            let e = dist.args.get(end_argument(dist, end)?)?;
            let (site, by) = match &e.kind {
                TKind::Symbol(id) => (*id, None),
                TKind::Gather(src, by) => match (&src.kind, by.as_slice()) {
                    (TKind::Symbol(id), [(_, index)]) => {
                        (*id, Some(self.model.symbols[index.whole_symbol()?].name.as_str()))
                    }
                    _ => return None,
                },
                _ => return None,
            };
            let s = &self.model.symbols[site];
            if !matches!(s.role, Role::Site(_)) {
                return None;
            }
            let bracket = self.model.bracket(&s.axes);
            let all = match by {
                Some(by) => format!("{reduction}({y}, by = {by})"),
                None if s.axes.is_empty() => format!("{reduction}({y})"),
                None => y.clone(),
            };
            let kind = match beyond {
                "above" => format!("real({name}, inf)"),
                _ => format!("real(-inf, {name})"),
            };
            Some(format!(
                "`{}` was observed {beyond} `{}`, where {} draws nothing: hold it there by its kind, `let {name}{bracket} = {all};` and `{}{bracket}: {kind} ~ …`, which divides its prior by the probability that is left; where that depends on unknowns give it back, as `factor log1m({name} / cap);` does for `Uniform(0, cap)`",
                y, s.name, dist.distribution.definition().name, s.name
            ))
        })
    }
}
