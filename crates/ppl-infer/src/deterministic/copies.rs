//! Copies of an optimum: where labels are told apart by nothing, every exchange of them is an optimum as good, and starts find some of
//! them, others with other seeds. From the best one its copies are sought out, so that a guide of all optima has all of them.

use super::layout::Layout;
use super::modes::{CHANCE, Ends, apart};
use super::splits::{Along, Numbers, along, label_axes};
use super::starts::{MANY, SDS};
use super::{Lost, MOST_WORK, RUNGS, STEPS, Solver};
use crate::objective::ObjectiveError;
use ppl_model::Bound;

/// Labels of which all exchanges are sought out: more have too many for one guide.
const MOST_LABELS: usize = 3;

/// All orders of so many labels but the first, which is their own.
fn exchanges(labels: usize) -> Vec<Vec<usize>> {
    let mut out: Vec<Vec<usize>> = vec![vec![]];
    for label in 0..labels {
        let places = out.into_iter().flat_map(|order| {
            (0..=order.len()).rev().map(move |at| {
                let mut longer = order.clone();
                longer.insert(at, label);
                longer
            })
        });
        out = places.collect();
    }
    out.remove(0);
    out
}

impl Along {
    /// Gives each label the numbers of another, in place.
    fn exchange(&self, row: &mut [f64], order: &[usize]) {
        let row = &mut row[self.columns.clone()];
        for &place in &self.places {
            let before = row.to_vec();
            for (element, v) in row.iter_mut().enumerate() {
                *v = before[self.at(element, place, order[self.level(element, place)])];
            }
        }
    }
}

/// Adds the copies of the best optimum that the starts did not find.
///
/// # Errors
/// Where the model cannot be lowered.
pub(super) fn complete(
    bound: &Bound,
    layout: (&Layout, usize),
    solver: &mut Solver<'_>,
    mut ends: Ends,
    merit: &[f64],
) -> Result<Result<Ends, Lost>, ObjectiveError> {
    let d = solver.smooth.d;
    let step = (RUNGS[0] * (1 + ends.known.cost())) as f64 * solver.smooth.work as f64;
    let few = |labels: usize| labels <= MOST_LABELS;
    let axes: Vec<usize> = label_axes(bound).into_iter().map(|axis| axis.0).collect();
    let labels = |axis: usize| bound.axes[axis].labels.len();
    if axes.iter().all(|axis| !few(labels(*axis))) || d > MANY || step > MOST_WORK / 10.0 {
        return Ok(Ok(ends));
    }
    let Some(numbers) = Numbers::of(bound, layout, &ends.best, solver.seed)? else {
        return Ok(Ok(ends));
    };
    let mut rows = vec![];
    for axis in axes.into_iter().filter(|axis| few(labels(*axis))) {
        let Some(all) = along(bound, axis, &numbers.columns)? else {
            continue;
        };
        // An order tells them apart.
        if all.iter().any(|site| site.is_ordered) {
            continue;
        }
        for order in exchanges(labels(axis)) {
            let mut row = numbers.means.clone();
            all.iter().for_each(|site| site.exchange(&mut row, &order));
            rows.extend(row);
        }
    }
    if !rows.is_empty() {
        // What starts found once may be copies, all of which are sought out.
        ends.unseen = 0.0;
    }
    let value = solver.merit(&ends.best, merit);
    let draws = solver.draws(RUNGS[0], 0);
    for at in numbers.unconstrained(bound, rows, d)? {
        let start = solver.around(at, SDS[1]);
        let Some(start) = start.and_then(|start| solver.finite(&start, merit)) else {
            continue;
        };
        let q = match solver.rung(start, &draws, merit, &mut ends.known, STEPS) {
            Ok((q, _)) => q,
            Err(Lost::Stopped) => return Ok(Err(Lost::Stopped)),
            Err(Lost::Failed) => continue,
        };
        // As good on the same draws, to within what a finite number of them tells: other optima are what the starts are for.
        let is_copy = (solver.merit(&q, merit) - value).abs() < CHANCE;
        let new = apart(&q, &ends.best) && ends.others.iter().all(|o| apart(o, &q));
        if is_copy && new {
            ends.tried += 1;
            ends.others.push(q);
        }
    }
    Ok(Ok(ends))
}

#[cfg(test)]
mod tests {
    use super::exchanges;

    #[test]
    fn all_orders_but_their_own() {
        assert_eq!(exchanges(2), [[1, 0]]);
        let three = exchanges(3);
        assert_eq!(three.len(), 5);
        assert!(!three.contains(&vec![0, 1, 2]));
    }
}
