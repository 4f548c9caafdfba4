//! The sparse guide: its structure, its answers beside the Kalman smoother's and the full-rank guide's.

use ppl_lang::parts::infer::choice::with_guide;
use ppl_lang::{Fit, FitOptions, Gradient, GuideChoice, Point, Silent};
use ppl_tests::{bind, csv};

fn numbers(n: usize, seed: u64) -> Vec<f64> {
    let mut state = seed;
    let mut next = || {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (state >> 11) as f64 / (1u64 << 53) as f64 - 0.5
    };
    (0..n).map(|_| next() + next() + next()).collect()
}

fn fit(model: &str, data: &str, guide: GuideChoice) -> Fit {
    let options = FitOptions {
        guide,
        ..FitOptions::default()
    };
    bind(model, data).fit(&options, &mut Silent).expect("a fit")
}

fn elbo(fit: &Fit) -> f64 {
    fit.elbo.as_ref().expect("a bound").headline().value
}

const CHAIN: &str = "data y[row]: real;
for t in row { x[t] ~ if first(t) { Normal(0.3, 1.5) } else { Normal(0.9 * x[t-1] + 0.1, 0.4) }; }
observe y ~ Normal(x, 0.7);
";

/// Means and variances of the smoother (Rauch, Tung and Striebel 1965), and the log evidence.
fn smoother(y: &[f64]) -> (Vec<f64>, Vec<f64>, f64) {
    let (a, b, q, r) = (0.9, 0.1, 0.16, 0.49);
    let (mut means, mut variances, mut ahead) = (vec![], vec![], vec![]);
    let mut evidence = 0.0;
    for (t, y) in y.iter().enumerate() {
        let (m, v) = match t {
            0 => (0.3, 2.25),
            _ => (a * means[t - 1] + b, a * a * variances[t - 1] + q),
        };
        ahead.push((m, v));
        let s: f64 = v + r;
        evidence -= 0.5 * ((2.0 * std::f64::consts::PI * s).ln() + (y - m).powi(2) / s);
        means.push(m + v / s * (y - m));
        variances.push(v - v * v / s);
    }
    for t in (0..y.len() - 1).rev() {
        let gain = variances[t] * a / ahead[t + 1].1;
        means[t] += gain * (means[t + 1] - ahead[t + 1].0);
        variances[t] += gain * gain * (variances[t + 1] - ahead[t + 1].1);
    }
    (means, variances, evidence)
}

#[test]
fn a_linear_chain_is_smoothed_exactly() {
    let y = numbers(260, 3);
    let data = csv(&[("y", &y)]);
    let found = fit(CHAIN, &data, GuideChoice::Auto);
    assert_eq!(found.guide, "sparse");
    let (means, variances, evidence) = smoother(&y);
    assert!(
        (elbo(&found) - evidence).abs() < 1e-6,
        "{} and {evidence}",
        elbo(&found)
    );
    let own = |name: &str| {
        let block = found.params.iter().find(|p| p.0 == name);
        block.expect("a param").1.clone()
    };
    let (location, scale, weight) = (own("loc"), own("scale"), own("weight"));
    for (m, exact) in location.iter().zip(&means) {
        assert!((m - exact).abs() < 1e-8, "{m} and {exact}");
    }
    // What each unit of noise moves, through the links.
    let inner = bind(CHAIN, &data);
    let guided = with_guide(inner.inner(), GuideChoice::Auto).expect("a guide");
    let by = guided.bound.elimination().expect("links");
    assert_eq!(by.len(), y.len() - 1);
    let later: Vec<Vec<u32>> = (0..y.len()).map(|k| by.later(k).collect()).collect();
    let first: Vec<usize> = later
        .iter()
        .scan(0, |at, own| {
            *at += own.len();
            Some(*at - own.len())
        })
        .collect();
    let mut spread = vec![0.0; y.len()];
    for unit in 0..y.len() {
        let mut x = vec![0.0; y.len()];
        for k in (0..y.len()).rev() {
            let i = by.order()[k] as usize;
            x[i] = if i == unit { scale[i].exp() } else { 0.0 };
            for (l, j) in later[k].iter().enumerate() {
                x[i] -= weight[first[k] + l] * x[*j as usize];
            }
        }
        spread.iter_mut().zip(&x).for_each(|(s, x)| *s += x * x);
    }
    for (v, exact) in spread.iter().zip(&variances) {
        assert!((v - exact).abs() < 1e-8, "{v} and {exact}");
    }
}

const GROUPS: &str = "axis school;
data school[row]: school; data x[row]: real; data y[row]: int;
mu ~ Normal(0, 2);
beta ~ Normal(0, 1);
tau ~ HalfNormal(1);
a[school] ~ Normal(mu, tau);
observe y ~ PoissonLog(a[school] + beta * x);
";

fn groups(n: usize, order: impl Fn(usize) -> usize) -> String {
    let x = numbers(n, 8);
    let mut text = String::from("school,x,y\n");
    for k in 0..n {
        let i = order(k);
        let y = (1.5 + 2.0 * x[i] + (i % 7) as f64 * 0.4).max(0.0) as usize;
        text += &format!("s{},{},{y}\n", i % 12, x[i]);
    }
    text
}

#[test]
fn sparse_and_full_rank_agree() {
    let data = groups(90, |i| i);
    let sparse = fit(GROUPS, &data, GuideChoice::Sparse);
    let full = fit(GROUPS, &data, GuideChoice::FullRank);
    assert_eq!(sparse.guide, "sparse");
    // Each optimum is known to 0.02 nat.
    assert!(
        (elbo(&sparse) - elbo(&full)).abs() < 0.06,
        "{} and {}",
        elbo(&sparse),
        elbo(&full)
    );
    for (a, b) in sparse.guide_rows.iter().zip(&full.guide_rows) {
        // 0.02 nat are a shift by 0.2 sd, or 14% of one.
        assert!(
            (a.mean - b.mean).abs() < 0.2 * b.sd,
            "{}: {} and {}",
            a.name,
            a.mean,
            b.mean
        );
        assert!(
            (a.sd / b.sd - 1.0).abs() < 0.15,
            "{}: {} and {}",
            a.name,
            a.sd,
            b.sd
        );
    }
}

#[test]
fn the_order_of_rows_and_statements_does_not_matter() {
    let first = fit(GROUPS, &groups(90, |i| i), GuideChoice::Sparse);
    let turned = groups(90, |i| (i * 37) % 90);
    let mut lines: Vec<&str> = GROUPS.lines().collect();
    lines.swap(2, 4);
    let second = fit(&lines.join("\n"), &turned, GuideChoice::Sparse);
    assert!((elbo(&first) - elbo(&second)).abs() < 0.06);
}

#[test]
fn a_printed_guide_can_be_put_back() {
    let data = groups(60, |i| i);
    let text = bind(GROUPS, &data)
        .guide_text(GuideChoice::Sparse)
        .expect("a guide");
    assert!(text.contains("linked = weight"), "{text}");
    let generated = fit(GROUPS, &data, GuideChoice::Sparse);
    let written = fit(&format!("{GROUPS}{text}"), &data, GuideChoice::Auto);
    assert_eq!(written.guide, "written");
    assert!((elbo(&generated) - elbo(&written)).abs() < 0.06);
    // Weights of another number are refused with the number that it takes.
    let wrong = text.replace("axis link = ", "axis link = 1");
    let error = bind(&format!("{GROUPS}{wrong}"), &data)
        .fit(&FitOptions::default(), &mut Silent)
        .expect_err("a wrong number of links");
    assert!(error.to_string().contains("links"), "{error}");
}

#[test]
fn moving_an_unknown_changes_the_gradient_of_those_it_meets_alone() {
    let model = "axis g = 5; data k[row]: int; data y[row]: real;
mu ~ Normal(0, 1);
s: positive ~ HalfNormal(1);
u[g] ~ Normal(mu, 1);
w[g] ~ StudentT(4, 0, s);
for t in row { h[t] ~ if first(t) { Normal(0, 1) } else { Normal(0.5 * h[t-1], 0.3) }; }
for t in row { observe y[t] ~ Normal(h[t] + tanh(mu), 1); }
observe 1 ~ Normal(sum(u * w), 1);
";
    let y = numbers(9, 4);
    let k: Vec<f64> = (0..9).map(f64::from).collect();
    let bound = bind(model, &csv(&[("k", &k), ("y", &y)]));
    let centred = ppl_lang::parts::guide::text(
        &ppl_lang::parts::guide::Sparse { links: 1 },
        bound.inner(),
        ppl_lang::parts::guide::Centring::Centred,
    );
    let centred = ppl_lang::parts::guide::attach(bound.inner(), &centred).expect("a guide");
    let by = centred.elimination().expect("a structure");
    let n = by.pattern().n();
    let at = numbers(n, 6);
    let gradient = |x: &[f64]| match bound
        .density(&Point::Unconstrained(x.to_vec()))
        .expect("a density")
        .gradient
    {
        Gradient::Unconstrained(g) => g,
        Gradient::Constrained(_) => unreachable!("asked for at an unconstrained point"),
    };
    let here = gradient(&at);
    let mut met = 0;
    for j in 0..n {
        let mut x = at.clone();
        x[j] += 0.37;
        for (i, (a, b)) in gradient(&x).iter().zip(&here).enumerate() {
            if by.pattern().place(i, j).is_some() {
                met += usize::from(a != b);
            } else {
                assert!((a - b).abs() < 1e-12, "{i} and {j} meet");
            }
        }
    }
    // The chain of nine is a band, and every unknown of it meets mu.
    assert!(met > 9 + 2 * 8 + 2 * 9, "{met}");
}
