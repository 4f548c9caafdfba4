//! What is said of a covariance that is not positive definite: where it comes from, as far as the points of a kernel tell, and what helps.

use ppl_dist::Domain;
use ppl_model::graph::{LinearOp, Located, Role, TExpr, TKind};
use ppl_model::{AxisRef, Bound};

/// Advice for a statement whose density is not a number although all of its arguments are; `None` where it has no covariance.
pub(crate) fn advice(bound: &Bound, located: &Located) -> Option<String> {
    let dist = bound.model.dist_of(&located.statement)?;
    let forms = dist.distribution.definition().forms;
    let parameters = forms[dist.form].parameters.iter();
    let (_, covariance) = { parameters.zip(&dist.args) }
        .find(|(parameter, _)| parameter.domain == Domain::Covariance)?;
    let jitter = forms
        .iter()
        .any(|f| f.parameters.iter().any(|p| p.name == "jitter"));
    let more = match jitter {
        true => "give it more on its diagonal, `jitter = 1e-6`",
        false => "add to its diagonal, or build it from a factor: `scale_tril = diag(tau) @ L`",
    };
    let equal = match equal_points(bound, covariance) {
        Some((a, b)) => format!("{a} and {b} are the same point, so that "),
        None => String::new(),
    };
    Some(format!(
        "{equal}the covariance is not positive definite there, as far as its digits tell: {more}"
    ))
}

/// Two points of a kernel that are the same.
fn equal_points(bound: &Bound, covariance: &TExpr) -> Option<(String, String)> {
    let mut e = covariance;
    while let TKind::Symbol(id) = e.kind {
        let Role::Let(inner) = &bound.model.symbols[id].role else {
            return None;
        };
        e = inner;
    }
    let call = match &e.kind {
        TKind::Linear(call) if matches!(call.op, LinearOp::Kernel(_)) => call,
        _ => return None,
    };
    let points = call.args.first()?;
    let axes: Vec<AxisRef> = [call.row].into_iter().chain(call.dimension).collect();
    let values = bound.evaluate(points, &axes)?;
    let n = bound.len(&axes[1..]).max(1);
    let points: Vec<&[f64]> = values.chunks(n).collect();
    let mut order: Vec<usize> = (0..points.len()).collect();
    order.sort_by(|a, b| points[*a].partial_cmp(points[*b]).unwrap_or(a.cmp(b)));
    let pair = order.windows(2).find(|w| points[w[0]] == points[w[1]])?;
    let name = match call.args[0].whole_symbol() {
        Some(id) => bound.model.symbols[id].name.as_str(),
        None => bound.model.axis_name(call.row),
    };
    let label = |i: usize| format!("`{}`", bound.element(name, &axes[..1], i));
    Some((label(pair[0].min(pair[1])), label(pair[0].max(pair[1]))))
}
