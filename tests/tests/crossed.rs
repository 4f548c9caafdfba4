//! Crossed factors of unequal size, whose Hessian is read by copies of the unknowns: few products, and the exact evidence.

use ppl_lang::parts::infer::choice::with_guide;
use ppl_lang::{Fit, FitOptions, GuideChoice, Silent};
use ppl_tests::quadrature::{agrees, grid, quadrature};
use ppl_tests::{bind, csv, ln_normal};

const LEVELS: [usize; 2] = [20, 40];
const ROWS: usize = 400;
const NOISE: f64 = 0.7;
const OTHER: f64 = 0.5;

struct Data {
    g: Vec<usize>,
    h: Vec<usize>,
    y: Vec<f64>,
}

fn data() -> Data {
    let mut state = 11u64;
    let mut next = || {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    let (mut g, mut h, mut y) = (vec![], vec![], vec![]);
    for n in 0..ROWS {
        g.push((next() * LEVELS[0] as f64) as usize);
        h.push(n % LEVELS[1]);
        let noise = next() + next() + next() - 1.5;
        let of = |level: usize, by: usize| ((level * by) % 7) as f64 / 3.0 - 1.0;
        y.push(0.4 + of(g[n], 3) + 0.6 * of(h[n], 5) + 1.4 * noise);
    }
    Data { g, h, y }
}

/// ln N(y; 0, 25 + s² [same g] + OTHER² [same h] + NOISE² I), by a Cholesky factor.
fn ln_marginal(data: &Data, s: f64) -> f64 {
    let n = data.y.len();
    let mut l = vec![0.0; n * n];
    let mut log = 0.0;
    let mut white = vec![0.0; n];
    for i in 0..n {
        for j in 0..=i {
            let same = |of: &[usize]| f64::from(u8::from(of[i] == of[j]));
            let own = f64::from(u8::from(i == j));
            let mut v = 25.0 + s * s * same(&data.g) + OTHER * OTHER * same(&data.h);
            v += NOISE * NOISE * own;
            v -= (0..j).map(|k| l[i * n + k] * l[j * n + k]).sum::<f64>();
            l[i * n + j] = if i == j { v.sqrt() } else { v / l[j * n + j] };
        }
        let before: f64 = (0..i).map(|k| l[i * n + k] * white[k]).sum();
        white[i] = (data.y[i] - before) / l[i * n + i];
        log += ln_normal(white[i], 0.0, 1.0) - l[i * n + i].ln();
    }
    log
}

/// A fit, and the products that the Hessian takes by copies and by the unknowns themselves.
fn fitted(effects: &str, guide: GuideChoice) -> (Fit, [usize; 2]) {
    let data = data();
    let codes = |of: &[usize]| of.iter().map(|k| *k as f64).collect::<Vec<f64>>();
    let (g, h) = (codes(&data.g), codes(&data.h));
    let table = csv(&[("g", &g), ("h", &h), ("y", &data.y)]);
    let model = format!(
        "axis g; axis h; data g[row]: g; data h[row]: h; data y[row]: real;
mu ~ Normal(0, 5);
{effects}
b[h] ~ Normal(0, {OTHER});
observe y ~ Normal(mu + a[g] + b[h], {NOISE});"
    );
    let bound = bind(&model, &table);
    let options = FitOptions {
        guide,
        ..FitOptions::default()
    };
    let fit = bound.fit(&options, &mut Silent).expect("a fit");
    let guided = with_guide(bound.inner(), guide).expect("a guide").bound;
    let products = [guided.n_products(), guided.plain_products()];
    (fit, products.map(|n| n.expect("what meets is known")))
}

#[test]
fn the_evidence_of_known_scales_is_exact_by_a_product_each() {
    let (fit, [by_copies, plain]) = fitted("a[g] ~ Normal(0, 0.8);", GuideChoice::Sparse);
    assert!(plain >= 12, "{plain}");
    assert!(by_copies <= 5, "{by_copies}");
    let truth = ln_marginal(&data(), 0.8);
    let found = fit.elbo.as_ref().expect("a bound").headline().value;
    assert!((found - truth).abs() < 1e-6, "{found} and {truth}");
}

#[test]
fn the_evidence_of_an_unknown_scale_is_that_of_quadrature() {
    let effects = "s ~ HalfNormal(1); z[g] ~ Normal(0, 1); let a[g] = s * z;";
    let (fit, [by_copies, plain]) = fitted(effects, GuideChoice::Auto);
    assert!(plain >= 12, "{plain}");
    assert!(by_copies <= 6, "{by_copies}");
    let data = data();
    let (points, step) = grid(-5.0, 1.5, 66);
    let joint = |ln_s: f64| {
        let s = ln_s.exp();
        2f64.ln() + ln_normal(s, 0.0, 1.0) + ln_s + ln_marginal(&data, s)
    };
    agrees(&fit, "s", quadrature(&points, step, joint, f64::exp), 0.05);
}
