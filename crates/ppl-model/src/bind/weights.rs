//! Weights that data alone tell: they are probabilities that add up to 1, and are never scaled to be.

use super::Bound;
use crate::graph::*;
use crate::simplex::Total;
use ppl_dist::Domain;
use ppl_syntax::diagnostic::Diagnostic;

/// How far a sum may be from 1 by rounding: as during a fit.
const SLACK: f64 = 1e-9;

impl Bound {
    /// Weights that are negative or do not add up to 1.
    pub(super) fn weights(&self) -> Vec<Diagnostic> {
        let all = self.distributions();
        all.filter_map(|d| self.wrong_weights(d)).collect()
    }

    /// The distributions of sites, observations and predictions, branch by branch.
    pub(super) fn distributions(&self) -> impl Iterator<Item = &TDist> {
        let sites = self.model.symbols.iter().filter_map(|s| match &s.role {
            Role::Site(d) => Some(&**d),
            _ => None,
        });
        let statements = self.model.statements.iter();
        let others = statements.filter_map(|s| match &s.statement {
            Statement::Observe { dist, .. } | Statement::Predict { dist, .. } => Some(dist),
            _ => None,
        });
        sites.chain(others).flat_map(TDist::branches)
    }

    fn wrong_weights(&self, d: &TDist) -> Option<Diagnostic> {
        let def = d.distribution.definition();
        let parameters = def.forms[d.form].parameters;
        let place = parameters
            .iter()
            .position(|p| p.domain == Domain::Simplex)?;
        let (e, along) = (d.args.get(place)?, d.event.last()?);
        if e.stochastic || self.model.total(e, *along) == Total::One {
            return None;
        }
        let values = self.evaluate(e, &e.axes)?;
        let inner = match e.axes.iter().position(|a| a == along) {
            Some(at) => self.len(&e.axes[at + 1..]),
            // One number for all labels.
            None => return self.even_weights(d, e, *along, &values),
        };
        let size = self.len(&[*along]);
        let starts = (0..values.len()).filter(|i| (i / inner) % size == 0);
        let mut vectors = starts.map(|i| (0..size).map(move |k| i + k * inner));
        vectors.find_map(|places| {
            let weights: Vec<f64> = places.map(|i| values[i]).collect();
            self.refuse_weights(def.name, e, &weights)
        })
    }

    fn even_weights(
        &self,
        d: &TDist,
        e: &TExpr,
        along: AxisRef,
        values: &[f64],
    ) -> Option<Diagnostic> {
        let weights = vec![*values.first()?; self.len(&[along])];
        self.refuse_weights(d.distribution.definition().name, e, &weights)
    }

    fn refuse_weights(&self, name: &str, e: &TExpr, weights: &[f64]) -> Option<Diagnostic> {
        let total: f64 = weights.iter().sum();
        let negative = weights.iter().find(|w| **w < 0.0);
        let what = match negative {
            Some(w) => format!("one of them is {w}"),
            None if total.is_nan() || (total - 1.0).abs() <= SLACK => return None,
            None => format!("these add up to {}", (total * 1e10).round() / 1e10),
        };
        let message =
            format!("the weights of {name} are probabilities that add up to 1, but {what}");
        let help = match negative {
            Some(_) => "weights on the log scale go into the form whose name ends in `Logit`",
            None => {
                "they are taken as they are, never scaled: divide them by their sum, `w / sum(w)`"
            }
        };
        Some(
            Diagnostic::error("E0107", e.span, message)
                .at("not probabilities")
                .help(help),
        )
    }
}
