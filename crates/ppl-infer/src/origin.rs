//! Which model and which data a fit is of, as hashes: draws of another one are told where they are used.

use ppl_model::Bound;
use ppl_model::bind::Values;
use ppl_model::graph::{Statement, SymbolId, TExpr};

/// FNV-1a, every NaN alike.
pub(crate) struct Fingerprint(u64);

impl Fingerprint {
    pub(crate) fn new() -> Fingerprint {
        Fingerprint(0xcbf2_9ce4_8422_2325)
    }

    /// Of the bits of a number.
    pub(crate) fn add(&mut self, v: f64) {
        let v = if v.is_nan() { f64::NAN } else { v + 0.0 };
        self.bytes(&v.to_bits().to_le_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    pub(crate) fn value(&self) -> u64 {
        self.0
    }
}

/// Hashes of what a fit is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Origin {
    /// Of the canonical text of the joint density: neither guides, reports and predictions nor comments and blanks change it.
    pub model: u64,
    /// Of the data that the joint density reads, in their order, to single precision.
    pub data: u64,
}

impl Origin {
    /// Of a model with its data.
    pub fn of(bound: &Bound) -> Origin {
        let (mut model, mut data) = (Fingerprint::new(), Fingerprint::new());
        model.bytes(bound.model.joint.as_bytes());
        for id in read(bound) {
            data.bytes(bound.model.symbols[id].name.as_bytes());
            // Matrices may have been rounded.
            cells(bound, id)
                .iter()
                .for_each(|v| data.add(f64::from(*v as f32)));
        }
        Origin {
            model: model.value(),
            data: data.value(),
        }
    }
}

/// Data that the joint density reads, in order.
fn read(bound: &Bound) -> Vec<SymbolId> {
    let mut expressions: Vec<&TExpr> = vec![];
    for located in &bound.model.statements {
        match &located.statement {
            Statement::Observe { value, dist } => {
                expressions.push(value);
                expressions.extend(dist.expressions());
            }
            Statement::Factor(value) => expressions.push(value),
            Statement::Sample(id) => {
                expressions.extend(
                    bound
                        .model
                        .dist(*id)
                        .into_iter()
                        .flat_map(|d| d.expressions()),
                );
            }
            _ => {}
        }
    }
    let all = crate::predict::reads(bound, &expressions);
    all.into_iter()
        .filter(|id| bound.values.contains_key(id))
        .collect()
}

/// The numbers of a column of data, with the upper ends of censored cells after the lower ones.
pub(crate) fn cells(bound: &Bound, id: SymbolId) -> Vec<f64> {
    let mut out = match bound.values.get(&id) {
        Some(Values::Real(v)) => v.to_vec(),
        Some(Values::Index(v)) => v.iter().map(|&k| f64::from(k)).collect(),
        None => vec![],
    };
    if let Some(upper) = bound.upper_ends.get(&id) {
        out.extend(upper.iter());
    }
    out
}
