//! Whether dividing a sum pays.

use super::restrict::{looks_up, row_by_row};
use super::{Case, Division};
use crate::axes::AxisId;
use crate::program::{Op, Program};
use ppl_dist::{NodeId, Prim};

/// What a division must leave of the work, in percent.
const LEAVES: usize = 80;
/// From this cost on, what others need too is picked from their array, not computed again.
const COSTLY: usize = 4;
/// What an operation costs beside its rows.
const START: usize = 32;
/// A choice costs itself and a mask in each branch's adjoint.
const CHOICE: usize = 3;
/// A look-up with its scatter, and the same where the rows are neighbours.
const LOOK_UP: usize = 6;
const NEIGHBOURS: usize = 1;

/// The division, if its work is well below that of the sum as it stands.
pub(super) fn pays(
    program: &Program,
    src: NodeId,
    row: AxisId,
    cases: Vec<Case>,
    cone: &[NodeId],
    uses: &[usize],
) -> Option<Division> {
    let own = own(program, src, cone, uses);
    let n = program.axes[row.0 as usize].size;
    let mut inside = vec![false; program.nodes.len()];
    for id in cone {
        let again = match program.node(*id).op {
            Op::Map(prim, _) => prim.cost() < COSTLY || own[id.0 as usize],
            Op::Stop(_) | Op::At(..) | Op::Stack(..) => true,
            _ => own[id.0 as usize],
        };
        let made = !row_by_row(program, *id, row).is_empty();
        inside[id.0 as usize] = again && made;
    }
    let division = Division { row, cases, inside };
    let length = |id: NodeId| program.len(program.node(id).axes) / n;
    let now: usize = cone
        .iter()
        .filter(|id| own[id.0 as usize])
        .map(|id| n * length(*id) * cost(program, *id) + START)
        .sum();
    let then: usize = division
        .cases
        .iter()
        .map(|case| {
            let taken = taken(program, src, &division, case);
            let of = |id: &NodeId| {
                let cost = restricted(program, *id, &division, case);
                case.rows.len() * length(*id) * cost + START * usize::from(cost > 0)
            };
            taken.iter().map(of).sum::<usize>()
        })
        .sum();
    (100 * then < LEAVES * now).then_some(division)
}

/// Nodes of the cone that nothing outside of it needs.
fn own(program: &Program, src: NodeId, cone: &[NodeId], uses: &[usize]) -> Vec<bool> {
    let mut own = vec![false; program.nodes.len()];
    let mut within = vec![0; program.nodes.len()];
    // The sum itself uses the last.
    within[src.0 as usize] = 1;
    for id in cone.iter().rev() {
        own[id.0 as usize] = within[id.0 as usize] == uses[id.0 as usize];
        if own[id.0 as usize] {
            for a in program.node(*id).op.args() {
                within[a.0 as usize] += 1;
            }
        }
    }
    own
}

/// Additions for each element of a node, as it stands.
fn cost(program: &Program, id: NodeId) -> usize {
    match &program.node(id).op {
        Op::Map(Prim::Select, _) => CHOICE,
        Op::Map(prim, _) => prim.cost(),
        Op::Gather(_, index) => match neighbours(&program.indices[index.0 as usize].values) {
            true => 2 * NEIGHBOURS,
            false => LOOK_UP,
        },
        Op::Sum(arg) | Op::Max(arg) => {
            program.len(program.node(*arg).axes) / program.len(program.node(id).axes).max(1)
        }
        _ => 0,
    }
}

/// The same at the rows of a case.
fn restricted(program: &Program, id: NodeId, division: &Division, case: &Case) -> usize {
    let node = program.node(id);
    match &node.op {
        Op::Data(_) | Op::Const(_) => 0,
        Op::Map(Prim::Select, args) if case.holds.contains_key(&args[0]) => 0,
        _ if looks_up(program, id, division.row) || division.inside[id.0 as usize] => {
            cost(program, id)
        }
        _ if neighbours(&case.rows) => NEIGHBOURS,
        _ => LOOK_UP,
    }
}

/// Whether most positions go on by one, or stay the same.
fn neighbours(positions: &[u32]) -> bool {
    let jumps = positions.windows(2).filter(|w| w[0].abs_diff(w[1]) > 1);
    16 * jumps.count() <= positions.len()
}

/// The nodes along the rows that the case's rows are made of.
fn taken(program: &Program, src: NodeId, division: &Division, case: &Case) -> Vec<NodeId> {
    let mut seen = vec![false; src.0 as usize + 1];
    let (mut open, mut out) = (vec![src], vec![]);
    while let Some(id) = open.pop() {
        let along = program.node(id).axes.contains(division.row);
        if !along || std::mem::replace(&mut seen[id.0 as usize], true) {
            continue;
        }
        out.push(id);
        match &program.node(id).op {
            Op::Map(Prim::Select, args) if case.holds.contains_key(&args[0]) => {
                open.push(if case.holds[&args[0]] {
                    args[1]
                } else {
                    args[2]
                });
            }
            _ if division.inside[id.0 as usize] => {
                open.extend(row_by_row(program, id, division.row));
            }
            _ => {}
        }
    }
    out
}
