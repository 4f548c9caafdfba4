//! Every bijection: round trip, support, Jacobian, far tails.

use super::program::{Tape, close};
use ppl_dist::{Bijection, Expr};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::Distribution;

/// Every variant.
fn all() -> Vec<Bijection<f64>> {
    vec![
        Bijection::Identity,
        Bijection::Lower(-1.5),
        Bijection::Upper(2.0),
        Bijection::Interval(-1.0, 3.0),
        Bijection::Simplex,
        Bijection::Ordered,
        Bijection::OrderedAbove(0.0),
        Bijection::OrderedAbove(-1.5),
        Bijection::OrderedBelow(2.0),
        Bijection::OrderedWithin(-1.0, 3.0),
        Bijection::CorrCholesky,
        Bijection::CovCholesky,
        Bijection::Correlation,
        Bijection::Covariance,
        Bijection::SumToZero,
    ]
}

fn event_len(map: Bijection<f64>, k: usize) -> usize {
    match map {
        Bijection::CorrCholesky
        | Bijection::CovCholesky
        | Bijection::Correlation
        | Bijection::Covariance => k * k,
        _ => k,
    }
}

/// The free coordinates of an event, as `forward` documents them.
fn free(map: Bijection<f64>, x: &[f64], k: usize) -> Vec<f64> {
    let below = |strict: usize| {
        let row = move |i: usize| (0..i + 1 - strict).map(move |j| i * k + j);
        (0..k).flat_map(row).map(|at| x[at]).collect()
    };
    match map {
        Bijection::Simplex => x[..k - 1].to_vec(),
        // A hyperplane over its first K - 1 coordinates has sqrt(K) times their volume.
        Bijection::SumToZero => {
            let scale = |i: usize| if i == 0 { (k as f64).sqrt() } else { 1.0 };
            (0..k - 1).map(|i| x[i] * scale(i)).collect()
        }
        Bijection::CorrCholesky | Bijection::Correlation => below(1),
        Bijection::CovCholesky | Bijection::Covariance => below(0),
        _ => x.to_vec(),
    }
}

fn assert_inside(map: Bijection<f64>, x: &[f64], k: usize) {
    let increasing = x.windows(2).all(|w| w[0] < w[1]);
    let triangular =
        || (0..k).all(|i| x[i * k + i] > 0.0 && (i + 1..k).all(|j| x[i * k + j] == 0.0));
    let inside = match map {
        Bijection::Identity => true,
        Bijection::Lower(lo) => x.iter().all(|&v| v > lo),
        Bijection::Upper(hi) => x.iter().all(|&v| v < hi),
        Bijection::Interval(lo, hi) => x.iter().all(|&v| lo < v && v < hi),
        Bijection::Simplex => {
            x.iter().all(|&v| v > 0.0) && (x.iter().sum::<f64>() - 1.0).abs() < 1e-14
        }
        Bijection::SumToZero => {
            x.iter().sum::<f64>().abs() < 1e-13 * x.iter().map(|v| v.abs()).fold(1.0, f64::max)
        }
        Bijection::Ordered => increasing,
        Bijection::OrderedAbove(lo) => increasing && x[0] > lo,
        Bijection::OrderedBelow(hi) => increasing && x[x.len() - 1] < hi,
        Bijection::OrderedWithin(lo, hi) => increasing && x[0] > lo && x[x.len() - 1] < hi,
        Bijection::CorrCholesky => {
            let unit = |row: &[f64]| (row.iter().map(|v| v * v).sum::<f64>() - 1.0).abs() < 1e-14;
            triangular() && x.chunks(k).all(unit)
        }
        Bijection::CovCholesky => triangular(),
        Bijection::Correlation | Bijection::Covariance => {
            let unit = (0..k).all(|i| (x[i * k + i] - 1.0).abs() < 1e-14);
            let symmetric = (0..k * k).all(|at| x[at] == x[at % k * k + at / k]);
            let factor = ppl_dist::linear::cholesky(x, k);
            let definite = (0..k).all(|i| factor[i * k + i] > 0.0);
            symmetric && definite && (unit || matches!(map, Bijection::Covariance))
        }
    };
    assert!(inside, "{map:?}: {x:?}");
}

/// ln |det| by elimination with row exchange.
fn ln_abs_det(mut a: Vec<Vec<f64>>) -> f64 {
    let n = a.len();
    let mut total = 0.0;
    for c in 0..n {
        let pivot = (c..n)
            .max_by(|&i, &j| a[i][c].abs().total_cmp(&a[j][c].abs()))
            .expect("a row");
        a.swap(c, pivot);
        total += a[c][c].abs().ln();
        for r in c + 1..n {
            let f = a[r][c] / a[c][c];
            let top = a[c].clone();
            a[r].iter_mut().zip(top).for_each(|(v, t)| *v -= f * t);
        }
    }
    total
}

#[test]
fn round_trip_support_and_jacobian() {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    for map in all() {
        for k in 2..=5 {
            let n = event_len(map, k);
            for _ in 0..5 {
                let u: Vec<f64> = (0..map.unconstrained_len(n))
                    .map(|_| rand_distr::StandardNormal.sample(&mut rng))
                    .collect();
                let (x, ln_jacobian) = map.forward(&u, n);
                assert_eq!(x.len(), n);
                assert_inside(map, &x, k);
                for (back, u) in map.inverse(&x).iter().zip(&u) {
                    assert!((back - u).abs() < 1e-11, "{map:?} {k}: {back} is not {u}");
                }
                let h = 1e-5;
                let columns: Vec<Vec<f64>> = (0..u.len())
                    .map(|i| {
                        let moved = |by: f64| {
                            let mut v = u.clone();
                            v[i] += by;
                            free(map, &map.forward(&v, n).0, k)
                        };
                        moved(h)
                            .iter()
                            .zip(moved(-h))
                            .map(|(a, b)| (a - b) / (2.0 * h))
                            .collect()
                    })
                    .collect();
                let want = ln_abs_det(columns);
                assert!(
                    (ln_jacobian - want).abs() < 1e-7,
                    "{map:?} {k}: {ln_jacobian} is not {want}"
                );
            }
        }
    }
}

/// The same map with its bounds as nodes of a program.
fn written<'b>(map: Bijection<f64>, tape: &'b Tape) -> Bijection<Expr<'b>> {
    let node = |v: f64| tape.inputs(&[v])[0];
    match map {
        Bijection::Identity => Bijection::Identity,
        Bijection::Lower(lo) => Bijection::Lower(node(lo)),
        Bijection::Upper(hi) => Bijection::Upper(node(hi)),
        Bijection::Interval(lo, hi) => Bijection::Interval(node(lo), node(hi)),
        Bijection::Simplex => Bijection::Simplex,
        Bijection::Ordered => Bijection::Ordered,
        Bijection::OrderedAbove(lo) => Bijection::OrderedAbove(node(lo)),
        Bijection::OrderedBelow(hi) => Bijection::OrderedBelow(node(hi)),
        Bijection::OrderedWithin(lo, hi) => Bijection::OrderedWithin(node(lo), node(hi)),
        Bijection::CorrCholesky => Bijection::CorrCholesky,
        Bijection::CovCholesky => Bijection::CovCholesky,
        Bijection::Correlation => Bijection::Correlation,
        Bijection::Covariance => Bijection::Covariance,
        Bijection::SumToZero => Bijection::SumToZero,
    }
}

#[test]
fn programs_equal_values() {
    for map in all() {
        for k in 2..=5 {
            let n = event_len(map, k);
            let u: Vec<f64> = (0..map.unconstrained_len(n))
                .map(|i| (i as f64).sin())
                .collect();
            let (x, ln_jacobian) = map.forward(&u, n);
            let tape = Tape::default();
            let program = written(map, &tape);
            let (nodes, ln_jacobian_node) = program.forward(&tape.inputs(&u), n);
            assert!(
                close(ln_jacobian, tape.value(ln_jacobian_node), 1e-14),
                "{map:?}"
            );
            let back = program.inverse(&tape.inputs(&x));
            for (value, node) in x
                .iter()
                .zip(&nodes)
                .chain(map.inverse(&x).iter().zip(&back))
            {
                assert!(close(*value, tape.value(*node), 1e-14), "{map:?}");
            }
        }
    }
}

#[test]
fn far_tails_stay_finite() {
    for map in all() {
        for size in [30.0, -30.0, 300.0, -300.0] {
            let u = vec![size; map.unconstrained_len(event_len(map, 3))];
            let (x, ln_jacobian) = map.forward(&u, event_len(map, 3));
            assert!(
                x.iter().all(|v| v.is_finite()) && ln_jacobian.is_finite(),
                "{map:?} at {size}"
            );
            let alternating: Vec<f64> = u
                .iter()
                .enumerate()
                .map(|(i, v)| if i % 2 == 0 { *v } else { -v })
                .collect();
            let (x, ln_jacobian) = map.forward(&alternating, event_len(map, 3));
            assert!(
                x.iter().all(|v| v.is_finite()) && ln_jacobian.is_finite(),
                "{map:?} at ±{size}"
            );
        }
    }
}

#[test]
fn zero_is_the_middle() {
    for k in 2..=5 {
        let (x, _) = Bijection::<f64>::Simplex.forward(&vec![0.0; k - 1], k);
        assert!(
            x.iter().all(|v| (v - 1.0 / k as f64).abs() < 1e-15),
            "{x:?}"
        );
        let (l, _) = Bijection::<f64>::CorrCholesky.forward(&vec![0.0; k * (k - 1) / 2], k * k);
        assert!(
            (0..k * k).all(|i| (l[i] - f64::from(u8::from(i / k == i % k))).abs() < 1e-15),
            "{l:?}"
        );
    }
}

#[test]
fn correlations_of_the_identity_go_back_to_zero() {
    let identity = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0];
    assert_eq!(
        Bijection::<f64>::CorrCholesky.inverse(&identity),
        vec![0.0; 3]
    );
    assert_eq!(
        Bijection::<f64>::CovCholesky.inverse(&identity),
        vec![0.0; 6]
    );
}
