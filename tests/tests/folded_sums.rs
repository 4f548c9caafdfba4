//! Folded sums over rows give what the rows give, in whole models.

use ppl_tests::{bind, csv, estimate, spread};

const N: usize = 240;

/// Two crossed groupings, two predictors, an outcome far from zero and its known errors.
fn data() -> String {
    let g: Vec<f64> = (0..N).map(|i| (i * 7 % 5) as f64).collect();
    let h: Vec<f64> = (0..N).map(|i| (i / 3 % 4) as f64).collect();
    let (x, z) = (spread(N, 0.4), spread(N, 0.9));
    let y: Vec<f64> = (0..N)
        .map(|i| 1000.0 + 2.0 * x[i] - z[i] + 0.3 * g[i] + (1.7 * i as f64).sin())
        .collect();
    let se: Vec<f64> = (0..N).map(|i| 0.5 + (i % 6) as f64 * 0.2).collect();
    csv(&[
        ("g", &g),
        ("h", &h),
        ("x", &x),
        ("z", &z),
        ("y", &y),
        ("se", &se),
    ])
}

#[test]
fn folded_sums_are_those_of_the_rows() {
    let columns = "axis g; axis h; axis feature = columns(\"x\", \"z\"); data of_g[row]: g from \"g\"; \
                   data of_h[row]: h from \"h\"; data x[row]: real; data z[row]: real; data y[row]: real; \
                   data se[row]: positive; data X[row, feature]: real; s ~ HalfNormal(2); \
                   mu ~ Normal(1000, 5);";
    let models = [
        "b[feature] ~ Normal(0, 1); observe y ~ Normal(mu + X @ b, s);",
        "b[feature] ~ Normal(0, 1); observe y ~ Normal(mu + X @ b, se);",
        "a[g] ~ Normal(0, 1); c[g] ~ Normal(0, 1); observe y ~ Normal(mu + a[of_g] + c[of_g] * x, s);",
        "a[g] ~ Normal(0, 1); t[g] ~ HalfNormal(1); observe y ~ Normal(mu + a[of_g], t[of_g]);",
        "a[g] ~ Normal(0, 1); d[h] ~ Normal(0, 1); observe y ~ Normal(mu + a[of_g] + d[of_h], s);",
        "b ~ Normal(0, 1); observe y ~ Normal(mu + b * x, s); observe z ~ Normal(b * x, 1);",
        "b ~ Normal(0, 1); observe y ~ StudentT(4, mu + b * x, s);",
    ];
    for model in models {
        let source = format!("{columns}{model}");
        let folded = estimate(&bind(&source, &data()));
        let mut bound = bind(&source, &data());
        bound.visit_rows();
        let plain = estimate(&bound);
        let size = plain.iter().fold(1.0f64, |m, v| m.max(v.abs()));
        for (a, b) in folded.iter().zip(&plain) {
            assert!((a - b).abs() <= 1e-10 * size, "{model}: {a} against {b}");
        }
    }
}
