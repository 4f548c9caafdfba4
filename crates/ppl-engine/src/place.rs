//! Places: where the arrays lie and with which strides they are seen.

use crate::EngineError;
use crate::graph::{Graph, Kind};
use crate::levels::Levels;
use crate::memory::Memory;
use crate::reuse;
use ppl_core::{AxisId, AxisSet, Op};
use std::collections::{BTreeMap, HashMap};

/// An array in memory: address of its first element, and strides (in elements) by axis number.
#[derive(Clone)]
pub(crate) struct View {
    pub(crate) base: *mut f64,
    pub(crate) strides: Box<[usize; 64]>,
}

impl View {
    pub(crate) fn stride(&self, axis: AxisId) -> usize {
        self.strides[axis.0 as usize]
    }

    /// Whether both are the same elements.
    pub(crate) fn is(&self, other: &View) -> bool {
        self.base == other.base && self.strides == other.strides
    }

    /// The same without one axis, at its first position.
    pub(crate) fn without(&self, axis: AxisId) -> View {
        let mut view = self.clone();
        view.strides[axis.0 as usize] = 0;
        view
    }

    /// The same at one position of an axis.
    pub(crate) fn at(&self, axis: AxisId, position: usize) -> View {
        let mut view = self.without(axis);
        view.base = view.base.wrapping_add(position * self.stride(axis));
        view
    }
}

/// Where everything lies.
pub(crate) struct Places {
    /// Views of all nodes that have memory.
    views: Vec<Option<View>>,
    /// Contiguous copies of the outputs that are views.
    copies: Vec<Option<View>>,
    pub(crate) params: *mut f64,
    pub(crate) noise: *mut f64,
}

impl Places {
    pub(crate) fn assign(
        graph: &Graph,
        levels: &Levels,
        memory: &mut Memory,
    ) -> Result<Self, EngineError> {
        let program = graph.program;
        let n = program.nodes.len();
        let params = memory.allocate(program.n_params)?;
        let noise = memory.allocate(program.n_noise)?;
        let mut places = Places {
            views: vec![None; n],
            copies: vec![None; n],
            params,
            noise,
        };
        let shared = reuse::assign(graph, levels, memory)?;
        let shifted = shifted(graph, memory)?;
        for &i in &graph.order {
            let len = program.len(graph.axes[i]);
            let contiguous = |base| View {
                base,
                strides: Box::new(program.strides(graph.axes[i])),
            };
            let base = match (graph.kind(i), graph.op(i)) {
                (_, Op::Const(bits)) => {
                    let literal = memory.allocate(1)?;
                    // SAFETY: the buffer was just allocated.
                    unsafe { *literal = f64::from_bits(*bits) };
                    Some(literal)
                }
                (_, Op::Data(d)) => {
                    let data = &program.data[*d as usize];
                    if data.len() != len {
                        return Err(EngineError::WrongLength {
                            what: "a data array",
                            got: data.len(),
                            expected: len,
                        });
                    }
                    // Never written to: only leaves have this address.
                    Some(data.as_ptr().cast_mut())
                }
                (_, Op::Param { offset }) => Some(slice(
                    params,
                    *offset,
                    len,
                    program.n_params,
                    "the parameters",
                )?),
                (_, Op::Noise { offset }) => {
                    Some(slice(noise, *offset, len, program.n_noise, "the noise")?)
                }
                (Kind::View, _) => None,
                _ if shifted.contains_key(&i) => None,
                _ if levels.in_memory[i] => match shared.get(&i) {
                    Some(&base) => Some(base),
                    None => Some(memory.allocate(len)?),
                },
                _ => None,
            };
            places.views[i] = match (graph.op(i), base) {
                _ if shifted.contains_key(&i) => shifted.get(&i).cloned(),
                (_, Some(base)) => Some(contiguous(base)),
                (Op::Gather(a, _), _) => {
                    let source = places.views[graph.resolve(*a)].as_ref();
                    let slice = graph.slices[i].as_ref();
                    source.zip(slice).map(|(source, slice)| slice.view(source))
                }
                (Op::At(a, axis, position), _) => places.views[graph.resolve(*a)]
                    .as_ref()
                    .map(|source| source.at(*axis, *position as usize)),
                (Op::Rename(a, from, to), _) => {
                    places.views[graph.resolve(*a)].as_ref().map(|source| {
                        let mut view = source.without(*from);
                        view.strides[to.0 as usize] = source.stride(*from);
                        view
                    })
                }
                _ => None,
            };
            if graph.kind(i) == Kind::View && graph.is_output[i] {
                places.copies[i] = Some(contiguous(memory.allocate(len)?));
            }
        }
        Ok(places)
    }

    /// The view of a node that has memory.
    pub(crate) fn view(&self, i: usize) -> Option<&View> {
        self.views[i].as_ref()
    }

    /// Where a node's own instructions write.
    pub(crate) fn own(&self, i: usize) -> &View {
        self.views[i]
            .as_ref()
            .expect("whatever is written to memory has a place")
    }

    /// Where an output lies contiguously.
    pub(crate) fn output(&self, i: usize) -> &View {
        self.copies[i].as_ref().unwrap_or_else(|| self.own(i))
    }
}

/// What scatters of one array along the same axes have in common: the array, the target, the axis that it lies along, all axes.
type Alike = (usize, AxisId, AxisId, AxisSet);

/// The places of arrays that are the same values scattered to neighbouring positions, as those of `h[t]` and `h[t-1]` are: one
/// array with zeros at both ends, seen from different elements on.
fn shifted(graph: &Graph, memory: &mut Memory) -> Result<HashMap<usize, View>, EngineError> {
    let program = graph.program;
    let mut alike: BTreeMap<Alike, Vec<(usize, usize)>> = BTreeMap::new();
    for &i in &graph.order {
        let (Op::Scatter(source, _), Some(slice)) = (graph.op(i), &graph.slices[i]) else {
            continue;
        };
        let Some((target, first, along)) = slice.shift() else {
            continue;
        };
        let axes = graph.axes[i];
        if !graph.is_output[i] && axes.innermost() == Some(target) {
            let key = (graph.resolve(*source), target, along, axes);
            alike.entry(key).or_default().push((i, first));
        }
    }
    let mut views = HashMap::new();
    for ((_, target, _, axes), nodes) in alike.into_iter().filter(|(_, nodes)| nodes.len() > 1) {
        let firsts = || nodes.iter().map(|(_, first)| *first);
        let (least, most) = (firsts().min().unwrap_or(0), firsts().max().unwrap_or(0));
        let n = graph.size(target);
        let width = n + most - least;
        if width > 2 * n {
            continue;
        }
        let rows = program.len(axes) / n.max(1);
        let base = memory.allocate(rows * width)?;
        let mut strides = program.strides(axes);
        for (axis, stride) in strides.iter_mut().enumerate() {
            if AxisId(axis as u8) != target {
                *stride = *stride / n.max(1) * width;
            }
        }
        for (i, first) in nodes {
            let view = View {
                base: base.wrapping_add(most - first),
                strides: Box::new(strides),
            };
            views.insert(i, view);
        }
    }
    Ok(views)
}

fn slice(
    base: *mut f64,
    offset: usize,
    len: usize,
    total: usize,
    what: &'static str,
) -> Result<*mut f64, EngineError> {
    match offset.checked_add(len) {
        Some(end) if end <= total => Ok(base.wrapping_add(offset)),
        _ => Err(EngineError::WrongLength {
            what,
            got: total,
            expected: offset.saturating_add(len),
        }),
    }
}
