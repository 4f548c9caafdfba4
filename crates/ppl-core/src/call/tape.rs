//! A program over small arrays as a list of scalar instructions: for bodies that run thousands of times on a handful of
//! numbers, where even one indirect call an operation would be too much. Each number may be several, the lanes of a vector.

use crate::interpret::offsets;
use crate::program::{Op, Program};
use ppl_dist::Prim;

/// One operation on numbers in slots.
#[derive(Debug, Clone, Copy)]
enum Instruction {
    /// `slot[to] = prim(slots)`
    Apply(Prim, u32, [u32; 3]),
    Add(u32, u32, u32),
    Mul(u32, u32, u32),
    Recip(u32, u32),
    /// The larger of two, without a gradient of its own.
    Max(u32, u32, u32),
}

/// A program as scalar instructions. Its leaves are noise nodes (inputs) and literals.
#[derive(Debug, Clone)]
pub struct Tape {
    instructions: Vec<Instruction>,
    /// Literals and where they stand.
    constants: Vec<(u32, f64)>,
    /// The slots of each output's elements, row-major.
    outputs: Vec<Vec<u32>>,
    n_slots: usize,
}

/// Programs with more elements than this are not written out.
const MOST: usize = 1 << 20;

impl Tape {
    /// Writes a program out; the first `program.n_noise` slots are its inputs. `None` where it is too large, or calls
    /// routines, or has parameters.
    pub fn new(program: &Program) -> Option<Tape> {
        let mut tape = Tape {
            instructions: vec![],
            constants: vec![],
            outputs: vec![],
            n_slots: program.n_noise,
        };
        let mut slots: Vec<Vec<u32>> = Vec::with_capacity(program.nodes.len());
        for node in &program.nodes {
            let len = program.len(node.axes);
            if tape.n_slots + len > MOST {
                return None;
            }
            let strides_of = |id: ppl_dist::NodeId| program.strides(program.node(id).axes);
            let of = |id: ppl_dist::NodeId| &slots[id.0 as usize];
            let own: Vec<u32> = match &node.op {
                Op::Const(bits) => vec![tape.constant(f64::from_bits(*bits))],
                Op::Data(d) => program.data[*d as usize]
                    .iter()
                    .map(|v| tape.constant(*v))
                    .collect(),
                Op::Noise { offset } => (0..len).map(|i| (offset + i) as u32).collect(),
                Op::Param { .. } | Op::Call(..) => return None,
                Op::Stop(a) => of(*a).clone(),
                Op::Map(prim, args) => {
                    let columns: Vec<Vec<u32>> = args
                        .iter()
                        .map(|a| {
                            let from = of(*a);
                            offsets(program, node.axes, &strides_of(*a))
                                .map(|o| from[o])
                                .collect()
                        })
                        .collect();
                    (0..len)
                        .map(|i| {
                            let args: Vec<u32> = columns.iter().map(|c| c[i]).collect();
                            tape.apply(*prim, &args)
                        })
                        .collect()
                }
                Op::Sum(a) | Op::Max(a) => {
                    let sum = matches!(node.op, Op::Sum(_));
                    let to = offsets(program, program.node(*a).axes, &program.strides(node.axes));
                    let mut total: Vec<Option<u32>> = vec![None; len];
                    for (to, &from) in to.zip(of(*a)) {
                        total[to] = Some(match total[to] {
                            None => from,
                            Some(so_far) => tape.join(sum, so_far, from),
                        });
                    }
                    let empty = if sum { 0.0 } else { f64::NEG_INFINITY };
                    total
                        .into_iter()
                        .map(|t| t.unwrap_or_else(|| tape.constant(empty)))
                        .collect()
                }
                Op::Stack(parts, axis) => {
                    let mut own = vec![0; len];
                    let strides = program.strides(node.axes);
                    let space = node.axes.without(*axis);
                    for (position, part) in parts.iter().enumerate() {
                        let base = position * strides[axis.0 as usize];
                        let from = offsets(program, space, &strides_of(*part));
                        for (to, from) in offsets(program, space, &strides).zip(from) {
                            own[base + to] = of(*part)[from];
                        }
                    }
                    own
                }
                Op::At(a, axis, position) => {
                    let strides = strides_of(*a);
                    let base = strides[axis.0 as usize] * *position as usize;
                    offsets(program, node.axes, &strides)
                        .map(|o| of(*a)[base + o])
                        .collect()
                }
                Op::Rename(a, from, to) => {
                    let mut strides = strides_of(*a);
                    strides[to.0 as usize] = strides[from.0 as usize];
                    offsets(program, node.axes, &strides)
                        .map(|o| of(*a)[o])
                        .collect()
                }
                Op::Gather(a, index) => {
                    let index = &program.indices[index.0 as usize];
                    let mut strides = strides_of(*a);
                    let step = std::mem::take(&mut strides[index.target.0 as usize]);
                    let positions = offsets(program, node.axes, &program.strides(index.axes));
                    offsets(program, node.axes, &strides)
                        .zip(positions)
                        .map(|(o, p)| of(*a)[o + step * index.values[p] as usize])
                        .collect()
                }
                Op::Scatter(a, index) => {
                    let index = &program.indices[index.0 as usize];
                    let src = program.node(*a).axes;
                    let space = src.union(index.axes).union(node.axes.without(index.target));
                    let mut strides = program.strides(node.axes);
                    let step = std::mem::take(&mut strides[index.target.0 as usize]);
                    let positions: Vec<usize> =
                        offsets(program, space, &program.strides(index.axes)).collect();
                    let from: Vec<usize> = offsets(program, space, &program.strides(src)).collect();
                    let mut total: Vec<Option<u32>> = vec![None; len];
                    for (i, to) in offsets(program, space, &strides).enumerate() {
                        let to = to + step * index.values[positions[i]] as usize;
                        let from = of(*a)[from[i]];
                        total[to] = Some(match total[to] {
                            None => from,
                            Some(so_far) => tape.join(true, so_far, from),
                        });
                    }
                    total
                        .into_iter()
                        .map(|t| t.unwrap_or_else(|| tape.constant(0.0)))
                        .collect()
                }
            };
            slots.push(own);
        }
        tape.outputs = program
            .outputs
            .iter()
            .map(|id| slots[id.0 as usize].clone())
            .collect();
        Some(tape)
    }

    fn slot(&mut self) -> u32 {
        self.n_slots += 1;
        (self.n_slots - 1) as u32
    }

    fn constant(&mut self, value: f64) -> u32 {
        let known = self
            .constants
            .iter()
            .find(|(_, v)| v.to_bits() == value.to_bits());
        if let Some((slot, _)) = known {
            return *slot;
        }
        let slot = self.slot();
        self.constants.push((slot, value));
        slot
    }

    fn apply(&mut self, prim: Prim, args: &[u32]) -> u32 {
        let to = self.slot();
        self.instructions.push(match (prim, args) {
            (Prim::Add, &[a, b]) => Instruction::Add(to, a, b),
            (Prim::Mul, &[a, b]) => Instruction::Mul(to, a, b),
            (Prim::Recip, &[a]) => Instruction::Recip(to, a),
            _ => {
                let mut padded = [args[0]; 3];
                padded[..args.len()].copy_from_slice(args);
                Instruction::Apply(prim, to, padded)
            }
        });
        to
    }

    fn join(&mut self, sum: bool, a: u32, b: u32) -> u32 {
        let to = self.slot();
        self.instructions.push(if sum {
            Instruction::Add(to, a, b)
        } else {
            Instruction::Max(to, a, b)
        });
        to
    }

    /// Numbers that a run needs.
    pub fn n_slots(&self) -> usize {
        self.n_slots
    }

    /// Writes the literals, once for each buffer.
    #[inline(always)]
    pub fn prepare<const L: usize>(&self, slots: &mut [[f64; L]]) {
        for &(slot, value) in &self.constants {
            slots[slot as usize] = [value; L];
        }
    }

    /// Runs on prepared slots, of which the first hold the inputs, in every lane by itself.
    #[inline(always)]
    pub fn run<const L: usize>(&self, slots: &mut [[f64; L]]) {
        for i in &self.instructions {
            match *i {
                Instruction::Add(to, a, b) => {
                    let (mut a, b) = (slots[a as usize], slots[b as usize]);
                    for l in 0..L {
                        a[l] += b[l];
                    }
                    slots[to as usize] = a;
                }
                Instruction::Mul(to, a, b) => {
                    let (mut a, b) = (slots[a as usize], slots[b as usize]);
                    for l in 0..L {
                        a[l] *= b[l];
                    }
                    slots[to as usize] = a;
                }
                Instruction::Max(to, a, b) => {
                    let (mut a, b) = (slots[a as usize], slots[b as usize]);
                    for l in 0..L {
                        a[l] = a[l].max(b[l]);
                    }
                    slots[to as usize] = a;
                }
                Instruction::Recip(to, a) => {
                    let mut a = slots[a as usize];
                    for a in &mut a {
                        *a = 1.0 / *a;
                    }
                    slots[to as usize] = a;
                }
                Instruction::Apply(prim, to, [a, b, c]) => {
                    let (a, b, c) = (slots[a as usize], slots[b as usize], slots[c as usize]);
                    let n = prim.arity();
                    for l in 0..L {
                        slots[to as usize][l] = prim.eval(&[a[l], b[l], c[l]][..n]);
                    }
                }
            }
        }
    }

    /// Writes the elements of an output.
    #[inline(always)]
    pub fn read<const L: usize>(&self, k: usize, slots: &[[f64; L]], out: &mut [[f64; L]]) {
        for (out, from) in out.iter_mut().zip(&self.outputs[k]) {
            *out = slots[*from as usize];
        }
    }

    /// Adds the elements of an output in some lanes.
    #[inline(always)]
    pub fn add<const L: usize>(
        &self,
        k: usize,
        slots: &[[f64; L]],
        among: &[bool; L],
        totals: &mut [[f64; L]],
    ) {
        for (total, from) in totals.iter_mut().zip(&self.outputs[k]) {
            let v = &slots[*from as usize];
            for l in 0..L {
                total[l] = if among[l] { total[l] + v[l] } else { total[l] };
            }
        }
    }
}
