//! Multiples: columns that are multiples of one another are read once. A density has `w e` and its gradient `w' e`, where `w'` is
//! twice `w` once literals are folded into columns: the second is a multiple of the first, which is at hand.

use super::rebuild::{copy, live, rebuild};
use crate::program::{Op, Program};
use ppl_dist::{Expr, NodeId, Prim};
use std::collections::HashMap;

/// Elements from which on a column is worth the looking.
const LONG: usize = 64;

/// Every product of a column with a node that another column, of which the first is a multiple, is multiplied with as well
/// becomes a multiple of that product.
pub fn multiples(program: &Program) -> Program {
    let multiples = find(program);
    if multiples.is_empty() {
        return program.clone();
    }
    rebuild(program, |b, id, of| match multiples.get(&id) {
        Some((first, factor)) => of(*first) * Expr::Const(*factor),
        None => copy(b, program, id, of),
    })
}

/// The products that are multiples of earlier ones: which, and how many times.
fn find(program: &Program) -> HashMap<NodeId, (NodeId, f64)> {
    let mut found = HashMap::new();
    // By the other factor, and where a column begins: the products with columns that are no multiples of one another.
    let mut products: HashMap<(NodeId, usize), Vec<(u32, NodeId)>> = HashMap::new();
    let live = live(program);
    for (i, node) in program.nodes.iter().enumerate().filter(|(i, _)| live[*i]) {
        let Op::Map(Prim::Mul, args) = &node.op else {
            continue;
        };
        let column = |id: NodeId| match program.node(id).op {
            Op::Data(number) if is_column(program, id) => Some(number),
            _ => None,
        };
        let (number, other) = match (column(args[0]), column(args[1])) {
            (Some(number), None) => (number, args[1]),
            (None, Some(number)) => (number, args[0]),
            _ => continue,
        };
        let id = NodeId(i as u32);
        let values = &program.data[number as usize];
        let Some(begin) = values.iter().position(|x| *x != 0.0) else {
            continue;
        };
        let known = products.entry((other, begin)).or_default();
        let multiple = known.iter().find_map(|(first, product)| {
            let same = program.node(*product).axes == node.axes;
            let factor = factor(program, (*first, number), begin).filter(|_| same)?;
            Some((*product, factor))
        });
        match multiple {
            Some(multiple) => drop(found.insert(id, multiple)),
            None => known.push((number, id)),
        }
    }
    found
}

/// Whether data lie along one axis, and are long. A matrix may be kept as whole numbers or read where it lies: its elements are not
/// asked for, which would lay it out.
fn is_column(program: &Program, id: NodeId) -> bool {
    let axes = program.node(id).axes;
    axes.iter().count() == 1 && program.len(axes) >= LONG
}

/// How many times the first column the second is, if it is so in each element; both begin with zeros up to the same place.
fn factor(program: &Program, (first, second): (u32, u32), begin: usize) -> Option<f64> {
    let [x, y] = [first, second].map(|number| &program.data[number as usize][..]);
    let factor = y[begin] / x[begin];
    let all = x.len() == y.len() && x.iter().zip(y).all(|(x, y)| factor * x == *y);
    (all && factor.is_finite()).then_some(factor)
}

#[cfg(test)]
mod tests {
    use super::multiples;
    use crate::interpret::evaluate;
    use crate::passes::dead::dead;
    use crate::{Axis, AxisId, AxisSet, Builder, Op, Real};

    #[test]
    fn a_multiple_of_a_column_is_not_read() {
        let axis = |name: &str, size| Axis {
            name: name.into(),
            size,
        };
        let b = Builder::new(vec![axis("draw", 1), axis("row", 100)]);
        let row = AxisSet::of(&[AxisId(1)]);
        let column = |f: &dyn Fn(usize) -> f64| b.data((0..100).map(f).collect(), row);
        let e = b.param(row).0.exp();
        let f = b.param(row).0;
        let x = |i: usize| (i % 7) as f64 - 2.0;
        let outputs = [
            column(&x) * e,
            column(&|i| -2.0 * x(i)) * e,
            // Another factor, and a column that is a multiple but for its last element.
            column(&|i| -2.0 * x(i)) * f,
            column(&|i| if i == 99 { 5.0 } else { 4.0 * x(i) }) * e,
        ];
        let outputs = outputs.map(|e| e.node(&b)).to_vec();
        let program = b.finish(outputs);
        let after = dead(&multiples(&program));
        let reads = |p: &crate::Program, column: u32| {
            let is = |a: &crate::NodeId| p.node(*a).op == Op::Data(column);
            let reads = |node: &&crate::Node| node.op.args().iter().any(is);
            p.nodes.iter().filter(reads).count()
        };
        assert_eq!([1, 2].map(|k| reads(&program, k)), [2, 1], "{program}");
        assert_eq!([1, 2].map(|k| reads(&after, k)), [1, 1], "{after}");
        let at: Vec<f64> = (0..200).map(|i| f64::from(i) / 70.0 - 1.0).collect();
        let values = |p| evaluate(p, &at, &[], &p.outputs);
        assert_eq!(values(&program), values(&after));
    }
}
