//! Hoist: what is done to looked-up values and to values that are the same for all rows is done before the look-up, on fewer
//! elements: `s * z[g]` becomes `(s * z)[g]`. The adjoint of `s` then sums over groups, not over rows.
//!
//! A look-up that others read too stays where it is: two look-ups cost more than one and an addition.
//!
//! So is what is done to an array of which only single elements are read: it is done to those alone.

use super::linear_fold::count_uses;
use super::rebuild::{copy, live, rebuild};
use crate::axes::{AxisId, AxisSet};
use crate::builder::Builder;
use crate::program::{IndexId, Op, Program};
use ppl_dist::{Expr, NodeId, Prim, Recorder};

/// Operations that one element is taken through, at most, one within the other.
const DEEPEST: usize = 16;

/// The program with elementwise work done before look-ups where that is on at most half of the elements.
pub fn hoist(program: &Program) -> Program {
    if !(program.nodes.iter()).any(|n| matches!(n.op, Op::Gather(..) | Op::At(..))) {
        return program.clone();
    }
    let uses = count_uses(program);
    let singled = singled(program, &uses);
    rebuild(program, |b, id, of| {
        let hoisted = match &program.node(id).op {
            // Alone of the primitives these have derivatives everywhere: an element that no row looks up gives no NaN.
            Op::Map(prim @ (Prim::Add | Prim::Mul), args) => {
                let lone: Vec<bool> = args.iter().map(|a| uses[a.0 as usize] == 1).collect();
                let args: Vec<NodeId> = args.iter().map(|a| of(*a).node(b)).collect();
                before_gather(b, *prim, &args, &lone)
            }
            Op::At(from, axis, position) if singled[from.0 as usize] => {
                let place = (*axis, *position as usize);
                Some(element(b, program, &uses, *from, place, of, DEEPEST))
            }
            _ => None,
        };
        hoisted.unwrap_or_else(|| copy(b, program, id, of))
    })
}

/// The elementwise nodes of which nothing but single elements is read, and few of them.
fn singled(program: &Program, uses: &[usize]) -> Vec<bool> {
    let mut elements = vec![0; program.nodes.len()];
    for (node, _) in (program.nodes.iter().zip(live(program))).filter(|(_, live)| *live) {
        if let Op::At(from, axis, _) = node.op {
            let few = 2 * uses[from.0 as usize] <= program.axes[axis.0 as usize].size;
            elements[from.0 as usize] += usize::from(few);
        }
    }
    (program.nodes.iter().zip(elements).zip(uses))
        .map(|((node, elements), uses)| matches!(node.op, Op::Map(..)) && elements == *uses)
        .collect()
}

/// Node `id` at one place of an axis: what its operation gives there, where only this reads it.
fn element<'b>(
    b: &'b Builder,
    program: &Program,
    uses: &[usize],
    id: NodeId,
    place: (AxisId, usize),
    of: &dyn Fn(NodeId) -> Expr<'b>,
    deepest: usize,
) -> Expr<'b> {
    let (axis, position) = place;
    match &program.node(id).op {
        Op::Map(prim, args) if deepest > 0 => {
            let at = |a: &NodeId| {
                let deeper = if uses[a.0 as usize] == 1 {
                    deepest - 1
                } else {
                    0
                };
                element(b, program, uses, *a, place, of, deeper).node(b)
            };
            let args: Vec<NodeId> = args.iter().map(at).collect();
            b.literal_or_node(b.apply(*prim, &args))
        }
        _ => b.at(of(id), axis, position),
    }
}

/// The look-up of what `prim` gives for the sources; `lone` says of which arguments this is the only use.
fn before_gather<'b>(
    b: &'b Builder,
    prim: Prim,
    args: &[NodeId],
    lone: &[bool],
) -> Option<Expr<'b>> {
    let axes = |id: NodeId| b.axes_of(b.handle(id));
    let len = |axes: AxisSet| axes.iter().map(|a| b.size(a)).product::<usize>();
    let mut index: Option<IndexId> = None;
    let mut sources = vec![];
    for (arg, lone) in args.iter().zip(lone) {
        match b.op_of(*arg) {
            Op::Gather(source, i) if *lone && index.is_none_or(|known| known == i) => {
                index = Some(i);
                sources.push(source);
            }
            _ => sources.push(*arg),
        }
    }
    let index = index?;
    let (target, index_axes) = b.index_axes(index);
    let apart = args.iter().zip(&sources).all(|(arg, source)| {
        arg != source || axes(*arg).intersection(index_axes.with(target)).is_empty()
    });
    let all = |ids: &[NodeId]| ids.iter().fold(AxisSet::EMPTY, |s, id| s.union(axes(*id)));
    if !apart || 2 * len(all(&sources)) > len(all(args)) {
        return None;
    }
    let mapped = b.literal_or_node(b.apply(prim, &sources));
    Some(b.gather(mapped, index))
}

#[cfg(test)]
mod tests {
    use super::hoist;
    use crate::interpret::evaluate;
    use crate::passes::dead::dead;
    use crate::{Axis, AxisId, AxisSet, Builder, Expr, Index, Program, Real};

    const GROUP: AxisId = AxisId(1);
    const ROW: AxisId = AxisId(2);

    /// `Σ tanh(b + s z[g] + x)`, with one more use of `z[g]` where that is asked for.
    fn program(again: bool) -> Program {
        let axis = |name: &str, size| Axis {
            name: name.into(),
            size,
        };
        let b = Builder::new(vec![axis("draw", 1), axis("group", 5), axis("row", 90)]);
        let row = AxisSet::of(&[ROW]);
        let x = b.data((0..90).map(|i| (i % 17) as f64 / 10.0).collect(), row);
        let g = b.index(Index {
            target: GROUP,
            axes: row,
            values: (0..90).map(|i| i * 7 % 5).collect(),
        });
        let [intercept, s] = [0, 1].map(|_| b.param(AxisSet::EMPTY).0);
        let z = b.gather(b.param(AxisSet::of(&[GROUP])).0, g);
        let other = if again { x * z } else { Expr::Const(0.0) };
        let out = b.sum((intercept + s * z + x).tanh() + other, row).node(&b);
        b.finish(vec![out])
    }

    #[test]
    fn light_factors_go_before_the_look_up() {
        let program = program(false);
        let hoisted = dead(&hoist(&program));
        let rows = hoisted.nodes.iter().filter(|n| n.axes.contains(ROW));
        // The column, the look-up, the sum with the column, its tanh.
        assert_eq!(rows.count(), 4, "{hoisted}");
        let x = [0.3, -1.0, 0.5, 2.0, 0.1, 0.7, -0.4];
        let value = |p: &Program| evaluate(p, &x, &[], &p.outputs)[0][0];
        assert!((value(&program) / value(&hoisted) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_look_up_that_others_read_stays() {
        let program = program(true);
        let hoisted = dead(&hoist(&program));
        assert_eq!(hoisted.to_string(), dead(&program).to_string());
    }

    #[test]
    fn of_what_is_read_at_one_place_that_place_is_computed() {
        let b = Builder::new(vec![
            Axis {
                name: "draw".into(),
                size: 1,
            },
            Axis {
                name: "row".into(),
                size: 90,
            },
        ]);
        let row = AxisId(1);
        let rows = AxisSet::of(&[row]);
        let x = b.param(rows).0;
        let column = b.data((0..90).map(f64::from).collect(), rows);
        let once = b.at((x * column).tanh(), row, 7);
        let also_whole = x.exp();
        let outputs = [once, b.at(also_whole, row, 3) + b.sum(also_whole, rows)];
        let outputs = outputs.map(|e| e.node(&b)).to_vec();
        let program = b.finish(outputs);
        let hoisted = dead(&hoist(&program));
        let whole = hoisted.nodes.iter().filter(|n| n.axes.contains(row));
        // The parameters, the column and the exponential that is summed too.
        assert_eq!(whole.count(), 3, "{hoisted}");
        let point: Vec<f64> = (0..90).map(|i| 0.01 * f64::from(i) - 0.4).collect();
        let value = |p: &Program| evaluate(p, &point, &[], &p.outputs);
        assert_eq!(value(&program), value(&hoisted));
    }
}
