//! Factors, inverses and colourings against dense arithmetic.

use ppl_sparse::{Colouring, Elimination, Factor, Pattern, Symmetric};
use std::sync::Arc;

/// Numbers between 0 and 1 that look random.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }
    fn below(&mut self, n: usize) -> u32 {
        (self.next() * n as f64) as u32
    }
}

/// A chain, an arrow with chains, crossed effects, random places, and every place.
fn patterns() -> Vec<Pattern> {
    let mut random = Numbers(5);
    let chain = |n: u32| (1..n).map(|i| (i, i - 1));
    let arrow = |n: u32| (0..3).flat_map(move |g| (3..n).map(move |i| (g, i)));
    let mut crossed = vec![];
    for _ in 0..200 {
        crossed.push((random.below(60), 60 + random.below(40)));
    }
    let scattered: Vec<(u32, u32)> = (0..90)
        .map(|_| (random.below(50), random.below(50)))
        .collect();
    vec![
        Pattern::new(1, []),
        Pattern::new(40, chain(40)),
        Pattern::new(80, arrow(80).chain(chain(80))),
        Pattern::new(100, crossed),
        Pattern::new(50, scattered),
        Pattern::full(30),
        Pattern::full(120),
    ]
}

/// A diagonally dominant matrix.
fn matrix(pattern: Pattern) -> (Symmetric, Vec<Vec<f64>>) {
    let n = pattern.n();
    let mut m = Symmetric::zeros(Arc::new(pattern));
    let mut random = Numbers(n as u64);
    let places: Vec<(usize, usize)> = m.pattern.places().collect();
    let mut dense = vec![vec![0.0; n]; n];
    for (p, &(i, j)) in places.iter().enumerate().filter(|(_, (i, j))| i != j) {
        m.values[p] = random.next() - 0.5;
        (dense[i][j], dense[j][i]) = (m.values[p], m.values[p]);
    }
    for (p, &(i, j)) in places.iter().enumerate().filter(|(_, (i, j))| i == j) {
        m.values[p] = 0.5 + dense[i].iter().map(|v| v.abs()).sum::<f64>();
        dense[i][j] = m.values[p];
    }
    (m, dense)
}

fn times(a: &[Vec<f64>], v: &[f64]) -> Vec<f64> {
    let dot = |row: &Vec<f64>| row.iter().zip(v).map(|(a, b)| a * b).sum();
    a.iter().map(dot).collect()
}

#[test]
fn few_products_give_every_element() {
    for (pattern, most) in patterns().into_iter().zip([1, 3, 6, 20, 16, 30, 120]) {
        let (m, dense) = matrix(pattern);
        let colouring = Colouring::new(m.pattern.clone());
        assert!(colouring.n_colours() <= most, "{}", colouring.n_colours());
        let mut back = Symmetric::zeros(m.pattern.clone());
        let mut v = vec![0.0; m.pattern.n()];
        for c in 0..colouring.n_colours() {
            colouring.direction(c, &mut v);
            colouring.read(c, &times(&dense, &v), &mut back);
        }
        for (a, b) in m.values.iter().zip(&back.values) {
            assert!((a - b).abs() < 1e-13, "{a} and {b}");
        }
    }
}

/// Graphs of all densities: the colouring's rules show in what is read.
#[test]
fn products_give_every_element_of_random_patterns() {
    for seed in 0..60u64 {
        let mut random = Numbers(1000 + seed);
        let n = 5 + (random.next() * 40.0) as usize;
        let share = random.next().powi(2);
        let mut links = vec![];
        for i in 0..n as u32 {
            links.extend((0..i).filter(|_| random.next() < share).map(|j| (i, j)));
        }
        let (m, dense) = matrix(Pattern::new(n, links));
        let apart: Vec<bool> = (0..n).map(|_| random.next() < 0.1).collect();
        let colouring = Colouring::with_apart(m.pattern.clone(), &apart);
        let mut back = Symmetric::zeros(m.pattern.clone());
        let mut v = vec![0.0; n];
        for c in 0..colouring.n_colours() {
            colouring.direction(c, &mut v);
            colouring.read(c, &times(&dense, &v), &mut back);
        }
        for (a, b) in m.values.iter().zip(&back.values) {
            assert!((a - b).abs() < 1e-12, "{a} and {b}, seed {seed}");
        }
    }
}

/// `G' F G` for copies of which G says what they stand for, from products with F alone; and the part of it that is asked for.
#[test]
fn products_by_copies_give_what_they_stand_for() {
    for seed in 0..40u64 {
        let mut random = Numbers(2000 + seed);
        let (n, m) = (5 + random.below(40) as usize, 2 + random.below(8) as usize);
        let of: Vec<usize> = (0..n).map(|_| random.below(m) as usize).collect();
        let links = (0..2 * n).map(|_| (random.below(n), random.below(n)));
        let (copies, dense) = matrix(Pattern::new(n, links.collect::<Vec<_>>()));
        // One unknown is not asked for, and a place between two others is left out.
        let asked = m - 1;
        let places = (0..asked as u32).flat_map(|i| (0..i).map(move |j| (i, j)));
        let pattern = Arc::new(Pattern::new(asked, places.filter(|p| *p != (1, 0))));
        let colouring = Colouring::new(copies.pattern.clone());
        let own = |k: usize| (of[k] < asked).then_some(of[k]);
        let colouring = colouring.onto(pattern.clone(), own);
        let mut back = Symmetric::zeros(pattern.clone());
        let mut v = vec![0.0; n];
        for c in 0..colouring.n_colours() {
            colouring.direction(c, &mut v);
            colouring.read(c, &times(&dense, &v), &mut back);
        }
        for ((i, j), found) in pattern.places().zip(&back.values) {
            let mut truth = 0.0;
            for a in (0..n).filter(|a| of[*a] == i) {
                let unit: Vec<f64> = (0..n).map(|k| f64::from(u8::from(k == a))).collect();
                let row = times(&dense, &unit);
                truth += (0..n).filter(|b| of[*b] == j).map(|b| row[b]).sum::<f64>();
            }
            assert!(
                (found - truth).abs() < 1e-11,
                "{found} and {truth}, seed {seed}"
            );
        }
    }
}

#[test]
fn factors_solve_and_their_draws_have_the_covariance() {
    for pattern in patterns() {
        let (m, dense) = matrix(pattern);
        let n = m.pattern.n();
        let by = Arc::new(Elimination::new(m.pattern.clone(), 1 << 20).unwrap());
        let f = Factor::new(&by, &m).unwrap();
        let mut random = Numbers(9);
        let b: Vec<f64> = (0..n).map(|_| random.next()).collect();
        let mut x = b.clone();
        f.solve(&mut x);
        for (v, w) in times(&dense, &x).iter().zip(&b) {
            assert!((v - w).abs() < 1e-12);
        }
        assert!(
            m.times(&x)
                .iter()
                .zip(&b)
                .all(|(v, w)| (v - w).abs() < 1e-12)
        );
        // b' A^-1 b both ways.
        let square: f64 = f.whitened(&b).iter().map(|v| v * v).sum();
        let direct: f64 = x.iter().zip(&b).map(|(x, b)| x * b).sum();
        assert!((square - direct).abs() < 1e-12);
        let direct: f64 = times(&dense, &b).iter().zip(&b).map(|(v, b)| v * b).sum();
        assert!((f.square(&b) - direct).abs() < 1e-11 * (1.0 + direct));
        // The draws of all unit vectors are the columns of a root of the inverse.
        let mut draws = vec![0.0; n * n];
        (0..n).for_each(|i| draws[i * n + i] = 1.0);
        f.spread(&mut draws);
        let variances = f.variances();
        for (i, v) in variances.iter().enumerate() {
            let mut unit = vec![0.0; n];
            unit[i] = 1.0;
            f.solve(&mut unit);
            let from_draws: f64 = (0..n).map(|k| draws[k * n + i].powi(2)).sum();
            assert!((v - unit[i]).abs() < 1e-13, "{v} and {}", unit[i]);
            assert!((v - from_draws).abs() < 1e-13);
        }
        // Gathering is the transpose of spreading.
        let (mut z, mut g): (Vec<f64>, Vec<f64>) =
            (0..n).map(|_| (random.next(), random.next())).unzip();
        let (before_z, before_g) = (z.clone(), g.clone());
        f.spread(&mut z);
        f.gather(&mut g);
        let dot = |a: &[f64], b: &[f64]| -> f64 { a.iter().zip(b).map(|(a, b)| a * b).sum() };
        let (one, other) = (dot(&before_g, &z), dot(&g, &before_z));
        assert!((one - other).abs() < 1e-12 * (1.0 + one.abs()));
        let negative = m.combine(-1.0, &m, 0.0);
        assert!(Factor::new(&by, &negative).is_none());
    }
}

#[test]
fn the_determinant_is_that_of_a_chain() {
    // |A| of the second difference matrix with 2 on the diagonal is n + 1.
    let n = 1000;
    let pattern = Arc::new(Pattern::new(n, (1..n as u32).map(|i| (i, i - 1))));
    let mut m = Symmetric::zeros(pattern.clone());
    for (p, (i, j)) in pattern.places().enumerate() {
        m.values[p] = if i == j { 2.0 } else { -1.0 };
    }
    let by = Arc::new(Elimination::new(pattern, 4000).unwrap());
    let f = Factor::new(&by, &m).unwrap();
    assert!((f.ln_determinant() - (n as f64 + 1.0).ln()).abs() < 1e-10);
    // A chain has no fill, in whatever order.
    assert_eq!(by.len(), n - 1);
    assert!(Elimination::new(Arc::new(Pattern::full(50)), 1000).is_none());
}
