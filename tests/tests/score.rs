//! Discrete unknowns by the score function: answers against enumeration, and no bias in the gradient.

use ppl_core::{AxisSet, Builder, DRAW, Expr, NodeId, Op, gradient};
use ppl_engine::Kernels;
use ppl_engine::random::{Address, fill_normal, fill_uniform};
use ppl_infer::objective::Joint;
use ppl_infer::objective::Objective;
use ppl_infer::stochastic::Target;
use ppl_lang::parts::model::lower::{AxisMap, NoiseKind};
use ppl_lang::parts::{guide, model::Bound};
use ppl_lang::{Fit, FitOptions};
use ppl_tests::{bind, csv, fit, ln_normal, log_sum_exp, row, with_sampled};

/// One switch that moves a mean, whose own uncertainty competes with it.
const ONE: &str = "z ~ Bernoulli(0.3); mu ~ Normal(0, 0.5); observe 1.2 ~ Normal(mu + 1.5 * z, 1);";

/// ln p(z, y) of [`ONE`], with mu integrated out.
fn ln_joint_one(z: f64) -> f64 {
    (if z == 1.0 { 0.3f64 } else { 0.7 }).ln() + ln_normal(1.2, 1.5 * z, 1.25f64.sqrt())
}

fn check_evidence(fit: &Fit, evidence: f64) {
    let e = fit.elbo.expect("a bound").by_prior;
    eprintln!(
        "{}: log evidence {evidence:.5}, bound {:.5} ± {:.5}, k-hat {:.2}",
        fit.guide, e.value, e.se, fit.k_hat
    );
    assert!(
        e.value <= evidence + 4.0 * e.se + 1e-9,
        "{e:?} is above {evidence}"
    );
    assert!(e.value > evidence - 0.1, "{e:?} is far below {evidence}");
}

#[test]
fn one_switch() {
    let evidence = log_sum_exp(&[ln_joint_one(0.0), ln_joint_one(1.0)]);
    let probability = (ln_joint_one(1.0) - evidence).exp();
    let model = format!(
        "{ONE} guide {{ param a = 0; param m = 0; param s: positive = 1; z ~ BernoulliLogit(a); mu ~ Normal(m, s); }}"
    );
    let fit = fit(&model, "", &FitOptions::default());
    check_evidence(&fit, evidence);
    let r = row(&fit, "z");
    eprintln!("P(z) {probability:.4}, found {:.4}", r.mean);
    assert!(
        (r.mean - probability).abs() < 0.02,
        "{r:?} is not {probability}"
    );
}

#[test]
fn three_switches() {
    let (prior, y): ([f64; 3], [f64; 3]) = ([0.2, 0.5, 0.7], [1.4, 0.6, 0.9]);
    let model =
        "data prior[row]: unit; data y[row]: real; z[row] ~ Bernoulli(prior); mu ~ Normal(0, 1);
        observe y ~ Normal(2 * z, 1); observe 0.7 ~ Normal(mu, 1);
        guide { param a[row] = 0; param m = 0; param s: positive = 1; z ~ BernoulliLogit(a); mu ~ Normal(m, s); }";
    let joint = |i: usize, z: f64| {
        (if z == 1.0 { prior[i] } else { 1.0 - prior[i] }).ln() + ln_normal(y[i], 2.0 * z, 1.0)
    };
    // All eight states.
    let state = |s: usize| {
        (0..3)
            .map(|i| joint(i, f64::from(u8::from(s >> i & 1 == 1))))
            .sum::<f64>()
    };
    let terms: Vec<f64> = (0..8).map(state).collect();
    let evidence = log_sum_exp(&terms);
    let fit = fit(
        model,
        &csv(&[("prior", &prior), ("y", &y)]),
        &FitOptions::default(),
    );
    check_evidence(&fit, evidence + ln_normal(0.7, 0.0, 2.0f64.sqrt()));
    for i in 0..3 {
        let ones: Vec<f64> = (0..8)
            .filter(|s| s >> i & 1 == 1)
            .map(|s| terms[s])
            .collect();
        let probability = (log_sum_exp(&ones) - evidence).exp();
        let r = row(&fit, &format!("z[{}]", i + 1));
        eprintln!("P(z) {probability:.4}, found {:.4}", r.mean);
        assert!(
            (r.mean - probability).abs() < 0.02,
            "{r:?} is not {probability}"
        );
    }
}

/// The bound of [`ONE`] in closed form, for a guide with log odds `u[0]` of z and mu ~ N(u\[1\], e^u\[2\]).
fn exact_bound(u: &[f64]) -> f64 {
    let (probability, mean, sd) = (1.0 / (1.0 + (-u[0]).exp()), u[1], u[2].exp());
    let switch = |z: f64, q: f64, prior: f64| {
        let likelihood = ln_normal(1.2, mean + 1.5 * z, 1.0) - 0.5 * sd * sd;
        q * (prior.ln() - q.ln() + likelihood)
    };
    let prior = ln_normal(mean, 0.0, 0.5) - 0.5 * sd * sd / 0.25;
    let entropy = 0.5 * (2.0 * std::f64::consts::PI * std::f64::consts::E).ln() + sd.ln();
    switch(1.0, probability, 0.3) + switch(0.0, 1.0 - probability, 0.7) + prior + entropy
}

/// Its gradient by five-point differences.
fn exact_gradient(u: &[f64]) -> Vec<f64> {
    let h = 1e-3;
    let at = |i: usize, by: f64| {
        let mut moved = u.to_vec();
        moved[i] += by;
        exact_bound(&moved)
    };
    let slope = |i| (8.0 * (at(i, h) - at(i, -h)) - at(i, 2.0 * h) + at(i, -2.0 * h)) / (12.0 * h);
    (0..u.len()).map(slope).collect()
}

/// z-scores of the averages of that many estimates against the exact numbers; 0 for what has no spread and is exact.
fn z_scores(n: u64, exact: &[f64], mut estimate: impl FnMut(u64) -> Vec<f64>) -> Vec<f64> {
    let (mut sum, mut squares) = (vec![0.0; exact.len()], vec![0.0; exact.len()]);
    for step in 0..n {
        for (i, v) in estimate(step).into_iter().enumerate() {
            sum[i] += v - exact[i];
            squares[i] += (v - exact[i]).powi(2);
        }
    }
    let n = n as f64;
    let score = |(s, q): (&f64, &f64)| {
        let mean = s / n;
        let se = ((q / n - mean * mean).max(0.0) / n).sqrt();
        if mean.abs() < 1e-9 { 0.0 } else { mean / se }
    };
    sum.iter().zip(&squares).map(score).collect()
}

/// [`ONE`] with its generated guide, the switch drawn by the score function.
fn drawn() -> Bound {
    let bound = with_sampled(&bind(ONE, ""));
    let family = guide::find("mean-field").expect("a family");
    let text = guide::text(family, &bound, guide::Centring::Centred);
    guide::attach(&bound, &text).expect("a guide")
}

/// A point that is far from the optimum in every coordinate.
const POINT: [f64; 3] = [0.4, -0.3, -0.7];

#[test]
fn the_gradient_has_no_bias() {
    let exact = [vec![exact_bound(&POINT)], exact_gradient(&POINT)].concat();
    for draws in [1, 2, 8] {
        let mut target = Objective::new(&drawn(), draws, 11).expect("an objective");
        assert_eq!(target.n_params(), 3);
        let scores = z_scores(20_000, &exact, |step| {
            let mut gradient = vec![0.0; 3];
            let value = target.estimate(&POINT, step, &mut gradient);
            [vec![value], gradient].concat()
        });
        eprintln!("{draws} draws: z {scores:.2?}");
        assert!(
            scores.iter().all(|z| z.abs() < 4.5),
            "{draws} draws: {scores:?}"
        );
    }
}

/// The test above has teeth: differentiating the bound without the score term is found out.
#[test]
fn a_biased_gradient_is_found_out() {
    let bound = drawn();
    let axes = AxisMap::new(&bound).expect("few axes");
    let builder = Builder::new(axes.program_axes(8));
    let joint = Joint::new(&bound, &axes, &builder).expect("a joint density");
    let smooth = joint
        .draws
        .iter()
        .fold(joint.log_density(|_| true), |sum, d| {
            sum + d.entropy.unwrap_or(-d.log_q)
        });
    let value = builder.sum(smooth, AxisSet::EMPTY.with(DRAW)) * Expr::Const(1.0 / 8.0);
    let mut leaves: Vec<(usize, NodeId)> = vec![];
    for (i, node) in builder.snapshot().nodes.iter().enumerate() {
        if let Op::Param { offset } = node.op {
            leaves.push((offset, NodeId(i as u32)));
        }
    }
    leaves.sort_unstable();
    let wrt: Vec<NodeId> = leaves.iter().map(|l| l.1).collect();
    let outputs = [
        vec![value.node(&builder)],
        gradient(&builder, value.node(&builder), &wrt),
    ]
    .concat();
    let blocks = joint.lowering.noise.borrow().clone();
    drop(joint);
    let program = builder.finish(outputs);
    let mut kernels = Kernels::compile(&program).expect("a small program");
    let mut noise = vec![0.0; program.n_noise];
    let exact = [vec![exact_bound(&POINT)], exact_gradient(&POINT)].concat();
    let scores = z_scores(20_000, &exact, |step| {
        for (i, b) in blocks.iter().enumerate() {
            let out = &mut noise[b.offset..b.offset + b.len];
            let address = Address {
                seed: 11,
                purpose: 1,
                step,
                block: i as u64,
            };
            match b.kind {
                NoiseKind::Normal => fill_normal(out, address),
                NoiseKind::Uniform => fill_uniform(out, address),
            }
        }
        kernels.run(&POINT, &noise);
        (0..4).map(|i| kernels.output(i)[0]).collect()
    });
    eprintln!("without the score term: z {scores:.2?}");
    // The bound itself and the gradient of the continuous part are right; that of the switch is not.
    assert!(
        scores[0].abs() < 4.5 && scores[2].abs() < 4.5 && scores[3].abs() < 4.5,
        "{scores:?}"
    );
    assert!(scores[1].abs() > 10.0, "{scores:?}");
}
