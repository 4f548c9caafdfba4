//! What a reader of a finished fit could mistake: quantities that are no numbers in some draws, and what the evidence is not.

use crate::fit::Fit;
use ppl_model::Bound;
use ppl_model::graph::{Statement, TKind, Ty};

/// Quantities of which it is told that some draws have no number for them: those of one array are mostly alike.
const MOST_TOLD: usize = 3;

/// A note for each quantity that some draws have no number for: `log(x)` of an `x` that may be negative.
pub(crate) fn undefined(fit: &Fit) -> Vec<String> {
    let draws = &fit.draws;
    let columns = draws.names.iter().zip(draws.values.columns());
    let note = |(name, column): (&String, ndarray::ArrayView1<'_, f64>)| {
        let missing = column.iter().filter(|x| x.is_nan()).count();
        (missing > 0).then(|| {
            format!(
                "`{name}` is not a number in {missing} of {} draws, so it has no mean and no sd; its quantiles are those of the others",
                column.len()
            )
        })
    };
    columns.filter_map(note).take(MOST_TOLD).collect()
}

/// What the evidence is not, where it could be taken for more.
pub(crate) fn evidence_caveats(bound: &Bound) -> Vec<String> {
    let any =
        |f: &dyn Fn(&Statement) -> bool| bound.model.statements.iter().any(|s| f(&s.statement));
    let mut out = vec![];
    if any(&|s| matches!(s, Statement::Factor(_))) {
        out.push(
            "a factor may be any number, so the evidence is known up to a constant only".to_owned(),
        );
    }
    let apart = bound
        .model
        .sites()
        .find(|(_, s)| bound.model.unknown_normaliser(s));
    if let Some((_, site)) = apart {
        out.push(format!("the elements of `{}` are ordered and have different priors, whose normaliser is not known: the evidence is known up to a constant only", site.name));
    }
    let calculated = |s: &Statement| match s {
        Statement::Observe { value, .. } => {
            let made = matches!(value.kind, TKind::Prim(..) | TKind::Function(..));
            (value.whole_symbol().is_none() && made).then_some(value.ty)
        }
        _ => None,
    };
    let calculated = || {
        let statements = bound.model.statements.iter();
        statements.filter_map(|s| calculated(&s.statement))
    };
    if calculated().any(|ty| ty != Ty::Bool) {
        out.push("a function of the data is observed, such as log(y): the evidence is that of the function, not comparable with that of a model of the data themselves without its Jacobian".to_owned());
    }
    if calculated().any(|ty| ty == Ty::Bool) {
        out.push("a condition on the data is observed, such as y > 0: the evidence is that of the condition, not comparable with that of a model of the data themselves".to_owned());
    }
    out
}
