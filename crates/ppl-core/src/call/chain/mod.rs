//! The log of the sum over all paths of finitely valued chains, by forward and backward recursion.

mod number;
mod recursion;
mod weights;

use super::Routine;
use super::block::{Block, BlockCall};
use crate::axes::{AxisId, AxisSet};
use crate::builder::Builder;
use number::{Extended, Jet, Number};
use ppl_dist::{Expr, Real};
use recursion::{Found, Vector, pass, scratch};
use std::any::Any;
use std::sync::Arc;
use weights::Weights;

/// Log weights at or below this are those of what cannot be; where nothing can be, the total is this.
pub const IMPOSSIBLE: f64 = -1e300;

/// Derivatives up to this order, beyond those of the marginals, have routines.
const MAX_ORDER: usize = 3;

/// Chains, one after another along an axis. Its arguments: the log weights of steps and of values, both as `exp` of them
/// scaled to a largest of 1 in each element (constants), the logs of those scales (one an element, a constant), and then
/// a pair of directions for every order.
///
/// Order 0 gives the total, the marginals of the values and those of the steps, which are the total's gradient. Order k
/// gives the mixed derivatives of the marginals in its k directions, (d/dε) gradient(log weights + ε direction). The
/// Hessian is symmetric, so the adjoint of order k is order k + 1 with the adjoint as its direction: the routines are
/// closed under differentiation.
#[derive(Debug)]
struct Chain {
    order: usize,
    /// The last element (exclusive) of each chain.
    ends: Arc<[u32]>,
}

/// Arguments before the directions.
const FIXED: usize = 5;

impl Chain {
    /// Marginals of values and steps among the results.
    fn marginals(&self) -> usize {
        usize::from(self.order == 0)
    }

    /// By plain numbers, and where those run out of range by extended ones. `K` is the number of values, 0 where it is
    /// not known beforehand.
    fn solve<const K: usize, const M: usize>(
        w: &Weights<'_>,
        memory: &mut [f64],
        found: &mut Found<'_>,
    ) {
        let done = if K > 0 {
            let vectors = [[Jet::ONE; K]; 4];
            if w.varies() {
                pass::<Jet<M>, [Jet<M>; K], true>(w, K, vectors, memory, found)
            } else {
                pass::<Jet<M>, [Jet<M>; K], false>(w, K, vectors, memory, found)
            }
        } else {
            in_memory::<Jet<M>>(w, memory, found)
        };
        if done {
            // Of the scaled weights.
            found.total += w.scales.iter().sum::<f64>();
        } else {
            in_memory::<Extended<M>>(w, memory, found);
        }
    }

    fn solve_order<const K: usize>(
        &self,
        w: &Weights<'_>,
        memory: &mut [f64],
        found: &mut Found<'_>,
    ) {
        match self.order {
            0 => Self::solve::<K, 1>(w, memory, found),
            1 => Self::solve::<K, 2>(w, memory, found),
            2 => Self::solve::<K, 4>(w, memory, found),
            _ => Self::solve::<K, 8>(w, memory, found),
        }
    }
}

fn in_memory<'m, N: Number>(w: &Weights<'_>, memory: &'m mut [f64], found: &mut Found<'_>) -> bool
where
    &'m mut [f64]: Vector<N>,
{
    let size = w.k * N::WIDTH;
    let (vectors, rest) = memory.split_at_mut(4 * size);
    let (a, vectors) = vectors.split_at_mut(size);
    let (b, vectors) = vectors.split_at_mut(size);
    let (c, d) = vectors.split_at_mut(size);
    if w.varies() {
        pass::<N, &mut [f64], true>(w, w.k, [a, b, c, d], rest, found)
    } else {
        pass::<N, &mut [f64], false>(w, w.k, [a, b, c, d], rest, found)
    }
}

impl Block for Chain {
    fn name(&self) -> &'static str {
        [
            "chain",
            "chain, derivative",
            "chain, second derivative",
            "chain, third derivative",
        ][self.order]
    }

    fn same(&self, other: &dyn Block) -> bool {
        let other: &dyn Any = other;
        let other = other.downcast_ref::<Chain>();
        other.is_some_and(|o| o.order == self.order && o.ends == self.ends)
    }

    fn differentiable(&self, arg: usize) -> bool {
        !(2..FIXED).contains(&arg)
    }

    fn skips_unread(&self) -> bool {
        true
    }

    fn scratch(&self, sizes: &[Vec<usize>]) -> usize {
        let width = Extended::<1>::WIDTH - 1 + (1 << self.order);
        scratch(sizes[1][0], sizes[1][1], width)
    }

    fn work(&self, sizes: &[Vec<usize>]) -> usize {
        sizes[1][0] * sizes[1][1] * sizes[1][1] * 4 * (1 << self.order)
    }

    fn run(
        &self,
        sizes: &[Vec<usize>],
        args: &[&[f64]],
        results: &mut [&mut [f64]],
        memory: &mut [f64],
    ) {
        let w = Weights {
            n: sizes[1][0],
            k: sizes[1][1],
            ends: &self.ends,
            log_step: args[0],
            log_own: args[1],
            step: args[2],
            own: args[3],
            scales: args[4],
            directions: &args[FIXED..],
        };
        let (first, marginals) = results.split_at_mut(self.marginals());
        let [own, pair] = marginals else { return };
        let mut found = Found {
            total: 0.0,
            own,
            pair,
        };
        match w.k {
            2 => self.solve_order::<2>(&w, memory, &mut found),
            3 => self.solve_order::<3>(&w, memory, &mut found),
            4 => self.solve_order::<4>(&w, memory, &mut found),
            5 => self.solve_order::<5>(&w, memory, &mut found),
            6 => self.solve_order::<6>(&w, memory, &mut found),
            7 => self.solve_order::<7>(&w, memory, &mut found),
            8 => self.solve_order::<8>(&w, memory, &mut found),
            _ => self.solve_order::<0>(&w, memory, &mut found),
        }
        if let Some(first) = first.first_mut().and_then(|r| r.first_mut()) {
            let total = found.total;
            // Not `max`, which would hide that a weight is not a number.
            *first = if total < IMPOSSIBLE {
                IMPOSSIBLE
            } else {
                total
            };
        }
    }

    fn adjoint<'b>(
        &self,
        call: &BlockCall,
        b: &'b Builder,
        args: &[Expr<'b>],
        part: &dyn Fn(usize) -> Expr<'b>,
        adjoints: &[Option<Expr<'b>>],
        wanted: &[bool],
    ) -> Vec<Option<Expr<'b>>> {
        let mut out: Vec<Option<Expr<'b>>> = vec![None; args.len()];
        let mut give = |arg: usize, e: Expr<'b>| {
            if wanted[arg] {
                out[arg] = Some(match out[arg] {
                    Some(sum) => sum + e,
                    None => e,
                });
            }
        };
        let first = self.marginals();
        if let (1, Some(total)) = (first, adjoints[0]) {
            give(0, total * part(2));
            give(1, total * part(1));
        }
        let (own, pair) = (adjoints[first], adjoints[first + 1]);
        if own.is_none() && pair.is_none() {
            return out;
        }
        // The marginals are the gradient; their adjoint is a Hessian times the seeds.
        let seeds = [pair, own].map(|s| s.unwrap_or(Expr::Const(0.0)));
        let called = |directions: &[Expr<'b>]| {
            let order = directions.len() / 2;
            let chain = Chain {
                order,
                ends: self.ends.clone(),
            };
            let axes = |arg: usize| call.args[arg].clone();
            let call = BlockCall {
                block: Arc::new(chain),
                args: (0..FIXED)
                    .chain((0..2 * order).map(|d| d % 2))
                    .map(axes)
                    .collect(),
                results: call.results[first..].to_vec(),
            };
            let args: Vec<Expr<'b>> = args[..FIXED].iter().chain(directions).copied().collect();
            let called = b.call(&Routine::Block(Arc::new(call)), &args);
            [b.call_part(called, 1), b.call_part(called, 0)]
        };
        let directions = &args[FIXED..];
        if self.order < MAX_ORDER && (wanted[0] || wanted[1]) {
            let [to_pair, to_own] = called(&[directions, &seeds].concat());
            give(0, to_pair);
            give(1, to_own);
        }
        for d in 0..self.order {
            if wanted[FIXED + 2 * d] || wanted[FIXED + 2 * d + 1] {
                let mut replaced = directions.to_vec();
                replaced[2 * d..2 * d + 2].copy_from_slice(&seeds);
                let [to_pair, to_own] = called(&replaced);
                give(FIXED + 2 * d, to_pair);
                give(FIXED + 2 * d + 1, to_own);
            }
        }
        out
    }
}

impl Builder {
    /// The log of the sum over all paths of `exp` of the path's weights: `own[along, to]` for every value and
    /// `pair[from, to]` (or `pair[along, from, to]`, by the later element) for every step. Chains lie one after another
    /// along `along`, each up to an element of `ends` (exclusive, ascending, the last is the length); no step leads
    /// from one to the next. What has other axes is done for each of their elements.
    pub fn chain_log_sum<'b>(
        &'b self,
        (pair, from, to): (Expr<'b>, AxisId, AxisId),
        own: Expr<'b>,
        along: AxisId,
        ends: Arc<[u32]>,
    ) -> Expr<'b> {
        let varies = self.axes_of(pair).contains(along);
        let scaled = |e: Expr<'b>, over: AxisSet| {
            let peak = self.max_over(self.stop(e), over);
            let peak = peak.max(Expr::Const(IMPOSSIBLE));
            (self.stop((self.stop(e) - peak).exp()), peak)
        };
        let both = AxisSet::of(&[from, to]);
        let pair = self.broadcast(pair, self.axes_of(pair).union(both));
        let own = self.broadcast(own, self.axes_of(own).union(AxisSet::of(&[along, to])));
        let (step, largest_step) = scaled(pair, both);
        let (weight, largest_weight) = scaled(own, AxisSet::of(&[to]));
        // The first element of a chain is not stepped into.
        let n = self.size(along);
        let mut stepped = vec![1.0; n];
        stepped[0] = 0.0;
        for &end in ends.iter().filter(|&&e| (e as usize) < n) {
            stepped[end as usize] = 0.0;
        }
        let stepped = self.data(stepped.into(), AxisSet::of(&[along]));
        let scales = self.stop(stepped.select(largest_step, Expr::Const(0.0)) + largest_weight);
        let steps = if varies {
            vec![along, from, to]
        } else {
            vec![from, to]
        };
        let values = vec![along, to];
        let call = BlockCall {
            block: Arc::new(Chain { order: 0, ends }),
            args: vec![
                steps.clone(),
                values.clone(),
                steps.clone(),
                values.clone(),
                vec![along],
            ],
            results: vec![vec![], values, steps],
        };
        let args = [pair, own, step, weight, scales];
        let called = self.call(&Routine::Block(Arc::new(call)), &args);
        self.call_part(called, 0)
    }
}
