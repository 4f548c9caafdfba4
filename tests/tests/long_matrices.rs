//! Correlation and covariance matrices of any size: densities against golden values, maps and gradients against the
//! definitions, and a correlation matrix found again in data.

use ppl_data::JsonArray;
use ppl_dist::Bijection;
use ppl_lang::{Dataset, Gradient, GuideChoice, Point, Silent};
use ppl_tests::{bind_to, differences, row, spread, with_guide};

/// A covariance, a scale and a correlation matrix without symmetries, K x K.
fn matrices(k: usize) -> [Vec<f64>; 3] {
    let all = |f: &dyn Fn(usize, usize) -> f64| (0..k * k).map(|n| f(n / k, n % k)).collect();
    let off = |i: usize, j: usize| i.abs_diff(j) as i32;
    let on = |i: usize, j: usize| f64::from(u8::from(i == j));
    let x = |i: usize, j: usize| {
        0.5f64.powi(off(i, j)) * (1.0 + 0.01 * i.min(j) as f64) + 0.25 * on(i, j)
    };
    let v = |i: usize, j: usize| 0.2f64.powi(off(i, j)) + on(i, j) * (1.0 + i as f64 / 10.0);
    let r = |i: usize, j: usize| x(i, j) / (x(i, i) * x(j, j)).sqrt();
    [all(&x), all(&v), all(&r)]
}

fn data(k: usize, arrays: &[(&str, &[f64])]) -> Dataset {
    let array = |values: &[f64]| JsonArray {
        shape: vec![k, k],
        values: values.to_vec(),
    };
    let arrays = arrays.iter().map(|(n, v)| ((*n).to_owned(), array(v)));
    Dataset {
        arrays: arrays.collect(),
        ..Dataset::empty()
    }
}

/// K, then ln densities of Wishart, InvWishart and LkjCorr(1.7).
const GOLDEN: [(usize, f64, f64, f64); 2] = [
    (
        12,
        -307.33314506483945,
        -127.80139923380686,
        10.916534975561162,
    ),
    (
        50,
        -5281.159409436695,
        -1863.1438450335295,
        995.332972626648,
    ),
];

/// From mpmath with 40 digits: the formulas of the Wishart, and of Lewandowski, Kurowicka & Joe 2009, equation 16.
#[test]
fn golden_values() {
    for (k, wishart, inverse, lkj) in GOLDEN {
        let [x, v, r] = matrices(k);
        let df = k as f64 + 7.5;
        let at = |statement: &str, matrix: &[f64]| {
            let model = format!(
                "axis k = {k}; data X[k, k]: cov; data V[k, k]: cov; observe X ~ {statement};"
            );
            let bound = bind_to(&model, &data(k, &[("X", matrix), ("V", &v)]));
            bound
                .density(&Point::Unconstrained(vec![]))
                .unwrap()
                .log_density
        };
        for (statement, matrix, expected) in [
            (format!("Wishart({df}, scale = V)"), &x, wishart),
            (
                format!("Wishart({df}, scale_tril = cholesky(V))"),
                &x,
                wishart,
            ),
            (format!("InvWishart({df}, scale = V)"), &x, inverse),
            ("LkjCorr(1.7)".to_owned(), &r, lkj),
        ] {
            let found = at(&statement, matrix);
            let error = (found - expected).abs() / expected.abs().max(1.0);
            assert!(error < 1e-11, "{statement}: {found}, not {expected}");
        }
    }
}

/// One slice for each parameter.
type Parameters<'a> = &'a [&'a [f64]];

/// As unknowns: the family's own density of the map's image, with the map's log Jacobian, and its derivatives.
#[test]
fn densities_on_the_unconstrained_scale() {
    for k in [9usize, 50] {
        let [_, v, _] = matrices(k);
        let l = ppl_dist::linear::cholesky(&v, k);
        let df = [k as f64 + 3.5];
        let given = data(k, &[("V", &v)]);
        let wishart = [&df[..], &l[..]];
        let lkj = [&[1.3][..]];
        let cases: [(&str, String, Bijection<f64>, Parameters); 3] = [
            (
                "Wishart",
                format!("x[k, k] ~ Wishart({}, scale = V);", df[0]),
                Bijection::Covariance,
                &wishart,
            ),
            (
                "InvWishart",
                format!("x[k, k] ~ InvWishart({}, scale = V);", df[0]),
                Bijection::Covariance,
                &wishart,
            ),
            (
                "LkjCorr",
                "x[k, k] ~ LkjCorr(1.3);".to_owned(),
                Bijection::Correlation,
                &lkj,
            ),
        ];
        for (name, statement, map, p) in cases {
            let model = format!("axis k = {k}; data V[k, k]: cov; {statement}");
            let bound = bind_to(&model, &given);
            let n = map.unconstrained_len(k * k);
            let family = ppl_dist::find(name).unwrap();
            let expected = |u: &[f64]| {
                let (x, ln_jacobian) = map.forward(u, k * k);
                family.ln_density(&x, p) + ln_jacobian
            };
            let size = 1.0 / (k as f64).sqrt();
            let u: Vec<f64> = spread(n, 0.3)
                .iter()
                .map(|v| size * (2.0 * v - 1.0))
                .collect();
            let found = bound.density(&Point::Unconstrained(u.clone())).unwrap();
            let value = expected(&u);
            let error = (found.log_density - value).abs() / value.abs();
            assert!(error < 1e-11, "{model}: {} not {value}", found.log_density);
            let Gradient::Unconstrained(gradient) = found.gradient else {
                panic!("a gradient by unconstrained numbers");
            };
            for i in (0..n).step_by(1 + n / 2) {
                let (slope, error) = differences(&|u| vec![expected(u)], &u, i)[0];
                let off = (gradient[i] - slope).abs();
                assert!(
                    off < 100.0 * error + 1e-7 * (1.0 + slope.abs()),
                    "{model}: number {i}: {} instead of {slope}",
                    gradient[i]
                );
            }
        }
    }
}

/// The products of 400 draws are Wishart: as good as the draws, and one look at them instead of 400.
#[test]
fn a_correlation_matrix_of_twelve_is_found_again() {
    let (k, n) = (12usize, 400usize);
    let [_, _, truth] = matrices(k);
    let l = ppl_dist::linear::cholesky(&truth, k);
    // Standard normal numbers by Box and Muller, of a congruential generator.
    let mut state = 12_345u64;
    let mut uniform = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((state >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    };
    let mut normal =
        || (-2.0 * uniform().ln()).sqrt() * (2.0 * std::f64::consts::PI * uniform()).cos();
    let mut products = vec![0.0; k * k];
    for _ in 0..n {
        let z: Vec<f64> = (0..k).map(|_| normal()).collect();
        let y: Vec<f64> = (0..k)
            .map(|i| (0..=i).map(|j| l[i * k + j] * z[j]).sum())
            .collect();
        for (place, p) in products.iter_mut().enumerate() {
            *p += y[place / k] * y[place % k];
        }
    }
    let model = format!(
        "axis k = {k}; data S[k, k]: cov; R[k, k] ~ LkjCorr(2); observe S ~ Wishart({n}, scale = R);"
    );
    let bound = bind_to(&model, &data(k, &[("S", &products)]));
    let options = with_guide(GuideChoice::MeanField);
    let found = bound.fit(&options, &mut Silent).expect("a fit");
    let mut squares = 0.0;
    for i in 0..k {
        for j in 0..i {
            let r = row(&found, &format!("R[{},{}]", i + 1, j + 1));
            squares += (r.mean - truth[i * k + j]).powi(2);
        }
    }
    // The sd of a correlation from n rows is (1 - r²) / sqrt(n), at most 0.05; 66 of them.
    let typical = (squares / 66.0).sqrt();
    assert!(typical < 0.055, "{typical}");
}
