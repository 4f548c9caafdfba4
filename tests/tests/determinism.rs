//! The same seed gives the same bits: on any number of threads, and from the generated guide's text written out.

use ppl_infer::sampler::Sampler;
use ppl_infer::stochastic::Target;
use ppl_lang::{Bound, Fit, FitOptions, GuideChoice, Silent};
use ppl_tests::{bind, bits, csv, estimate, fit, guided, objective, spread};

/// A fit on a pool of that many threads.
fn fit_on(threads: usize, bound: &Bound, options: &FitOptions) -> Fit {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .expect("a pool");
    pool.install(|| bound.fit(options, &mut Silent).expect("a fit"))
}

fn few_steps(seed: u64, guide: GuideChoice) -> FitOptions {
    FitOptions {
        seed,
        guide,
        max_steps: 200,
        draws: 200,
        ..FitOptions::default()
    }
}

const HIERARCHY: &str = "axis g; data g[row]: g; data y[row]: real;
    mu ~ Normal(0, 3); tau ~ HalfNormal(1); a[g] ~ Normal(mu, tau); s ~ HalfNormal(1);
    observe y ~ Normal(a[g], s);";

/// Groups named by numbers and an outcome.
fn hierarchy_data(n: usize) -> String {
    let g: Vec<f64> = (0..n).map(|i| (i * 7 % 5) as f64).collect();
    let y: Vec<f64> = spread(n, 0.2)
        .iter()
        .zip(&g)
        .map(|(u, g)| g / 2.0 + 2.0 * u)
        .collect();
    csv(&[("g", &g), ("y", &y)])
}

#[test]
fn threads_do_not_change_a_bit() {
    let bound = bind(HIERARCHY, &hierarchy_data(3000));
    for guide in [GuideChoice::MeanField, GuideChoice::FullRank] {
        let one = bits(&fit_on(1, &bound, &few_steps(3, guide)));
        for threads in [2, 4] {
            assert!(
                one == bits(&fit_on(threads, &bound, &few_steps(3, guide))),
                "{guide:?} on {threads} threads"
            );
        }
    }
}

#[test]
fn threads_do_not_change_a_bit_of_a_long_table() {
    let n = 210_000;
    let x = spread(n, 0.4);
    let y: Vec<f64> = spread(n, 0.9)
        .iter()
        .zip(&x)
        .map(|(u, x)| 1.0 + x + u)
        .collect();
    let model = "data x[row]: real; data y[row]: real; a ~ Normal(0, 3); b ~ Normal(0, 3); s ~ HalfNormal(1);
        observe y ~ StudentT(4, a + b * x, s);";
    let bound = bind(model, &csv(&[("x", &x), ("y", &y)]));
    // A whole fit of so many rows takes long; a gradient and the summaries' draws are what it is made of.
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .expect("a pool");
        pool.install(|| {
            let mut numbers = estimate(&bound);
            let mut sampler = Sampler::new(&guided(&bound, "full-rank"), 2, 1).expect("a sampler");
            let mut params = objective(&bound, "full-rank", 1, 1).initial();
            params[0] = 0.5;
            sampler.run(&params, 0);
            numbers.extend(
                [
                    sampler.log_prior(),
                    sampler.log_likelihood(),
                    sampler.log_q(),
                ]
                .concat(),
            );
            numbers.into_iter().map(f64::to_bits).collect::<Vec<_>>()
        })
    };
    let one = run(1);
    assert!(one == run(2) && one == run(4));
}

#[test]
fn seeds_differ_and_repeat() {
    let run = |seed| {
        bits(&fit(
            HIERARCHY,
            &hierarchy_data(60),
            &few_steps(seed, GuideChoice::Auto),
        ))
    };
    assert!(run(1) == run(1));
    assert!(run(1) != run(2));
}

#[test]
fn the_generated_guide_written_out_is_the_same_guide() {
    for guide in [GuideChoice::MeanField, GuideChoice::FullRank] {
        let data = hierarchy_data(60);
        // The guide that a fit says it used, and the one that is printed for default options.
        let automatic = fit(HIERARCHY, &data, &few_steps(5, guide));
        let text = automatic.guide_text.clone();
        let written = format!("{HIERARCHY}\n{text}");
        let pasted = fit(&written, &data, &few_steps(5, GuideChoice::Auto));
        let defaults = FitOptions {
            guide,
            ..FitOptions::default()
        };
        let printed = bind(HIERARCHY, &data).guide_text(guide).expect("a guide");
        assert_eq!(printed, fit(HIERARCHY, &data, &defaults).guide_text);
        assert_eq!(pasted.guide, "written");
        assert!(bits(&automatic) == bits(&pasted), "{text}");
    }
}
