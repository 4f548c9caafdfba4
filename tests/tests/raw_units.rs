//! Data and priors in thousands: starts are in the units of the priors.

use ppl_lang::FitOptions;
use ppl_tests::fit;

/// Noise of variance one or so, the same everywhere.
fn noise(i: usize) -> f64 {
    let u = |k: usize| ((i * k + 17) % 997) as f64 / 997.0;
    (u(389) + u(617) + u(211) - 1.5) * 2.0
}

/// Bound plus n ln u, and the verdict, under three seeds.
fn bounds(model: &str, data: &str, more: f64) -> Vec<f64> {
    let one = |seed| {
        let options = FitOptions {
            seed,
            ..FitOptions::default()
        };
        let found = fit(model, data, &options);
        let bound = found.elbo.expect("a bound").headline().value;
        assert_eq!(found.verdict.word(), "certified", "{model} {seed} {bound}");
        bound + more
    };
    (1..=3).map(one).collect()
}

/// The same bound in all units and under all seeds, within what a Gaussian's optimum and a richer guide are apart.
fn same(of: impl Fn(f64) -> (String, String, usize)) {
    let mut all = vec![];
    for u in [1.0, 1e4] {
        let (model, data, n) = of(u);
        all.extend(bounds(&model, &data, n as f64 * f64::ln(u)));
    }
    let low = all.iter().copied().fold(f64::INFINITY, f64::min);
    let high = all.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    assert!(high - low < 0.1, "{all:?}");
}

#[test]
fn a_spread_that_grows_with_a_covariate() {
    same(|u| {
        let model = format!(
            "data x[row]: real; data y[row]: real;
a ~ Normal(0, {}); b ~ Normal(0, 5); c ~ Normal({}, 3); d ~ Normal(0, {});
observe y ~ Normal(a + b * x, exp(c + d * x));",
            10.0 * u,
            u.ln(),
            1.0 / u
        );
        let row = |i: usize| {
            let x = 1.0 + (i % 10) as f64 / 5.0;
            let y = 3.0 + 1.5 * x + (0.3 * x - 1.0).exp() * noise(7 * i + 2);
            format!("{},{}\n", x * u, y * u)
        };
        let rows: String = (0..120).map(row).collect();
        (model, format!("x,y\n{rows}"), 120)
    });
}

#[test]
fn two_ordered_groups() {
    same(|u| {
        let model = format!(
            "axis k = 2; data y[row]: real; w[k] ~ Dirichlet(2);
m[k]: ordered ~ Normal({}, {}); s[k] ~ HalfNormal({});
z[row] ~ Categorical(w); observe y ~ Normal(m[z], s[z]);",
            6.0 * u,
            4.0 * u,
            3.0 * u
        );
        let row = |i: usize| {
            let (m, s) = if i.is_multiple_of(3) {
                (3.0, 0.8)
            } else {
                (7.0, 1.2)
            };
            format!("{}\n", u * (m + s * noise(5 * i + 1)))
        };
        let rows: String = (0..150).map(row).collect();
        (model, format!("y\n{rows}"), 150)
    });
}

#[test]
fn both_of_two_mirrored_places() {
    // Beacons nearly in a line: on which side of it the place is, the distances hardly tell.
    let model = "data bx[row]: real; data by[row]: real; data d[row]: real;
x ~ Normal(0, 2000); y ~ Normal(0, 2000); s ~ HalfNormal(100);
observe d ~ Normal(hypot(x - bx, y - by), s);";
    let beacons = [(0.0, 0.0), (1000.0, 10.0), (-800.0, -15.0), (400.0, 5.0)];
    let rows = beacons.iter().enumerate().map(|(i, (x, y))| {
        let d = f64::hypot(300.0 - x, 700.0 - y) + 30.0 * noise(3 * i + 1);
        format!("{x},{y},{d}\n")
    });
    let data = format!("bx,by,d\n{}", rows.collect::<String>());
    for seed in 1..=6 {
        let options = FitOptions {
            seed,
            ..FitOptions::default()
        };
        let found = fit(model, &data, &options);
        let others = found.certificate.starts.map_or(0, |s| s.others.len());
        assert!(found.certificate.parts == 2 || others > 0, "{seed}");
    }
}
