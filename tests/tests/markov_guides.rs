//! `guide h: markov;`: a chain in the guide, against the Kalman filter's evidence.

use ppl_infer::sampler::Sampler;
use ppl_lang::parts::guide;
use ppl_lang::{FitOptions, GuideChoice};
use ppl_tests::{bind, bits, csv, fit, ln_normal};

const Y: [f64; 8] = [0.3, 1.9, -0.7, 0.8, 1.2, -0.1, 0.6, 2.2];
const MODEL: &str = "data y[row]: real;
    for t in row { h[t] ~ if first(t) { Normal(0.5, 1) } else { Normal(0.8 * h[t-1] + 0.1, 0.6) }; }
    observe y ~ Normal(h, 0.7);";

/// The log evidence by the Kalman filter.
fn evidence() -> f64 {
    let (mut mean, mut variance, mut sum) = (0.5, 1.0, 0.0);
    for (t, y) in Y.iter().enumerate() {
        if t > 0 {
            (mean, variance) = (0.8 * mean + 0.1, 0.64 * variance + 0.36);
        }
        let total: f64 = variance + 0.49;
        sum += ln_normal(*y, mean, total.sqrt());
        let gain = variance / total;
        (mean, variance) = (mean + gain * (y - mean), variance * (1.0 - gain));
    }
    sum
}

/// The posterior as a chain: means, sds given the one before, coefficients; from the precision matrix and its inverse.
fn posterior() -> (Vec<f64>, Vec<f64>, Vec<f64>) {
    let n = Y.len();
    // Precision diagonal and off-diagonal, and its product with the mean.
    let (mut diagonal, mut b) = (vec![0.0; n], vec![0.0; n]);
    diagonal[0] += 1.0;
    b[0] += 0.5;
    for t in 1..n {
        diagonal[t] += 1.0 / 0.36;
        diagonal[t - 1] += 0.64 / 0.36;
        b[t] += 0.1 / 0.36;
        b[t - 1] -= 0.8 * 0.1 / 0.36;
    }
    for t in 0..n {
        diagonal[t] += 1.0 / 0.49;
        b[t] += Y[t] / 0.49;
    }
    let off = -0.8 / 0.36;
    // Backwards: the density of h[t] given h[t-1], with all later ones integrated out, has precision d[t].
    let (mut d, mut c) = (diagonal, b);
    for t in (0..n - 1).rev() {
        let r = off / d[t + 1];
        let (next, load) = (d[t + 1], c[t + 1]);
        d[t] -= r * r * next;
        c[t] -= r * load;
    }
    let links: Vec<f64> = (0..n)
        .map(|t| if t == 0 { 0.0 } else { -off / d[t] })
        .collect();
    let mut mean = vec![0.0; n];
    for t in 0..n {
        let before = if t == 0 { 0.0 } else { mean[t - 1] };
        mean[t] = c[t] / d[t] + links[t] * before;
    }
    (mean, d.iter().map(|d| d.powf(-0.5)).collect(), links)
}

#[test]
fn at_the_posterior_the_bound_is_the_kalman_evidence() {
    let bound = bind(&format!("{MODEL} guide h: markov;"), &csv(&[("y", &Y)]));
    let family = guide::find("mean-field").expect("a family");
    let text = guide::text(family, bound.inner(), guide::Centring::Centred);
    assert!(text.contains("markov = h_link, over = row"), "{text}");
    let guided = guide::attach(bound.inner(), &text).expect("a guide");
    let mut sampler = Sampler::new(&guided, 50, 3).expect("a sampler");
    let (mean, sds, links) = posterior();
    // In the order of the text: locations, logarithms of scales, links.
    let scales = sds.iter().map(|s| s.ln());
    let params: Vec<f64> = mean.iter().copied().chain(scales).chain(links).collect();
    sampler.run(&params, 0);
    let exact = evidence();
    for s in 0..50 {
        let ratio = sampler.log_prior()[s] + sampler.log_likelihood()[s] - sampler.log_q()[s];
        assert!((ratio - exact).abs() < 1e-9, "{ratio} {exact}");
    }
}

#[test]
fn a_fit_reaches_it_and_its_printed_guide_is_the_same_program() {
    let data = csv(&[("y", &Y)]);
    let found = fit(
        &format!("{MODEL} guide h: markov;"),
        &data,
        &FitOptions::default(),
    );
    let e = found.elbo.expect("a bound").headline();
    assert!(
        (e.value - evidence()).abs() < 0.02 + 4.0 * e.se,
        "{e:?} {}",
        evidence()
    );
    // Independent elements cannot: they lose at least 0.2 nat.
    let field = fit(
        MODEL,
        &data,
        &FitOptions {
            guide: GuideChoice::MeanField,
            ..FitOptions::default()
        },
    );
    assert!(field.elbo.expect("a bound").headline().value < evidence() - 0.2);
    let again = fit(
        &format!("{MODEL} {}", found.guide_text),
        &data,
        &FitOptions::default(),
    );
    assert_eq!(bits(&found), bits(&again));
}

/// Chains on a bounded scale, in a plate, with a scale of their own: the family of one site beside others.
#[test]
fn beside_other_sites_and_along_one_of_two_axes() {
    let model = "axis g; axis t = 3; data g[row]: g; data t[row]: t; data y[row]: real; s ~ HalfNormal(1);
        for a in g { for i in t { p[a, i]: unit ~ if first(i) { Beta(2, 2) } else { Beta(2 + p[a, i-1], 2) }; } }
        observe y ~ Normal(p[g, t], s); guide p: markov;";
    let data = "g,t,y\na,1,0.2\na,2,0.5\na,3,0.4\nb,1,0.9\nb,2,0.6\nb,3,0.7\n";
    let found = fit(model, data, &FitOptions::default());
    assert!(
        found.guide_text.contains("over = t"),
        "{}",
        found.guide_text
    );
    assert_eq!(found.verdict.word(), "approximate", "{:?}", found.verdict);
}
