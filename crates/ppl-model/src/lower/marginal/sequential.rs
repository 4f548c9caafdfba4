//! Chains by recursion, step by step: K^2 operations for each element, where eliminating every second element takes K^3.
//! The sum over all paths is a routine of its own (Rabiner 1989); the most probable path is a scan, in logarithms
//! a(t, j) = max over i of (a(t-1, i) + pair(t, i, j)) + own(t, j) (Viterbi 1967).

use super::elimination::{Elimination, Failure, log_sum};
use ppl_core::call::scan::{Leaf, Scan};
use ppl_core::passes::optimise;
use ppl_core::{AxisId, AxisSet, Expr, Op, Prim, Real};

/// A site whose elements form chains, and the table that links them.
struct Chains {
    site: usize,
    table: usize,
    /// Elements in order, chain after chain.
    order: Vec<u32>,
    /// For each of them the instance that links it to the one before.
    links: Vec<Option<u32>>,
    /// Whether links name the later element first.
    turned: bool,
}

impl<'l, 'a, 'b> Elimination<'l, 'a, 'b> {
    /// Sums out the sites whose elements form chains and meet no other site; gives the variables that are gone.
    pub(super) fn chains(&mut self) -> Result<Vec<u32>, Failure> {
        let mut gone = vec![];
        for site in 0..self.sites.len() {
            let Some(found) = self.chains_of(site) else {
                continue;
            };
            let s = &self.sites[site];
            let variables = s.base..s.base + s.n as u32;
            if self.recur(found)? {
                gone.extend(variables);
            }
        }
        Ok(gone)
    }

    /// The chains that a site's elements form, if they do.
    fn chains_of(&self, site: usize) -> Option<Chains> {
        let s = &self.sites[site];
        let own = s.base..s.base + s.n as u32;
        let touches = |t: &&super::tables::Table<'b>| {
            let read = |i: &u32| t.scope.iter().any(|c| own.contains(&c[*i as usize]));
            t.alive.iter().any(read)
        };
        let mut tables = self.tables.iter().enumerate().filter(|(_, t)| touches(t));
        let ((table, t), None) = (tables.next()?, tables.next()) else {
            return None;
        };
        let [first, second] = t.scope.as_slice() else {
            return None;
        };
        s.axis?;
        // A chain may be gone along either way: the one that more links take from a lower element to a higher one, so that
        // values in order are read as they lie.
        let rises = |i: &&u32| first[**i as usize] < second[**i as usize];
        let turned = 2 * t.alive.iter().filter(rises).count() < t.alive.len();
        let (first, second) = if turned {
            (second, first)
        } else {
            (first, second)
        };
        let mut before: Vec<Option<(u32, u32)>> = vec![None; s.n];
        let mut after: Vec<Option<u32>> = vec![None; s.n];
        for &i in &t.alive {
            let (a, b) = (first[i as usize], second[i as usize]);
            if !own.contains(&a) || !own.contains(&b) {
                return None;
            }
            let (a, b) = (a - s.base, b - s.base);
            let taken = before[b as usize].replace((a, i));
            if taken.is_some() || after[a as usize].replace(b).is_some() {
                return None;
            }
        }
        let (mut order, mut links) = (vec![], vec![]);
        for start in (0..s.n as u32).filter(|&v| before[v as usize].is_none()) {
            let mut at = Some(start);
            while let Some(v) = at {
                order.push(v);
                links.push(before[v as usize].map(|l| l.1));
                at = after[v as usize];
            }
        }
        // A ring has no start.
        (order.len() == s.n).then_some(Chains {
            site,
            table,
            order,
            links,
            turned,
        })
    }

    /// Sums the chains out; does nothing where the links take too large an array.
    fn recur(&mut self, chains: Chains) -> Result<bool, Failure> {
        let b = self.lowering.builder;
        let (n, k, along, site_slot, unary) = {
            let s = &self.sites[chains.site];
            let Some(axis) = s.axis else {
                return Ok(false);
            };
            (s.n, s.values, axis, s.slot, s.unary)
        };
        let t = &self.tables[chains.table];
        let (from, to) = match chains.turned {
            true => (t.slots[1], t.slots[0]),
            false => (t.slots[0], t.slots[1]),
        };
        let pair = match t.instances {
            Some(axis) => self.peeled(t.value, axis, &t.alive),
            None => t.value,
        };
        let varies = t.instances.filter(|a| b.axes_of(pair).contains(*a));
        let cells = (k * k) as f64 * self.copies() * if varies.is_some() { n as f64 } else { 1.0 };
        let states = (n * k) as f64 * self.copies();
        let each = (k * k) as f64;
        if cells.max(states) > self.lowering.bound.most_cells(each) {
            return Ok(false);
        }
        let any = t.alive.first().copied().unwrap_or(0);
        let instances: Vec<u32> = chains.links.iter().map(|l| l.unwrap_or(any)).collect();
        let pair = match varies {
            Some(axis) => self.along(pair, axis, &instances, Some(along)),
            None => pair,
        };
        let unary = self.along(unary, along, &chains.order, Some(along));
        let unary = b.rename(unary, site_slot, to);
        // The last element of each chain.
        let ends: Vec<u32> = (0..n as u32)
            .filter(|&p| chains.links.get(p as usize + 1).is_none_or(Option::is_none))
            .collect();
        if self.lowering.most_probable.get() {
            let starts: Vec<f64> = chains
                .links
                .iter()
                .map(|l| f64::from(u8::from(l.is_none())))
                .collect();
            let starts = b.data(starts.into(), AxisSet::of(&[along]));
            let called = self.most_probable_paths(pair, unary, starts, (along, from, to));
            let (last, axis) = self.pick(called, Some(along), &ends)?;
            let total = log_sum(b, true, last, from);
            self.finish(total, axis, ends.len());
        } else {
            let ends: Vec<u32> = ends.iter().map(|e| e + 1).collect();
            let total = b.chain_log_sum((pair, from, to), unary, along, ends.into());
            self.finish(total, None, 1);
        }
        self.largest = self.largest.max(cells.max(states));
        self.work += (n * k * k) as f64 * self.copies();
        self.steps += 1;
        self.tables.remove(chains.table);
        Ok(true)
    }

    /// For each element and value, the log weight of the most probable path that ends there.
    fn most_probable_paths(
        &self,
        pair: Expr<'b>,
        unary: Expr<'b>,
        starts: Expr<'b>,
        (along, from, to): (AxisId, AxisId, AxisId),
    ) -> Expr<'b> {
        let b = self.lowering.builder;
        let body = b.sibling();
        let both = AxisSet::of(&[from, to]);
        let rest = b
            .axes_of(pair)
            .union(b.axes_of(unary))
            .without(along)
            .minus(both);
        let leaf = |axes: AxisSet| {
            let (e, offset) = body.noise(axes);
            (e, Leaf { offset, axes })
        };
        let (before, state) = leaf(rest.with(from));
        let (link, link_leaf) = leaf(b.axes_of(pair).without(along));
        let (own, own_leaf) = leaf(b.axes_of(unary).without(along));
        let (start, start_leaf) = leaf(AxisSet::EMPTY);
        let reached = body.broadcast(before + link, rest.union(both));
        let reached = log_sum(&body, true, reached, from);
        let after = start.select(Expr::Const(0.0), reached) + own;
        let after = body.rename(body.broadcast(after, rest.with(to)), to, from);
        let next = after.node(&body);
        let scan = Scan {
            again: None,
            axis: along,
            reverse: false,
            states: vec![state],
            inputs: vec![link_leaf, own_leaf, start_leaf],
            body: optimise(body.finish(vec![next])).0,
        };
        let args = [Expr::Const(0.0), pair, unary, starts];
        b.scan(scan, &args)[0]
    }

    /// A value that data choose between branches, as the branch that all instances take.
    fn peeled(&self, value: Expr<'b>, instances: AxisId, alive: &[u32]) -> Expr<'b> {
        let b = self.lowering.builder;
        let mut value = value;
        while let Expr::Node(id, _) = value {
            let args = match b.op_of(id) {
                Op::Map(Prim::Select, args) => args,
                // A floor under all branches is one under each.
                Op::Map(Prim::Max, args) if b.literal(args[1]).is_some() => {
                    let inner = self.peeled(b.literal_or_node(args[0]), instances, alive);
                    return inner.max(b.literal_or_node(args[1]));
                }
                _ => break,
            };
            let condition = args[0];
            if b.axes_of(b.handle(condition)) != AxisSet::of(&[instances]) || !b.is_fixed(condition)
            {
                break;
            }
            let found = ppl_core::interpret::evaluate(&b.snapshot(), &[], &[], &[condition]);
            let holds = |i: &u32| found[0][*i as usize] != 0.0;
            let branch = match (alive.iter().all(holds), alive.iter().any(holds)) {
                (true, _) => args[1],
                (_, false) => args[2],
                _ => break,
            };
            value = b.literal_or_node(branch);
        }
        value
    }
}
