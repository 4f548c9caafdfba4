//! Variable elimination: alike variables at once.

use super::factors::NEVER;
use super::ordering::{Incidence, Limits, Scope, choose};
use super::tables::{Table, is_identity};
use super::{MAX_AXES, MAX_STEPS};
use crate::graph::SymbolId;
use crate::lower::{Lowered, Lowering};
use ppl_core::{AxisId, AxisSet, Builder, Expr, Real};
use std::collections::HashMap;

/// The variables of one site: its elements within each element of the common plates.
pub(super) struct SiteVariables<'b> {
    pub(super) id: SymbolId,
    /// The axis of its elements; none for a single one.
    pub(super) axis: Option<AxisId>,
    /// How many.
    pub(super) n: usize,
    /// Number of the first among all variables.
    pub(super) base: u32,
    /// How many values each has.
    pub(super) values: usize,
    /// The enumeration axis of the factors of single variables.
    pub(super) slot: AxisId,
    /// The sum of those factors.
    pub(super) unary: Expr<'b>,
}

/// A connected set of sites while it is summed out.
pub(super) struct Elimination<'l, 'a, 'b> {
    pub(super) lowering: &'l Lowering<'a, 'b>,
    /// Plates that all factors have and none mixes: each of their elements is a problem of its own.
    pub(super) common: AxisSet,
    pub(super) sites: Vec<SiteVariables<'b>>,
    pub(super) tables: Vec<Table<'b>>,
    pub(super) total: Expr<'b>,
    /// The same for each element of the common plates, where that is asked for.
    pub(super) by_plate: Option<Expr<'b>>,
    /// Elements of the largest table so far.
    pub(super) largest: f64,
    /// Of the largest of one variable alone.
    pub(super) widest: f64,
    /// Of all tables together.
    pub(super) work: f64,
    /// Eliminations of alike variables.
    pub(super) steps: usize,
    /// Rounds of them.
    pub(super) rounds: usize,
}

/// Why nothing comes of it.
pub(super) enum Failure {
    /// A message.
    Message(Box<ppl_syntax::Diagnostic>),
    /// Beyond the bound on cost: what it would take.
    Cost(String),
}

impl From<Box<ppl_syntax::Diagnostic>> for Failure {
    fn from(d: Box<ppl_syntax::Diagnostic>) -> Self {
        Failure::Message(d)
    }
}

/// Variables that meet the same factors in the same way.
struct Group {
    site: usize,
    variables: Vec<u32>,
    /// For each factor: table, position of the variable, for every position the number of the neighbour, instances.
    places: Vec<(usize, usize, Vec<usize>, Vec<u32>)>,
    /// The neighbours, for each variable.
    neighbours: Vec<Vec<u32>>,
}

impl<'l, 'a, 'b> Elimination<'l, 'a, 'b> {
    pub(super) fn site_of(&self, variable: u32) -> usize {
        self.sites.partition_point(|s| s.base <= variable) - 1
    }

    pub(super) fn copies(&self) -> f64 {
        let b = self.lowering.builder;
        self.common.iter().map(|a| b.size(a) as f64).product()
    }

    /// Sums everything out.
    pub(super) fn run(&mut self) -> Result<(), Failure> {
        let n: usize = self.sites.iter().map(|s| s.n).sum();
        let sizes: Vec<u32> = self
            .sites
            .iter()
            .flat_map(|s| std::iter::repeat_n(s.values as u32, s.n))
            .collect();
        let mut live: Vec<u32> = (0..n as u32).collect();
        let chains = self.chains()?;
        if !chains.is_empty() {
            self.rounds += 1;
            let mut gone = vec![false; n];
            chains.iter().for_each(|&v| gone[v as usize] = true);
            live.retain(|&v| !gone[v as usize]);
        }
        while !live.is_empty() {
            self.rounds += 1;
            let scopes: Vec<Scope<'_>> = self
                .tables
                .iter()
                .map(|t| Scope {
                    variables: &t.scope,
                    alive: &t.alive,
                })
                .collect();
            let incidence = Incidence::new(n, &scopes);
            let limits = Limits {
                table: &|each| self.lowering.bound.most_cells(each),
                // Beside them a table has an axis of instances, the draw and the common plates.
                width: MAX_AXES.saturating_sub(2 + self.common.len()),
                copies: self.copies(),
            };
            let size = |v: u32| sizes[v as usize] as usize;
            let set = choose(&live, size, &incidence, &scopes, &limits).map_err(Failure::Cost)?;
            let groups = self.groups(&set, &incidence);
            let mut gone = vec![false; n];
            set.iter().for_each(|&v| gone[v as usize] = true);
            let mut new = vec![];
            for group in groups {
                for part in self.portions(group) {
                    self.steps += 1;
                    if self.steps > MAX_STEPS {
                        return Err(Failure::Cost(format!(
                            "more than {MAX_STEPS} steps, the bound"
                        )));
                    }
                    new.extend(self.eliminate(part)?);
                }
            }
            for t in &mut self.tables {
                let scope = &t.scope;
                t.alive
                    .retain(|&i| !scope.iter().any(|c| gone[c[i as usize] as usize]));
            }
            self.tables.retain(|t| !t.alive.is_empty());
            for table in new {
                self.add_distinct(table)?;
            }
            live.retain(|&v| !gone[v as usize]);
            let bound = 20.0 * self.lowering.bound.most_cells(self.widest);
            if self.work > bound {
                return Err(Failure::Cost(format!(
                    "tables of more than {bound:e} elements together for each draw, the bound"
                )));
            }
        }
        Ok(())
    }

    fn groups(&self, set: &[u32], incidence: &Incidence) -> Vec<Group> {
        let mut known: HashMap<Vec<u32>, usize> = HashMap::new();
        let mut groups: Vec<Group> = vec![];
        for &v in set {
            let mut signature = vec![self.site_of(v) as u32];
            let mut neighbours: Vec<u32> = vec![];
            let places = incidence.of(v);
            for p in places {
                signature.extend([p.table, u32::from(p.position)]);
                for column in &self.tables[p.table as usize].scope {
                    let u = column[p.instance as usize];
                    let number = if u == v {
                        0
                    } else {
                        let at = neighbours.iter().position(|&w| w == u);
                        1 + at.unwrap_or_else(|| {
                            neighbours.push(u);
                            neighbours.len() - 1
                        })
                    };
                    signature.push(number as u32);
                }
            }
            let next = groups.len();
            let at = *known.entry(signature).or_insert(next);
            if at == next {
                groups.push(Group {
                    site: self.site_of(v),
                    variables: vec![],
                    places: places
                        .iter()
                        .map(|p| {
                            let table = &self.tables[p.table as usize];
                            let numbers = table.scope.iter().map(|c| {
                                let u = c[p.instance as usize];
                                let at = neighbours.iter().position(|&w| w == u);
                                at.map_or(0, |i| i + 1)
                            });
                            (
                                p.table as usize,
                                p.position as usize,
                                numbers.collect(),
                                vec![],
                            )
                        })
                        .collect(),
                    neighbours: vec![vec![]; neighbours.len()],
                });
            }
            let group = &mut groups[at];
            group.variables.push(v);
            for (place, p) in group.places.iter_mut().zip(places) {
                place.3.push(p.instance);
            }
            for (list, u) in group.neighbours.iter_mut().zip(neighbours) {
                list.push(u);
            }
        }
        groups
    }

    /// The group itself; where axes run short, portions of 1, 2, 4, … variables, which need few axes.
    fn portions(&self, group: Group) -> Vec<Group> {
        let n = group.variables.len();
        let known = n == 1
            || self.lowering.instance_axes.borrow().contains_key(&n)
            || self.whole_axis(&group).is_some();
        if known || self.lowering.builder.n_axes() < 40 {
            return vec![group];
        }
        let mut out = vec![];
        let mut from = 0;
        while from < n {
            let size = 1usize << (n - from).ilog2();
            let cut = |list: &[u32]| list[from..from + size].to_vec();
            out.push(Group {
                site: group.site,
                variables: cut(&group.variables),
                places: group
                    .places
                    .iter()
                    .map(|p| (p.0, p.1, p.2.clone(), cut(&p.3)))
                    .collect(),
                neighbours: group.neighbours.iter().map(|l| cut(l)).collect(),
            });
            from += size;
        }
        out
    }

    /// The axis along which the variables lie already, if they are a whole site in order.
    fn whole_axis(&self, group: &Group) -> Option<AxisId> {
        let s = &self.sites[group.site];
        let whole = group.variables.len() == s.n
            && group
                .variables
                .iter()
                .enumerate()
                .all(|(i, v)| *v == s.base + i as u32);
        s.axis.filter(|_| whole)
    }

    /// Sums a group of variables out of the factors that they are in; a new factor over their neighbours is left.
    fn eliminate(&mut self, group: Group) -> Result<Option<Table<'b>>, Failure> {
        let b = self.lowering.builder;
        let n = group.variables.len();
        let axis = match self.whole_axis(&group) {
            Some(axis) => Some(axis),
            None => {
                // Factors whose instances are just these variables in order need no look-up.
                let in_order = group.places.iter().find_map(|(table, _, _, instances)| {
                    let axis = self.tables[*table].instances?;
                    (b.size(axis) == n && is_identity(instances)).then_some(axis)
                });
                match in_order {
                    Some(axis) => Some(axis),
                    None => self.instance_axis(n)?,
                }
            }
        };
        let n_local = group.neighbours.len() + 1;
        let mut slots: Vec<Option<AxisId>> = vec![None; n_local];
        let used =
            |slots: &[Option<AxisId>]| -> Vec<AxisId> { slots.iter().flatten().copied().collect() };
        for (table, _, numbers, _) in &group.places {
            for (p, &number) in numbers.iter().enumerate() {
                if slots[number].is_none() {
                    let own = self.tables[*table].slots[p];
                    let taken = used(&slots);
                    slots[number] = Some(if taken.contains(&own) {
                        self.lowering.free_slot(b.size(own), &taken)?
                    } else {
                        own
                    });
                }
            }
        }
        let site = &self.sites[group.site];
        let own_slot = slots[0].unwrap_or(site.slot);
        let slots: Vec<AxisId> = slots.into_iter().map(|s| s.unwrap_or(own_slot)).collect();
        let elements: Vec<u32> = group.variables.iter().map(|v| v - site.base).collect();
        let unary = match site.axis {
            Some(from) => self.along(site.unary, from, &elements, axis),
            None => site.unary,
        };
        let mut product = b.rename(unary, site.slot, own_slot);
        for (table, _, numbers, instances) in &group.places {
            let t = &self.tables[*table];
            let value = match t.instances {
                Some(from) => self.along(t.value, from, instances, axis),
                None => t.value,
            };
            let to: Vec<AxisId> = numbers.iter().map(|&k| slots[k]).collect();
            product = product + self.renamed(value, &t.slots, &to)?;
        }
        let each: f64 = slots.iter().map(|s| b.size(*s) as f64).product();
        let cells = each * n as f64 * self.copies();
        self.widest = self.widest.max(each);
        self.largest = self.largest.max(cells);
        self.work += cells;
        let value = log_sum(b, self.lowering.most_probable.get(), product, own_slot);
        if group.neighbours.is_empty() {
            self.finish(value, axis, n);
            return Ok(None);
        }
        Ok(Some(Table {
            value,
            instances: axis,
            scope: group.neighbours,
            slots: slots[1..].to_vec(),
            alive: (0..n as u32).collect(),
        }))
    }

    /// Axes renamed all at once.
    fn renamed(&self, value: Expr<'b>, from: &[AxisId], to: &[AxisId]) -> Lowered<Expr<'b>> {
        let b = self.lowering.builder;
        let mut moves: Vec<(AxisId, AxisId)> = from
            .iter()
            .zip(to)
            .map(|(f, t)| (*f, *t))
            .filter(|(f, t)| f != t && b.axes_of(value).contains(*f))
            .collect();
        let mut value = value;
        while !moves.is_empty() {
            let free = moves
                .iter()
                .position(|(_, t)| !b.axes_of(value).contains(*t));
            match free {
                Some(i) => {
                    let (f, t) = moves.swap_remove(i);
                    value = b.rename(value, f, t);
                }
                None => {
                    // A cycle: one of them waits elsewhere.
                    let (f, t) = moves[0];
                    let mut taken: Vec<AxisId> = b.axes_of(value).iter().collect();
                    taken.extend(moves.iter().map(|m| m.1));
                    let aside = self.lowering.free_slot(b.size(f), &taken)?;
                    value = b.rename(value, f, aside);
                    moves[0] = (aside, t);
                }
            }
        }
        Ok(value)
    }
}

/// log(sum(exp)) along a variable's values, or the largest. Where all are -inf the result is about -1e300 with gradient 0,
/// so that a state that cannot be reached never turns a gradient into 0 * inf.
pub(super) fn log_sum<'c>(
    b: &'c Builder,
    most_probable: bool,
    value: Expr<'c>,
    slot: AxisId,
) -> Expr<'c> {
    let over = AxisSet::of(&[slot]);
    if most_probable {
        let hit = value.equal(b.stop(b.max_over(value, over)));
        return b.sum(hit.select(value, Expr::Const(0.0)), over) / b.sum(hit, over);
    }
    if !b.axes_of(value).contains(slot) {
        return value + Expr::Const((b.size(slot) as f64).ln());
    }
    let peak = b.stop(b.max_over(value, over)).max(Expr::Const(NEVER));
    let peak = b.stop(peak);
    let sum = b.sum((value - peak).exp(), over);
    peak + (sum + Expr::Const(1e-300)).ln()
}
