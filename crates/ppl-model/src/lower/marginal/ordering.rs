//! Which elements are eliminated next: the cheapest, as many at once as do not meet in a factor.

/// Who meets whom: for every element its places in the factors, in order of factors.
pub(super) struct Incidence {
    start: Vec<u32>,
    entries: Vec<Place>,
}

/// A place of an element: factor, position in its scope, instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) table: u32,
    pub(super) position: u8,
    pub(super) instance: u32,
}

/// The scope of a factor: for each position the element of every instance; and which instances are left.
pub(super) struct Scope<'t> {
    pub(super) variables: &'t [Vec<u32>],
    pub(super) alive: &'t [u32],
}

/// More neighbours than any bound on cost allows.
const MANY: usize = 40;

impl Incidence {
    pub(super) fn new(n: usize, scopes: &[Scope<'_>]) -> Self {
        let mut start = vec![0u32; n + 1];
        for s in scopes {
            for column in s.variables {
                for &i in s.alive {
                    start[column[i as usize] as usize + 1] += 1;
                }
            }
        }
        for v in 0..n {
            start[v + 1] += start[v];
        }
        let mut next = start.clone();
        let none = Place {
            table: 0,
            position: 0,
            instance: 0,
        };
        let mut entries = vec![none; start[n] as usize];
        for (table, s) in scopes.iter().enumerate() {
            for (position, column) in s.variables.iter().enumerate() {
                for &instance in s.alive {
                    let at = &mut next[column[instance as usize] as usize];
                    entries[*at as usize] = Place {
                        table: table as u32,
                        position: position as u8,
                        instance,
                    };
                    *at += 1;
                }
            }
        }
        Incidence { start, entries }
    }

    pub(super) fn of(&self, v: u32) -> &[Place] {
        &self.entries[self.start[v as usize] as usize..self.start[v as usize + 1] as usize]
    }

    /// The other elements that an element meets; `None` where they are very many.
    fn neighbours(&self, v: u32, scopes: &[Scope<'_>]) -> Option<Vec<u32>> {
        let mut out: Vec<u32> = vec![];
        for p in self.of(v) {
            for column in scopes[p.table as usize].variables {
                let u = column[p.instance as usize];
                if u != v && !out.contains(&u) {
                    if out.len() == MANY {
                        return None;
                    }
                    out.push(u);
                }
            }
        }
        Some(out)
    }
}

/// What [`choose`] may spend.
pub(super) struct Limits<'l> {
    /// Elements of one table, by what each eliminated element has in it.
    pub(super) table: &'l dyn Fn(f64) -> f64,
    /// Variables of one table.
    pub(super) width: usize,
    /// Repetitions of every element over axes that are not looked at here.
    pub(super) copies: f64,
}

/// Elements to eliminate together, no two of which meet. Of the cheapest alone a chain would shed one end at a time: so
/// dearer ones come along, within reason, until an eighth of all goes at once.
pub(super) fn choose(
    live: &[u32],
    sizes: impl Fn(u32) -> usize,
    incidence: &Incidence,
    scopes: &[Scope<'_>],
    limits: &Limits<'_>,
) -> Result<Vec<u32>, String> {
    let costed = |&v: &u32| {
        let own = sizes(v) as f64;
        let neighbours = incidence.neighbours(v, scopes);
        let narrow = neighbours.as_ref().filter(|all| all.len() < limits.width);
        let cost = narrow.map_or(f64::INFINITY, |all| {
            all.iter().fold(own, |c, &u| c * sizes(u) as f64)
        });
        (cost, v, neighbours.unwrap_or_default())
    };
    let mut all: Vec<(f64, u32, Vec<u32>)> = live.iter().map(costed).collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let cheapest = all.first().map_or(0.0, |a| a.0);
    let widest = live.iter().map(|&v| sizes(v)).max().unwrap_or(1) as f64;
    let refused = || {
        let bound = (limits.table)(cheapest);
        if cheapest.is_finite() {
            let cells = cheapest * limits.copies;
            return format!(
                "a table of {cells:.3e} elements for each draw, where the bound is {bound:.0e}"
            );
        }
        // Beyond the bound on neighbours the size is known from below.
        let cells = |&v: &u32| {
            let all = incidence.neighbours(v, scopes);
            let own = sizes(v) as f64 * limits.copies;
            let many = (MANY as i32, widest.min(2.0));
            all.map_or(own * many.1.powi(many.0), |all| {
                all.iter().fold(own, |c, &u| c * sizes(u) as f64)
            })
        };
        let least = live.iter().map(cells).fold(f64::INFINITY, f64::min);
        let width = limits.width;
        format!(
            "a table of at least {least:.3e} elements for each draw, over more than {width} elements of the site, \
             where the bounds are {bound:.0e} and {width}"
        )
    };
    let pairs = widest.powi(3);
    let cap = if live.len() > 64 {
        pairs.max(cheapest * widest * widest)
    } else {
        pairs
    };
    let mut best: Option<Vec<u32>> = None;
    let mut level = cheapest;
    loop {
        let set = independent(&all, level);
        let most = (limits.table)(level);
        if set.len() as f64 * level * limits.copies > most {
            // As many of them as may be at once.
            let fit = (most / (level * limits.copies)).floor();
            if best.is_none() && fit >= 1.0 && fit.is_finite() {
                best = Some(set.into_iter().take(fit as usize).collect());
            }
            return best.ok_or_else(refused);
        }
        let enough = set.len() * 8 >= live.len();
        if best.as_ref().is_none_or(|b| b.len() < set.len()) {
            best = Some(set);
        }
        let dearer = all.iter().map(|a| a.0).find(|&c| c > level);
        match dearer {
            Some(next) if !enough && next <= cap => level = next,
            _ => return best.ok_or_else(refused),
        }
    }
}

/// No two neighbours, cheapest first, none dearer than `level`.
fn independent(all: &[(f64, u32, Vec<u32>)], level: f64) -> Vec<u32> {
    let mut blocked = std::collections::HashSet::new();
    let mut out = vec![];
    for (_, v, neighbours) in all.iter().take_while(|a| a.0 <= level) {
        if !blocked.contains(v) {
            out.push(*v);
            blocked.extend(neighbours.iter().copied());
        }
    }
    out.sort_unstable();
    out
}
