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
