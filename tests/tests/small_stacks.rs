//! Models as long as the language allows are checked, bound, compiled and fitted on the stack of an ordinary thread.

use ppl_lang::{FitOptions, GuideChoice, Point};
use ppl_tests::{bind, csv, fit, ln_normal, with_guide};

/// On a thread of 2 MB.
fn on_a_small_stack<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let thread = std::thread::Builder::new().stack_size(2 << 20).spawn(work);
    thread.expect("a thread").join().expect("no panic")
}

/// A sum of 490 unknowns is about as long as an expression may be.
#[test]
fn a_sum_of_five_hundred_terms() {
    let n = 490;
    let sites: String = (0..n).map(|i| format!("b{i} ~ Normal(0, 1);\n")).collect();
    let terms: Vec<String> = (0..n).map(|i| format!("b{i}")).collect();
    let sum = terms.join(" + ");
    let model = format!("data y[row]: real;\n{sites}observe y ~ Normal({sum}, 2);\n");
    let found = on_a_small_stack(move || {
        let bound = bind(&model, &csv(&[("y", &[1.0, -2.0])]));
        let u = (0..n).map(|i| (i as f64).sin()).collect();
        let density = bound.density(&Point::Unconstrained(u));
        density.expect("a density").log_density
    });
    let u: Vec<f64> = (0..n).map(|i| (i as f64).sin()).collect();
    let total: f64 = u.iter().sum();
    let priors: f64 = u.iter().map(|x| ln_normal(*x, 0.0, 1.0)).sum();
    let expected = priors + ln_normal(1.0, total, 2.0) + ln_normal(-2.0, total, 2.0);
    assert!(
        (found - expected).abs() < 1e-9 * expected.abs(),
        "{found} {expected}"
    );
}

/// Values that each hang on the one before.
#[test]
fn a_chain_of_thousands_of_lets() {
    let n = 3_000;
    let link = |i: usize| format!("let a{i} = a{} + 0.5 * b;\n", i - 1);
    let lets: String = (1..=n).map(link).collect();
    let model = format!(
        "data y[row]: real;\nb ~ Normal(0, 1);\nlet a0 = b;\n{lets}observe y ~ Normal(a{n}, 1);\n"
    );
    let found = on_a_small_stack(move || {
        let bound = bind(&model, &csv(&[("y", &[1.0])]));
        let density = bound.density(&Point::Unconstrained(vec![0.01]));
        density.expect("a density").log_density
    });
    let mean = 0.01 * (1.0 + 0.5 * n as f64);
    let expected = ln_normal(0.01, 0.0, 1.0) + ln_normal(1.0, mean, 1.0);
    assert!(
        (found - expected).abs() < 1e-9 * expected.abs(),
        "{found} {expected}"
    );
}

/// The Hessian of many sites that each read the one before is a deep program.
#[test]
fn a_chain_of_hundreds_of_sites() {
    let n = 400;
    let site = |i: usize| format!("x{i} ~ Normal(x{}, exp(x{} / 10));\n", i - 1, i - 1);
    let sites: String = (1..n).map(site).collect();
    let last = n - 1;
    let model =
        format!("data y[row]: real;\nx0 ~ Normal(0, 1);\n{sites}observe y ~ Normal(x{last}, 1);\n");
    let verdict = on_a_small_stack(move || {
        let options = FitOptions {
            max_steps: 20,
            ..with_guide(GuideChoice::MeanField)
        };
        let fit = fit(&model, &csv(&[("y", &[1.0, -2.0])]), &options);
        fit.verdict.word()
    });
    assert!(!verdict.is_empty());
}

/// A recurrence of many values that each read the one before at the same step.
#[test]
fn a_recurrence_of_a_thousand_lets() {
    let n = 1_000;
    let link = |i: usize| format!("let h{i}[t] = h{}[t] * 0.999;\n", i - 1);
    let lets: String = (1..=n).map(link).collect();
    let model = format!(
        "data y[row]: real;\na ~ Normal(0, 1);\nfor t in row {{\nlet h0[t] = if first(t) {{ a }} else {{ h{n}[t-1] }};\n{lets}}}\n\
         observe y ~ Normal(h{n}, 1);\n"
    );
    let found = on_a_small_stack(move || {
        let bound = bind(&model, &csv(&[("y", &[1.0, -2.0, 0.5])]));
        let density = bound.density(&Point::Unconstrained(vec![0.7]));
        density.expect("a density").log_density
    });
    let share = 0.999_f64.powi(n as i32);
    let rows = [1.0, -2.0, 0.5].into_iter().enumerate();
    let rows = rows.map(|(t, y)| ln_normal(y, 0.7 * share.powi(t as i32 + 1), 1.0));
    let expected = ln_normal(0.7, 0.0, 1.0) + rows.sum::<f64>();
    assert!(
        (found - expected).abs() < 1e-9 * expected.abs(),
        "{found} {expected}"
    );
}
