//! Draws that are linked to others: a sparse triangular solve.

use crate::axes::AxisId;
use crate::builder::Builder;
use crate::call::block::{Block, BlockCall};
use crate::program::Index;
use ppl_dist::Expr;
use std::sync::Arc;

/// Which elements of a vector are linked to which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Links {
    /// The elements in the order in which they are eliminated: each is linked to some that come later.
    pub order: Vec<u32>,
    /// First link of each step, and behind them the number of links.
    pub first: Vec<usize>,
    /// The later element of each link.
    pub later: Vec<u32>,
}

impl Links {
    /// The earlier element of each link.
    fn earlier(&self) -> Vec<u32> {
        let steps = self.order.iter().zip(self.first.windows(2));
        let repeated = steps.flat_map(|(unknown, w)| std::iter::repeat_n(*unknown, w[1] - w[0]));
        repeated.collect()
    }
}

/// `x` with `x_i + Σ_k w_k x_later(k) = e_i` over the links k of each element i; or by the transpose of that matrix. The second
/// argument and the result have the elements' axis first, and then any number of axes that list right-hand sides. Weights
/// beyond the links are not read.
#[derive(Debug)]
pub(super) struct Linked {
    pub(super) links: Arc<Links>,
    pub(super) transposed: bool,
}

impl Block for Linked {
    fn name(&self) -> &'static str {
        if self.transposed {
            "solve by transposed links"
        } else {
            "solve by links"
        }
    }

    fn work(&self, sizes: &[Vec<usize>]) -> usize {
        (self.links.later.len() + sizes[1][0]) * sizes[1][1..].iter().product::<usize>()
    }

    fn run(
        &self,
        sizes: &[Vec<usize>],
        args: &[&[f64]],
        results: &mut [&mut [f64]],
        scratch: &mut [f64],
    ) {
        let x = &mut *results[0];
        x.copy_from_slice(args[1]);
        let width: usize = sizes[1][1..].iter().product();
        let (
            weights,
            Links {
                order,
                first,
                later,
            },
        ) = (args[0], &*self.links);
        let own = &mut scratch[..width];
        let steps = order.len();
        for k in 0..steps {
            let k = if self.transposed { k } else { steps - 1 - k };
            let at = order[k] as usize * width;
            own.copy_from_slice(&x[at..at + width]);
            for l in first[k]..first[k + 1] {
                let other = later[l] as usize * width;
                let other = &mut x[other..other + width];
                if self.transposed {
                    other
                        .iter_mut()
                        .zip(&*own)
                        .for_each(|(o, v)| *o -= weights[l] * v);
                } else {
                    own.iter_mut()
                        .zip(other)
                        .for_each(|(v, o)| *v -= weights[l] * *o);
                }
            }
            x[at..at + width].copy_from_slice(own);
        }
    }

    fn scratch(&self, sizes: &[Vec<usize>]) -> usize {
        sizes[1][1..].iter().product()
    }

    /// With M the matrix, `M x = e`: the adjoint of e is `ē = M^-T x̄`, that of the weight of a link from i to j `-ē_i x_j`; by
    /// the transpose, `-x_i ē_j`.
    fn adjoint<'b>(
        &self,
        call: &BlockCall,
        b: &'b Builder,
        args: &[Expr<'b>],
        part: &dyn Fn(usize) -> Expr<'b>,
        adjoints: &[Option<Expr<'b>>],
        wanted: &[bool],
    ) -> Vec<Option<Expr<'b>>> {
        let Some(outside) = adjoints[0] else {
            return vec![None, None];
        };
        let (links, along, right) = (call.args[0][0], call.args[1][0], &call.args[1][1..]);
        let given = b.linked_along(
            (&self.links, args[0], links),
            (outside, along, right),
            !self.transposed,
        );
        let weights = || {
            let n = b.size(links);
            let pick = |e, mut positions: Vec<u32>| {
                positions.resize(n, 0);
                let index = Index {
                    target: along,
                    axes: crate::AxisSet::of(&[links]),
                    values: positions.into(),
                };
                b.gather(e, b.index(index))
            };
            let (at_earlier, at_later) = if self.transposed {
                (part(0), given)
            } else {
                (given, part(0))
            };
            let product =
                pick(at_earlier, self.links.earlier()) * pick(at_later, self.links.later.clone());
            if self.links.later.len() == n {
                return -product;
            }
            let used: Vec<f64> = (0..n)
                .map(|l| {
                    if l < self.links.later.len() {
                        -1.0
                    } else {
                        0.0
                    }
                })
                .collect();
            product * b.data(used.into(), crate::AxisSet::of(&[links]))
        };
        vec![wanted[0].then(weights), wanted[1].then_some(given)]
    }
}

impl Builder {
    /// `x` with `x_i + Σ_k w_k x_later(k) = e_i`: the weights lie along `links`, the elements along `along`. All other axes of
    /// `e` list right-hand sides.
    pub fn linked<'b>(
        &'b self,
        (links, weights, axis): (&Arc<Links>, Expr<'b>, AxisId),
        (e, along): (Expr<'b>, AxisId),
    ) -> Expr<'b> {
        let right: Vec<AxisId> = self.axes_of(e).without(along).iter().collect();
        self.linked_along((links, weights, axis), (e, along, &right), false)
    }

    fn linked_along<'b>(
        &'b self,
        (links, weights, axis): (&Arc<Links>, Expr<'b>, AxisId),
        (e, along, right): (Expr<'b>, AxisId, &[AxisId]),
        transposed: bool,
    ) -> Expr<'b> {
        let axes: Vec<AxisId> = std::iter::once(along)
            .chain(right.iter().copied())
            .collect();
        let block = Linked {
            links: links.clone(),
            transposed,
        };
        let call = self.block(
            block,
            &[weights, e],
            vec![vec![axis], axes.clone()],
            vec![axes],
        );
        self.call_part(call, 0)
    }
}
