//! Which scans are affine recurrences: their step is followed node by node with the states as symbols.

use super::{MOST_STATES, Recurrence};
use crate::axes::AxisSet;
use crate::builder::Builder;
use crate::call::scan::Scan;
use crate::passes::rebuild::{copy, live, scatter_sums};
use crate::program::{Op, Program};
use ppl_dist::{Expr, NodeId, Prim};

/// What a node of the step is, over the whole axis.
#[derive(Clone)]
enum Form<'b> {
    /// Nothing of the states.
    Free(Expr<'b>),
    /// `constant + Σ coefficient state`.
    Affine(Expr<'b>, Vec<Option<Expr<'b>>>),
    /// Something else of the states.
    Other,
}

/// A step that is written out over the whole axis in the program that calls it.
struct Along<'s, 'b> {
    scan: &'s Scan,
    b: &'b Builder,
    args: &'s [Expr<'b>],
}

/// The parts of a scan whose states' next values are affine in the states, and elementwise in the axes that they have.
pub(super) fn affine<'b>(b: &'b Builder, scan: &Scan, args: &[Expr<'b>]) -> Option<Vec<Expr<'b>>> {
    let n_states = scan.states.len();
    let own = scan.states.first()?.axes;
    if n_states > MOST_STATES || scan.states.iter().any(|s| s.axes != own) {
        return None;
    }
    let along = Along { scan, b, args };
    let forms = along.forms()?;
    let (mut offsets, mut coefficients) = (vec![], vec![]);
    for output in &scan.body.outputs[..n_states] {
        let (constant, row) = match forms[output.0 as usize].clone() {
            Form::Free(e) => (e, vec![None; n_states]),
            Form::Affine(constant, row) => (constant, row),
            Form::Other => return None,
        };
        offsets.push(constant);
        coefficients.push(row);
    }
    let within = own.with(scan.axis);
    let fits = |e: &Expr<'b>| within.contains_all(b.axes_of(*e));
    let mut all = offsets
        .iter()
        .chain(coefficients.iter().flatten().flatten());
    let initial = args[..n_states].to_vec();
    if !all.all(fits) || !initial.iter().all(fits) {
        return None;
    }
    let states = Recurrence {
        axis: scan.axis,
        reverse: scan.reverse,
        initial,
        offsets,
        coefficients,
    }
    .call(b);
    let whole = |e: Expr<'b>, part: usize| b.broadcast(e, scan.part_axes(part));
    let n_outputs = scan.body.outputs.len();
    let others = along.with_states(&states.before)?;
    let after = states.after.iter().copied();
    let before = states.before.iter().copied();
    let parts = after.chain(others).chain(before).enumerate();
    let parts: Vec<Expr<'b>> = parts.map(|(k, e)| whole(e, k)).collect();
    debug_assert_eq!(parts.len(), n_outputs + n_states);
    Some(parts)
}

impl<'b> Along<'_, 'b> {
    /// What each node is; `None` where one cannot be written over the axis.
    fn forms(&self) -> Option<Vec<Form<'b>>> {
        let body = &self.scan.body;
        let needed = live(body);
        let mut forms: Vec<Form<'b>> = Vec::with_capacity(needed.len());
        for (i, needed) in needed.iter().enumerate() {
            let id = NodeId(i as u32);
            let form = match needed {
                true => self.form(id, &forms)?,
                false => Form::Other,
            };
            forms.push(form);
        }
        Some(forms)
    }

    fn form(&self, id: NodeId, forms: &[Form<'b>]) -> Option<Form<'b>> {
        let body = &self.scan.body;
        let node = body.node(id);
        let of = |a: NodeId| &forms[a.0 as usize];
        if let Op::Noise { offset } = node.op {
            let n_states = self.scan.states.len();
            let state = self.scan.states.iter().position(|s| s.offset == offset);
            return Some(match state {
                Some(state) => {
                    let mut row = vec![None; n_states];
                    row[state] = Some(Expr::Const(1.0));
                    Form::Affine(Expr::Const(0.0), row)
                }
                None => Form::Free(self.input(offset)?),
            });
        }
        let args = node.op.args();
        if args.iter().all(|a| matches!(of(*a), Form::Free(_))) {
            let free = |a: NodeId| match of(a) {
                Form::Free(e) => *e,
                _ => Expr::Const(f64::NAN),
            };
            return self.write(id, &free).map(Form::Free);
        }
        Some(
            match (
                &node.op,
                args.iter().map(|a| of(*a)).collect::<Vec<_>>().as_slice(),
            ) {
                (Op::Map(Prim::Add, _), [x, y]) => self.sum(x, y),
                (Op::Map(Prim::Mul, _), [Form::Free(f), Form::Affine(c, row)])
                | (Op::Map(Prim::Mul, _), [Form::Affine(c, row), Form::Free(f)]) => {
                    Form::Affine(*f * *c, row.iter().map(|e| e.map(|e| *f * e)).collect())
                }
                (Op::Map(Prim::Select, _), [Form::Free(which), x, y]) => self.either(*which, x, y),
                (Op::Sum(_), [Form::Affine(c, row)]) => {
                    let from = body.node(args[0]).axes;
                    let over = from.minus(node.axes);
                    if !over.intersection(self.scan.states[0].axes).is_empty() {
                        return Some(Form::Other);
                    }
                    let sum = |e: Expr<'b>| self.b.sum(self.b.broadcast(e, over), over);
                    Form::Affine(sum(*c), row.iter().map(|e| e.map(sum)).collect())
                }
                _ => Form::Other,
            },
        )
    }

    fn sum(&self, x: &Form<'b>, y: &Form<'b>) -> Form<'b> {
        match (x, y) {
            (Form::Free(f), Form::Affine(c, row)) | (Form::Affine(c, row), Form::Free(f)) => {
                Form::Affine(*f + *c, row.clone())
            }
            (Form::Affine(c, row), Form::Affine(d, other)) => {
                let both = |(a, b): (&Option<Expr<'b>>, &Option<Expr<'b>>)| match (a, b) {
                    (Some(a), Some(b)) => Some(*a + *b),
                    (one, None) | (None, one) => *one,
                };
                Form::Affine(*c + *d, row.iter().zip(other).map(both).collect())
            }
            _ => Form::Other,
        }
    }

    fn either(&self, which: Expr<'b>, x: &Form<'b>, y: &Form<'b>) -> Form<'b> {
        let zero = Expr::Const(0.0);
        let choose = |a, b| Expr::apply(Prim::Select, &[which, a, b]);
        let split = |form: &Form<'b>| match form {
            Form::Free(e) => Some((*e, vec![None; self.scan.states.len()])),
            Form::Affine(c, row) => Some((*c, row.clone())),
            Form::Other => None,
        };
        let (Some((c, row)), Some((d, other))) = (split(x), split(y)) else {
            return Form::Other;
        };
        let both = |(a, b): (&Option<Expr<'b>>, &Option<Expr<'b>>)| match (a, b) {
            (None, None) => None,
            _ => Some(choose(a.unwrap_or(zero), b.unwrap_or(zero))),
        };
        Form::Affine(choose(c, d), row.iter().zip(&other).map(both).collect())
    }

    /// The outputs of the step that are no states, with these values of the states before each step.
    fn with_states(&self, states: &[Expr<'b>]) -> Option<Vec<Expr<'b>>> {
        let body = &self.scan.body;
        let others = &body.outputs[states.len()..];
        let of_others = Program {
            outputs: others.to_vec(),
            ..body.clone()
        };
        let needed = live(&of_others);
        let mut standing: Vec<Expr<'b>> = vec![Expr::Const(f64::NAN); needed.len()];
        for (i, _) in needed.iter().enumerate().filter(|(_, needed)| **needed) {
            let of = |id: NodeId| standing[id.0 as usize];
            let state = match body.nodes[i].op {
                Op::Noise { offset } => {
                    let all = self.scan.states.iter();
                    all.zip(states).find(|(s, _)| s.offset == offset)
                }
                _ => None,
            };
            standing[i] = match state {
                Some((_, e)) => *e,
                None => self.write(NodeId(i as u32), &of)?,
            };
        }
        Some(others.iter().map(|id| standing[id.0 as usize]).collect())
    }

    /// What stands for an input.
    fn input(&self, offset: usize) -> Option<Expr<'b>> {
        let inputs = self
            .scan
            .inputs
            .iter()
            .zip(&self.args[self.scan.states.len()..]);
        inputs
            .clone()
            .find(|(leaf, _)| leaf.offset == offset)
            .map(|(_, e)| *e)
    }

    /// A node over the whole axis.
    fn write(&self, id: NodeId, of: &dyn Fn(NodeId) -> Expr<'b>) -> Option<Expr<'b>> {
        let (b, body) = (self.b, &self.scan.body);
        let node = body.node(id);
        Some(match &node.op {
            Op::Noise { offset } => self.input(*offset)?,
            Op::Data(number) => b.data(body.data[*number as usize].clone(), node.axes),
            Op::Gather(src, index) => {
                let index = body.indices[index.0 as usize].clone();
                b.gather(of(*src), b.index(index))
            }
            Op::Scatter(src, index) => {
                let summed = b.sum(of(*src), scatter_sums(body, id));
                let index = body.indices[index.0 as usize].clone();
                let along = AxisSet::of(&[self.scan.axis]).intersection(b.axes_of(summed));
                b.scatter(summed, b.index(index), node.axes.union(along))
            }
            Op::Param { .. } | Op::Call(..) => return None,
            _ => copy(b, body, id, of),
        })
    }
}
