//! Programs under construction: every node is written once (equal nodes merge), literals fold.

mod calls;
mod functions;
mod linear;
pub(crate) mod normal_form;
mod operations;
mod seen;

pub use calls::Called;

use crate::axes::{Axis, AxisId, AxisSet};
use crate::numbers::Numbers;
use crate::program::{Index, IndexId, Node, Op, Program};
use ppl_dist::{Expr, NodeId, Prim, Recorder};
use seen::Seen;
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

/// Writes a program. Methods take and give [`Expr`] handles, so densities can be written over them.
pub struct Builder {
    inner: RefCell<Inner>,
}

struct Inner {
    program: Program,
    seen: Seen,
    ones: HashMap<AxisSet, Numbers>,
    /// Whether a node depends on data alone.
    fixed: Vec<bool>,
    /// A limit on the tapes of recurrences in place of the usual ones.
    most_tape: Option<usize>,
}

/// Numbers that the states of a recurrence may be in all, for its reverse sweep to read them: 32 MiB; and where that sweep is an
/// affine recurrence, which is much faster, but whose coefficients are arrays too, so that all is some eight times the states: 1 GiB.
const MOST_TAPE: [usize; 2] = [1 << 22, 1 << 24];

impl Inner {
    fn note(&mut self, op: &Op) {
        let fixed = !matches!(op, Op::Param { .. } | Op::Noise { .. })
            && op.args().iter().all(|a| self.fixed[a.0 as usize]);
        self.fixed.push(fixed);
    }
}

impl Builder {
    /// A builder over these axes, in memory order (the caller sorts them: DRAW first, then ascending size, so that the
    /// longest axis is innermost).
    pub fn new(axes: Vec<Axis>) -> Self {
        assert!(axes.len() <= 64, "a program has at most 64 axes");
        Builder::from_program(Program {
            axes,
            ..Program::default()
        })
    }

    /// An empty builder over the same axes: for the body of a scan.
    pub fn sibling(&self) -> Self {
        Builder::new(self.inner.borrow().program.axes.clone())
    }

    /// Goes on writing an existing program.
    pub fn from_program(program: Program) -> Self {
        let seen = Seen::of(&program.nodes);
        let mut inner = Inner {
            program: Program::default(),
            seen,
            ones: HashMap::new(),
            fixed: vec![],
            most_tape: None,
        };
        for node in &program.nodes {
            inner.note(&node.op);
        }
        inner.program = program;
        Builder {
            inner: RefCell::new(inner),
        }
    }

    /// From now on the reverse sweep of a recurrence computes its states again where they are more than so many numbers, and
    /// reads them where they are fewer; and a step that is affine in its states is done as one that is not.
    pub fn limit_tapes(&self, numbers: usize) {
        self.inner.borrow_mut().most_tape = Some(numbers);
    }

    /// The limit for a recurrence that is gone back step by step, or by an affine recurrence.
    pub(crate) fn most_tape(&self, affine: bool) -> usize {
        let usual = MOST_TAPE[usize::from(affine)];
        self.inner.borrow().most_tape.unwrap_or(usual)
    }

    /// The program, with these outputs.
    pub fn finish(self, outputs: Vec<NodeId>) -> Program {
        let mut program = self.inner.into_inner().program;
        program.outputs = outputs;
        program
    }

    /// A copy of what stands so far.
    pub fn snapshot(&self) -> Program {
        self.inner.borrow().program.clone()
    }

    /// Looks at what stands so far.
    pub fn with_program<T>(&self, f: impl FnOnce(&Program) -> T) -> T {
        f(&self.inner.borrow().program)
    }

    /// A copy of what stands so far, with these outputs.
    pub fn snapshot_with(&self, outputs: Vec<NodeId>) -> Program {
        Program {
            outputs,
            ..self.snapshot()
        }
    }

    pub(crate) fn push(&self, op: Op, axes: AxisSet) -> NodeId {
        let mut inner = self.inner.borrow_mut();
        let inner = &mut *inner;
        let node = Node { op, axes };
        if let Some(id) = inner.seen.find(&inner.program.nodes, &node) {
            return id;
        }
        let id = NodeId(inner.program.nodes.len() as u32);
        inner.note(&node.op);
        inner.program.nodes.push(node);
        inner.seen.insert(&inner.program.nodes);
        id
    }

    fn node_axes(&self, id: NodeId) -> AxisSet {
        self.inner.borrow().program.node(id).axes
    }

    fn len(&self, id: NodeId) -> usize {
        let inner = self.inner.borrow();
        inner.program.len(inner.program.node(id).axes)
    }

    /// Whether a node depends on data and literals alone.
    pub fn is_fixed(&self, id: NodeId) -> bool {
        self.inner.borrow().fixed[id.0 as usize]
    }

    fn expr(&self, id: NodeId) -> Expr<'_> {
        Expr::Node(id, self)
    }

    /// The handle of a node.
    pub fn handle(&self, id: NodeId) -> Expr<'_> {
        self.expr(id)
    }

    /// A node's axes.
    pub fn axes_of(&self, e: Expr<'_>) -> AxisSet {
        match e {
            Expr::Const(_) => AxisSet::EMPTY,
            Expr::Node(id, _) => self.inner.borrow().program.node(id).axes,
        }
    }

    /// A node's operation.
    pub fn op_of(&self, id: NodeId) -> Op {
        self.inner.borrow().program.node(id).op.clone()
    }

    /// The arguments of a node of this primitive, which has two.
    fn pair_of(&self, prim: Prim, id: NodeId) -> Option<[NodeId; 2]> {
        match &self.inner.borrow().program.node(id).op {
            Op::Map(p, args) if *p == prim => args.as_slice().try_into().ok(),
            _ => None,
        }
    }

    /// The arguments of a node that selects.
    fn select_of(&self, id: NodeId) -> Option<[NodeId; 3]> {
        match &self.inner.borrow().program.node(id).op {
            Op::Map(Prim::Select, args) => args.as_slice().try_into().ok(),
            _ => None,
        }
    }

    /// What a look-up reads, and by which index.
    fn gather_of(&self, id: NodeId) -> Option<(NodeId, IndexId)> {
        match self.inner.borrow().program.node(id).op {
            Op::Gather(source, index) => Some((source, index)),
            _ => None,
        }
    }

    /// Size of an axis.
    pub fn size(&self, a: AxisId) -> usize {
        self.inner.borrow().program.axes[a.0 as usize].size
    }

    /// A data array over `axes`.
    pub fn data(&self, values: Numbers, axes: AxisSet) -> Expr<'_> {
        let id = {
            let mut inner = self.inner.borrow_mut();
            debug_assert_eq!(values.len(), inner.program.len(axes));
            match inner
                .program
                .data
                .iter()
                .position(|d| same_values(d, &values))
            {
                Some(i) => i,
                None => {
                    inner.program.data.push(values);
                    inner.program.data.len() - 1
                }
            }
        };
        self.expr(self.push(Op::Data(id as u32), axes))
    }

    /// The values of a data array.
    pub fn data_of(&self, number: u32) -> Numbers {
        let inner = self.inner.borrow();
        let known = inner.program.data.get(number as usize);
        known.cloned().unwrap_or_else(|| vec![].into())
    }

    /// Smallest and largest value of a data array; any number where one is not a number.
    pub fn data_range(&self, number: u32) -> (f64, f64) {
        let any = (f64::NEG_INFINITY, f64::INFINITY);
        let inner = self.inner.borrow();
        let Some(values) = inner.program.data.get(number as usize) else {
            return any;
        };
        // In lanes, none of which waits for another.
        let (mut low, mut high) = ([f64::INFINITY; 8], [f64::NEG_INFINITY; 8]);
        let mut numbers = [true; 8];
        let mut look = |i: usize, v: f64| {
            low[i] = if v < low[i] { v } else { low[i] };
            high[i] = if v > high[i] { v } else { high[i] };
            numbers[i] &= !v.is_nan();
        };
        let (eights, rest) = values.as_chunks::<8>();
        for eight in eights {
            (0..8).for_each(|i| look(i, eight[i]));
        }
        (rest.iter().enumerate()).for_each(|(i, &v)| look(i, v));
        let range = (
            low.into_iter().fold(f64::INFINITY, f64::min),
            high.into_iter().fold(f64::NEG_INFINITY, f64::max),
        );
        match numbers.contains(&false) || range.0 > range.1 {
            true => any,
            false => range,
        }
    }

    /// Registers an index array.
    pub fn index(&self, index: Index) -> IndexId {
        let mut inner = self.inner.borrow_mut();
        debug_assert_eq!(index.values.len(), inner.program.len(index.axes));
        let known = inner.program.indices.iter().position(|i| {
            i.axes == index.axes
                && i.target == index.target
                && same_positions(&i.values, &index.values)
        });
        IndexId(known.unwrap_or_else(|| {
            inner.program.indices.push(index);
            inner.program.indices.len() - 1
        }) as u32)
    }

    /// A new slice of the parameter vector; returns its offset too.
    pub fn param(&self, axes: AxisSet) -> (Expr<'_>, usize) {
        let offset = {
            let mut inner = self.inner.borrow_mut();
            let n = inner.program.len(axes);
            inner.program.n_params += n;
            inner.program.n_params - n
        };
        (self.expr(self.push(Op::Param { offset }, axes)), offset)
    }

    /// A new slice of the noise; returns its offset too.
    pub fn noise(&self, axes: AxisSet) -> (Expr<'_>, usize) {
        let offset = {
            let mut inner = self.inner.borrow_mut();
            let n = inner.program.len(axes);
            inner.program.n_noise += n;
            inner.program.n_noise - n
        };
        (self.expr(self.push(Op::Noise { offset }, axes)), offset)
    }

    /// The value of a literal node.
    pub fn literal(&self, id: NodeId) -> Option<f64> {
        match self.inner.borrow().program.node(id).op {
            Op::Const(bits) => Some(f64::from_bits(bits)),
            _ => None,
        }
    }

    /// The handle of a node, a literal one as its value.
    pub fn literal_or_node(&self, id: NodeId) -> Expr<'_> {
        self.literal(id).map_or_else(|| self.expr(id), Expr::Const)
    }

    /// Calls `f` with the first `n` nodes' operations, in order.
    pub(crate) fn for_each_op(&self, n: usize, mut f: impl FnMut(usize, &Op)) {
        for (i, node) in self.inner.borrow().program.nodes.iter().take(n).enumerate() {
            f(i, &node.op);
        }
    }

    /// One more axis, innermost; `None` where the program has 64 already.
    pub fn add_axis(&self, axis: Axis) -> Option<AxisId> {
        let mut inner = self.inner.borrow_mut();
        let n = inner.program.axes.len();
        if n >= 64 {
            return None;
        }
        inner.program.axes.push(axis);
        Some(AxisId(n as u8))
    }

    /// How many axes the program has.
    pub fn n_axes(&self) -> usize {
        self.inner.borrow().program.axes.len()
    }

    /// A copy of an index; its positions are shared.
    pub fn index_of(&self, index: IndexId) -> Index {
        self.inner.borrow().program.indices[index.0 as usize].clone()
    }

    /// Target and space of an index.
    pub fn index_axes(&self, index: IndexId) -> (AxisId, AxisSet) {
        let inner = self.inner.borrow();
        let i = &inner.program.indices[index.0 as usize];
        (i.target, i.axes)
    }
}

/// The same array, or one with equal positions.
fn same_positions(a: &Arc<[u32]>, b: &Arc<[u32]>) -> bool {
    Arc::ptr_eq(a, b) || a == b
}

/// The same array, or one with the same bits.
fn same_values(a: &Numbers, b: &Numbers) -> bool {
    // A matrix that is stored as whole numbers is not made for the sake of it: with one that is not, it is another one.
    let matrix = |n: &Numbers| n.decimals().is_some_and(|d| d.columns() > 1);
    if matrix(a) || matrix(b) {
        let both = a.decimals().zip(b.decimals());
        return both.is_some_and(|(a, b)| a.same(b));
    }
    a.is(b)
        || (a.len() == b.len()
            && a.iter()
                .zip(b.iter())
                .all(|(x, y)| x.to_bits() == y.to_bits()))
}

impl Recorder for Builder {
    fn constant(&self, value: f64) -> NodeId {
        self.push(Op::Const(value.to_bits()), AxisSet::EMPTY)
    }

    fn apply(&self, prim: Prim, args: &[NodeId]) -> NodeId {
        self.normal_form(prim, args)
    }
}
