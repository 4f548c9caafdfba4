//! Groups of unknowns that do not meet: a product with the sum of a group's unit vectors tells the diagonal of all of them.

use crate::pattern::Pattern;

/// Groups of unknowns, no two of a group having a place in common: greedily, those with the most neighbours first. `None` where more
/// than `most` groups would be needed so.
///
/// With `v` the sum of a group's unit vectors, `(A v)_i = A_ii` for every `i` of the group, whatever `A` of this pattern is
/// (Gebremedhin, Manne and Pothen 2005, section 3). Two factors that are crossed at random need two groups, where all elements take one
/// product for each neighbour or more.
pub fn groups_apart(pattern: &Pattern, most: usize) -> Option<Vec<Vec<u32>>> {
    let n = pattern.n();
    let near = pattern.neighbours();
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by_key(|&i| (std::cmp::Reverse(near[i].len()), i));
    let mut group = vec![usize::MAX; n];
    let mut out: Vec<Vec<u32>> = vec![];
    // The last unknown that a group was out of the question for.
    let mut taken: Vec<usize> = vec![];
    for i in order {
        for j in &near[i] {
            if let Some(last) = taken.get_mut(group[*j as usize]) {
                *last = i;
            }
        }
        let own = (0..out.len()).find(|g| taken[*g] != i);
        let own = own.unwrap_or_else(|| {
            out.push(vec![]);
            taken.push(usize::MAX);
            out.len() - 1
        });
        if out.len() > most {
            return None;
        }
        group[i] = own;
        out[own].push(i as u32);
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Symmetric;
    use std::sync::Arc;

    /// Two factors of 7 levels, crossed, under two unknowns that meet all.
    fn crossed() -> Pattern {
        let mut pairs = vec![];
        for k in 0..7u32 {
            for step in [0, 1, 3] {
                pairs.push((2 + k, 9 + (k + step) % 7));
            }
        }
        pairs.extend((0..16).flat_map(|i| [(0, i), (1, i)]));
        Pattern::new(16, pairs)
    }

    #[test]
    fn products_of_groups_tell_the_diagonal() {
        let pattern = Arc::new(crossed());
        let values = (0..pattern.len()).map(|p| 1.0 + ((p * 7) % 13) as f64);
        let matrix = Symmetric {
            values: values.collect(),
            pattern: pattern.clone(),
        };
        let groups = groups_apart(&pattern, 16).unwrap();
        assert_eq!(groups.len(), 4);
        let truth: Vec<f64> = matrix.diagonal().collect();
        for group in &groups {
            let mut v = vec![0.0; 16];
            group.iter().for_each(|i| v[*i as usize] = 1.0);
            let product = matrix.times(&v);
            for i in group {
                assert_eq!(product[*i as usize], truth[*i as usize]);
            }
        }
        let mut all: Vec<u32> = groups.concat();
        all.sort_unstable();
        assert_eq!(all, (0..16).collect::<Vec<u32>>());
    }

    #[test]
    fn no_more_groups_than_allowed() {
        assert_eq!(groups_apart(&Pattern::full(5), 4), None);
        assert_eq!(groups_apart(&Pattern::full(5), 5).unwrap().len(), 5);
        assert_eq!(groups_apart(&Pattern::new(5, []), 1).unwrap().len(), 1);
    }
}
