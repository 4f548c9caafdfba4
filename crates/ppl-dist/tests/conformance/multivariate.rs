//! Vector and matrix distributions: normalised over their bijection, and the sampler has the density's moments.

use super::statistics::chi_square;
use super::{DRAWS, bijection, draws, slices};

/// Name, parameters, length of the event.
type Case = (&'static str, &'static [&'static [f64]], usize);

const CASES: &[Case] = &[
    ("Dirichlet", &[&[1.0, 2.0, 3.5]], 3),
    ("Dirichlet", &[&[0.7]], 3),
    ("Dirichlet", &[&[0.3, 0.5]], 2),
    ("MultiNormal", &[&[0.0, 0.25], &[1.0, 0.0, 0.5, 2.0]], 2),
    (
        "MultiStudentT",
        &[&[12.0], &[0.0, 0.25], &[1.0, 0.0, 0.5, 2.0]],
        2,
    ),
    ("LkjCholesky", &[&[1.0]], 4),
    ("LkjCholesky", &[&[2.0]], 4),
    ("LkjCholesky", &[&[0.8]], 9),
    ("LkjCholesky", &[&[3.5]], 9),
    (
        "CarIcar",
        &[&[0.0, 1.0, 2.0], &[1.0, 2.0, 0.0], &[2.0, 0.5, 1.0], &[1.5]],
        3,
    ),
    ("LkjCorr", &[&[2.0]], 4),
    ("GaussianRandomWalk", &[&[1.0], &[0.5], &[2.0], &[0.25]], 3),
    ("Ar", &[&[0.5, -0.25], &[1.0], &[0.5], &[1.5], &[0.25]], 3),
    ("LkjCorr", &[&[1.5]], 9),
    ("Wishart", &[&[3.0], &[0.5, 0.0, 0.25, 1.0]], 4),
    ("InvWishart", &[&[14.0], &[4.0, 0.0, 1.0, 3.0]], 4),
];

/// Half-width and step of a trapezoid rule in so many dimensions: the integrands fall exponentially.
const GRID: [(f64, f64); 3] = [(60.0, 0.1), (50.0, 0.2), (16.0, 0.25)];

/// The same for covariances, whose logarithms are narrow.
const COVARIANCES: (f64, f64) = (10.0, 0.125);

/// First moments, squares, and products of neighbours.
fn moments(x: &[f64]) -> Vec<f64> {
    let products = x.windows(2).map(|w| w[0] * w[1]);
    x.iter()
        .copied()
        .chain(x.iter().map(|v| v * v))
        .chain(products)
        .collect()
}

#[test]
fn normalised_with_the_samplers_moments() {
    for (name, p, n) in CASES {
        let d = ppl_dist::find(name).expect("a name of the list");
        let owned: Vec<Vec<f64>> = p.iter().map(|v| v.to_vec()).collect();
        let p = slices(&owned);
        let map = bijection(d, &owned).expect("continuous");
        let dimensions = map.unconstrained_len(*n);
        let narrow = name.ends_with("Wishart");
        let (reach, step) = if narrow {
            COVARIANCES
        } else {
            GRID[dimensions - 1]
        };
        let side = (2.0 * reach / step) as usize + 1;
        let mut mass = 0.0;
        let mut expected = vec![0.0; 3 * n - 1];
        let mut u = vec![0.0; dimensions];
        for mut cell in 0..side.pow(dimensions as u32) {
            for v in u.iter_mut() {
                *v = (cell % side) as f64 * step - reach;
                cell /= side;
            }
            let (x, ln_jacobian) = map.forward(&u, *n);
            let weight = (d.ln_density(&x, &p) + ln_jacobian).exp();
            // Where an element is rounded to 0 nothing is left of the mass.
            if weight.is_finite() && weight > 1e-18 {
                mass += weight;
                expected
                    .iter_mut()
                    .zip(moments(&x))
                    .for_each(|(e, m)| *e += weight * m);
            }
        }
        let volume = step.powi(dimensions as i32);
        assert!(
            (mass * volume - 1.0).abs() < 1e-6,
            "{name} {p:?}: mass {}",
            mass * volume
        );

        let mut sums = vec![(0.0, 0.0); expected.len()];
        for x in draws(d, &owned, *n) {
            for (s, m) in sums.iter_mut().zip(moments(&x)) {
                *s = (s.0 + m, s.1 + m * m);
            }
        }
        for (k, (expected, (first, second))) in expected.iter().zip(sums).enumerate() {
            let mean = first / DRAWS as f64;
            let error = ((second / DRAWS as f64 - mean * mean).max(0.0) / DRAWS as f64).sqrt();
            let off = (mean - expected * volume).abs();
            assert!(
                off < 4.5 * error + 1e-6,
                "{name} {p:?}: moment {k} is {mean}, off by {off}"
            );
        }
    }
}

/// All vectors of `k` whole numbers from 0 with that sum.
fn compositions(n: usize, k: usize) -> Vec<Vec<f64>> {
    if k == 1 {
        return vec![vec![n as f64]];
    }
    let rest = |first: usize| {
        let tails = compositions(n - first, k - 1).into_iter();
        tails.map(move |tail| [vec![first as f64], tail].concat())
    };
    (0..=n).flat_map(rest).collect()
}

#[test]
fn counts_are_normalised_and_drawn_as_often() {
    let cases: &[(&str, &[&[f64]], usize)] = &[
        ("Multinomial", &[&[4.0], &[0.5, 0.125, 0.375]], 3),
        ("Multinomial", &[&[6.0], &[0.0, 1.0]], 2),
        ("Multinomial", &[&[3.0], &[0.1, 0.2, 0.3, 0.4]], 4),
        ("DirichletMultinomial", &[&[4.0], &[0.5, 1.5, 2.0]], 3),
        ("DirichletMultinomial", &[&[5.0], &[0.7]], 3),
        ("DirichletMultinomial", &[&[5.0], &[200.0, 90.0]], 2),
    ];
    for (name, p, k) in cases {
        let d = ppl_dist::find(name).expect("a name of the list");
        let events = compositions(p[0][0] as usize, *k);
        let probabilities: Vec<f64> = events.iter().map(|x| d.ln_density(x, p).exp()).collect();
        let total: f64 = probabilities.iter().sum();
        assert!((total - 1.0).abs() < 1e-12, "{name} {p:?}: {total}");
        let owned: Vec<Vec<f64>> = p.iter().map(|v| v.to_vec()).collect();
        let mut counts = vec![0.0; events.len()];
        for x in draws(d, &owned, *k) {
            let at = events.iter().position(|e| *e == x).expect("a composition");
            counts[at] += 1.0;
        }
        let p_value = chi_square(&counts, &probabilities);
        assert!(p_value > 1e-4, "{name} {p:?}: p = {p_value}");
    }
}

/// -(K - 1)/2 ln(2 pi sd²) + ln(K T)/2 - sum of w (x_i - x_j)² / (2 sd²), T being the sum over spanning trees of the
/// products of their weights: K^(K-2) for complete graphs (Cayley), K for a ring, the product of all weights for a path.
#[test]
fn intrinsic_autoregressions_by_pairs_of_neighbours() {
    let ring: Vec<(usize, usize)> = (0..5).map(|i| (i, (i + 1) % 5)).collect();
    let complete: Vec<(usize, usize)> = (0..6).flat_map(|i| (0..i).map(move |j| (i, j))).collect();
    let path: Vec<(usize, usize)> = (0..3).map(|i| (i, i + 1)).collect();
    let cases = [
        (5, ring, vec![1.0], 5.0),
        (6, complete, vec![1.0], 6f64.powi(4)),
        (4, path, vec![0.5, 3.0, 2.0], 3.0),
    ];
    let family = ppl_dist::find("CarIcar").unwrap();
    for (k, edges, weights, trees) in cases {
        let raw: Vec<f64> = (0..k).map(|i| (1.7 * i as f64).sin()).collect();
        let mean = raw.iter().sum::<f64>() / k as f64;
        let x: Vec<f64> = raw.iter().map(|v| v - mean).collect();
        let weight = |e: usize| weights[e.min(weights.len() - 1)];
        let pairs = edges.iter().enumerate();
        let square: f64 = pairs
            .map(|(e, &(i, j))| weight(e) * (x[i] - x[j]).powi(2))
            .sum();
        let ends = |of: fn(&(usize, usize)) -> usize| -> Vec<f64> {
            edges.iter().map(|e| of(e) as f64).collect()
        };
        let (a, b) = (ends(|e| e.0), ends(|e| e.1));
        for sd in [1.0f64, 0.3] {
            let variance = 2.0 * std::f64::consts::PI * sd * sd;
            let expected = -0.5 * (k as f64 - 1.0) * variance.ln() + 0.5 * (k as f64 * trees).ln()
                - 0.5 * square / (sd * sd);
            let found = family.ln_density(&x, &[&a, &b, &weights, &[sd]]);
            assert!((found - expected).abs() < 1e-12, "{found}, not {expected}");
        }
    }
}
