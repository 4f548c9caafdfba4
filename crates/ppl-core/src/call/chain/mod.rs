//! The log of the sum over all paths of finitely valued chains, by forward and backward recursion.

mod careful;
mod lane;
mod number;
mod plain;
mod recursion;
mod sets;
mod weights;

use super::Routine;
use super::block::{Block, BlockCall};
use super::placed::{Laid, Together, Vectors, run_alone};
use crate::axes::{AxisId, AxisSet};
use crate::builder::Builder;
use ppl_dist::{Expr, Real};
use recursion::{Found, scratch};
use std::any::Any;
use std::ops::Range;
use std::sync::Arc;
use weights::Group;

/// Log weights at or below this are those of what cannot be; where nothing can be, the total is this.
pub const IMPOSSIBLE: f64 = -1e300;

/// Derivatives up to this order, beyond those of the marginals, have routines.
const MAX_ORDER: usize = 3;

/// Chains, one after another along an axis. Its arguments: the log weights of steps and of values, both as `exp` of them
/// scaled to a largest of 1 in each element (constants), the logs of those scales (constants: those of the values, one an
/// element, and those of the steps, one in all where steps are the same everywhere), and then a pair of directions for
/// every order.
///
/// Order 0 gives the total, the marginals of the values and those of the steps, which are the total's gradient. Order k
/// gives the mixed derivatives of the marginals in its k directions, (d/dε) gradient(log weights + ε direction). The
/// Hessian is symmetric, so the adjoint of order k is order k + 1 with the adjoint as its direction: the routines are
/// closed under differentiation.
#[derive(Debug)]
struct Chain {
    order: usize,
    /// First elements and lengths of the chains, by length.
    chains: Arc<[(u32, u32)]>,
}

/// Arguments before the directions.
const FIXED: usize = 6;

impl Chain {
    /// Marginals of values and steps among the results.
    fn marginals(&self) -> usize {
        usize::from(self.order == 0)
    }

    /// Does a group by plain numbers, and lane by lane by extended ones where those run out of range.
    fn group(&self, group: &Group<'_>, lanes: usize, vectors: Vectors, memory: &mut [f64]) {
        let mut found = Found { totals: [0.0; 8] };
        if sets::plain(self.order, group, lanes, vectors, memory, &mut found) {
            let once = group.distinct(lanes).count();
            for lane in 0..once {
                // Of the scaled weights.
                self.add_total(group, lane, found.totals[lane] + group.scale(lane));
            }
            return;
        }
        if lanes == 1 {
            sets::extended(self.order, group, memory, &mut found);
            return self.add_total(group, 0, found.totals[0]);
        }
        for (_, &lane) in group.distinct(lanes) {
            let alone = Group {
                lanes: [lane; 8],
                ..*group
            };
            self.group(&alone, 1, vectors, memory);
        }
    }

    fn add_total(&self, group: &Group<'_>, lane: usize, log: f64) {
        if let (0, Some(total)) = (self.order, group.laid.results[0].as_ref()) {
            let block = group.lanes[lane].0;
            total.set(block, 0, total.get(block, 0) + log);
        }
    }
}

/// Chains one after another, each up to an element of `ends`, as their first elements and lengths, by length.
fn by_length(ends: &[u32]) -> Vec<(u32, u32)> {
    let begins = std::iter::once(0).chain(ends.iter().copied());
    let chains = begins.zip(ends).map(|(begin, &end)| (begin, end - begin));
    let mut chains: Vec<(u32, u32)> = chains.filter(|c| c.1 > 0).collect();
    chains.sort_by_key(|c| c.1);
    chains
}

impl Together for Chain {
    fn lanes(&self) -> usize {
        if self.order < sets::LANES_BELOW { 8 } else { 1 }
    }

    fn scratch(&self, sizes: &[Vec<usize>], blocks: usize) -> usize {
        let longest = self.chains.last().map_or(0, |c| c.1 as usize);
        let same = (self.chains).chunk_by(|a, b| a.1 == b.1).map(<[_]>::len);
        let lanes = match same.max().unwrap_or(0) * blocks {
            2.. => self.lanes(),
            _ => 1,
        };
        let (k, varies) = (sizes[1][1], sizes[2].len() == 3);
        let width = 1 << self.order;
        let of = |width, lanes| scratch(longest, k, width, lanes, varies);
        of(width + 1, 1).max(of(width * lanes, lanes))
    }

    fn run(&self, laid: &Laid<'_>, blocks: Range<usize>, vectors: Vectors, memory: &mut [f64]) {
        let (k, varies) = (laid.sizes[1][1], laid.sizes[2].len() == 3);
        let marginals = self.marginals();
        let total = laid.results[0].as_ref().filter(|_| marginals > 0);
        for block in blocks.clone() {
            if let Some(total) = total {
                total.set(block, 0, 0.0);
            }
            if let Some(pair) = laid.results[marginals + 1].as_ref().filter(|_| !varies) {
                for at in 0..k * k {
                    let to = at / k * pair.stride(0) + at % k * pair.stride(1);
                    pair.set(block, to, 0.0);
                }
            }
        }
        // A block's chains come in the same order whatever is beside them.
        for same in self.chains.chunk_by(|a, b| a.1 == b.1) {
            let n_jobs = same.len() * blocks.len();
            let job = |i: usize| {
                let i = i.min(n_jobs - 1);
                let begin = same[i / blocks.len()].0 as usize;
                (blocks.start + i % blocks.len(), begin)
            };
            let mut next = 0;
            while next < n_jobs {
                let lanes = match n_jobs - next {
                    left if left >= sets::least_lanes(vectors) => self.lanes(),
                    _ => 1,
                };
                let group = Group {
                    laid,
                    n: same[0].1 as usize,
                    k,
                    lanes: std::array::from_fn(|l| job(next + l)),
                    marginals,
                };
                self.group(&group, lanes, vectors, memory);
                next += lanes;
            }
        }
        for block in blocks {
            if let Some(total) = total {
                let found = total.get(block, 0);
                // Not `max`, which would hide that a weight is not a number.
                if found < IMPOSSIBLE {
                    total.set(block, 0, IMPOSSIBLE);
                }
            }
        }
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
        other.is_some_and(|o| o.order == self.order && o.chains == self.chains)
    }

    fn differentiable(&self, arg: usize) -> bool {
        !(2..FIXED).contains(&arg)
    }

    fn skips_unread(&self) -> bool {
        true
    }

    fn together(&self) -> Option<&dyn Together> {
        Some(self)
    }

    fn scratch(&self, sizes: &[Vec<usize>]) -> usize {
        Together::scratch(self, sizes, 1)
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
        let shapes = [&[][..], &sizes[1], &sizes[0]];
        let shapes = &shapes[1 - self.marginals()..];
        run_alone(self, (sizes, args), (shapes, results), memory);
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
                chains: self.chains.clone(),
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
            let peak = self.stop(peak.max(Expr::Const(IMPOSSIBLE)));
            (self.stop((self.stop(e) - peak).exp()), peak)
        };
        let both = AxisSet::of(&[from, to]);
        let pair = self.broadcast(pair, self.axes_of(pair).union(both));
        let own = self.broadcast(own, self.axes_of(own).union(AxisSet::of(&[along, to])));
        let (step, largest_step) = scaled(pair, both);
        let (weight, largest_weight) = scaled(own, AxisSet::of(&[to]));
        let chains = by_length(&ends).into();
        let steps = if varies {
            vec![along, from, to]
        } else {
            vec![from, to]
        };
        let values = vec![along, to];
        let call = BlockCall {
            block: Arc::new(Chain { order: 0, chains }),
            args: vec![
                steps.clone(),
                values.clone(),
                steps.clone(),
                values.clone(),
                vec![along],
                if varies { vec![along] } else { vec![] },
            ],
            results: vec![vec![], values, steps],
        };
        let args = [pair, own, step, weight, largest_weight, largest_step];
        let called = self.call(&Routine::Block(Arc::new(call)), &args);
        self.call_part(called, 0)
    }
}
