//! Draws from the fitted guide, or wider than it, with all their densities.

use crate::engine::FitError;
use crate::sampler::Sampler;
use crate::source::Source;
use ndarray::{Array2, ShapeBuilder};
use ppl_model::Bound;
use ppl_model::graph::SymbolId;
use ppl_syntax::diagnostic::Diagnostic;
use std::collections::HashMap;

/// What draws gave.
pub(crate) struct Collected {
    pub(crate) values: Array2<f64>,
    pub(crate) prior: Vec<f64>,
    pub(crate) likelihood: Vec<f64>,
    /// Log density of what was drawn.
    pub(crate) log_q: Vec<f64>,
    pub(crate) jacobian: Vec<f64>,
    pub(crate) entropy: f64,
    /// The first statement that was not finite, in words, with its message.
    pub(crate) culprit: Option<(String, Option<Box<Diagnostic>>)>,
}

impl Collected {
    pub(crate) fn log_weights(&self) -> Vec<f64> {
        (0..self.prior.len())
            .map(|i| self.prior[i] + self.likelihood[i] - self.log_q[i])
            .collect()
    }

    pub(crate) fn is_nowhere_finite(&self) -> bool {
        self.log_weights().iter().all(|w| !w.is_finite())
    }

    pub(crate) fn column(&self, j: usize) -> Vec<f64> {
        self.values.column(j).to_vec()
    }
}

/// Draws from the fitted guide, or wider than it.
pub(crate) fn collect(
    sampler: &mut Sampler,
    bound: &Bound,
    source: Source<'_>,
    n: usize,
    wider: bool,
) -> Result<Collected, FitError> {
    let batch = sampler.batch;
    let widths: Vec<usize> = sampler
        .quantities
        .iter()
        .map(|q| q.elements.len())
        .collect();
    let width: usize = widths.iter().sum();
    let mut out = Collected {
        values: Array2::default((0, 0)),
        prior: vec![],
        likelihood: vec![],
        log_q: vec![],
        jacobian: vec![],
        entropy: 0.0,
        culprit: None,
    };
    let mut drawn = 0;
    // Column by column, as they are summarised.
    let mut values = vec![0.0; n * width];
    while drawn < n {
        let step = (drawn / batch) as u64;
        let ratio = if wider {
            sampler.run_wider(source.params, WIDER_STEPS + step)
        } else {
            sampler.run_from(source, step);
            vec![0.0; batch]
        };
        out.entropy = sampler.entropy();
        let take = batch.min(n - drawn);
        let mut at = 0;
        for (i, w) in widths.iter().enumerate() {
            sampler.copy_columns(i, (drawn, take), &mut values[at..at + w * n], n);
            at += w * n;
        }
        out.prior.extend_from_slice(&sampler.log_prior()[..take]);
        out.likelihood
            .extend_from_slice(&sampler.log_likelihood()[..take]);
        match source.outside {
            None => {
                let log_q = sampler.log_q()[..take].iter().zip(&ratio);
                out.log_q.extend(log_q.map(|(q, r)| q + r));
            }
            Some(outside) => {
                let log_q = outside.log_q[drawn..drawn + take].iter();
                let jacobian = sampler.log_jacobian();
                out.log_q.extend(log_q.zip(jacobian).map(|(q, j)| q - j));
            }
        }
        out.jacobian
            .extend_from_slice(&sampler.log_jacobian()[..take]);
        if !wider
            && out.culprit.is_none()
            && let Some((span, s)) = first_bad(sampler, take)
        {
            let fault = crate::fault::find(bound, &latents(bound, sampler, s))?;
            let place = match &fault {
                Some(fault) => fault.place.clone(),
                None => statement_name(bound, span),
            };
            out.culprit = Some((place, fault.map(|fault| Box::new(fault.diagnostic))));
        }
        drawn += take;
    }
    if let Ok(values) = Array2::from_shape_vec((n, width).f(), values) {
        out.values = values;
    }
    Ok(out)
}

/// First address of the draws that are wider.
const WIDER_STEPS: u64 = 1 << 32;

/// The first statement whose term is not finite in a draw of the batch, and that draw.
fn first_bad(sampler: &Sampler, take: usize) -> Option<(ppl_syntax::Span, usize)> {
    (0..sampler.spans.len()).find_map(|i| {
        let draw = sampler.term(i)[..take]
            .iter()
            .position(|v| !v.is_finite())?;
        Some((sampler.spans[i], draw))
    })
}

/// Sites and the model's own params in a draw of the batch, each in declared order.
fn latents(bound: &Bound, sampler: &Sampler, draw: usize) -> HashMap<SymbolId, Vec<f64>> {
    let named = sampler.quantities.iter().enumerate();
    named
        .filter(|(_, q)| q.role != "report")
        .filter_map(|(i, q)| {
            let mut values = vec![0.0; q.elements.len()];
            sampler.copy(i, draw, &mut values);
            Some((*bound.model.names.get(&q.name)?, values))
        })
        .collect()
}

/// The statement at that place, in words.
fn statement_name(bound: &Bound, span: ppl_syntax::Span) -> String {
    let found = bound.model.statements.iter().find(|s| s.span == span);
    found
        .map(|s| crate::fault::statement_in_words(bound, &s.statement))
        .unwrap_or_default()
}
