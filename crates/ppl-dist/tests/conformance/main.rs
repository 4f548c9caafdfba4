//! What every distribution of the list must do. Parameters come from each one's golden values.

mod bijections;
mod multivariate;
mod program;
mod statistics;
mod univariate;

use ppl_dist::{ALL, Bijection, Distribution, Shape};
use program::{Tape, close};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeSet;

/// Draws of a test of fit.
const DRAWS: usize = 20_000;

fn slices(p: &[Vec<f64>]) -> Vec<&[f64]> {
    p.iter().map(Vec::as_slice).collect()
}

fn generator() -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(20_240_601)
}

/// `DRAWS` draws of `n` numbers each.
fn draws(d: &dyn Distribution, p: &[Vec<f64>], n: usize) -> Vec<Vec<f64>> {
    let mut rng = generator();
    let draw = |_| {
        let mut out = vec![f64::NAN; n];
        d.sample(&slices(p), &mut rng, &mut out);
        assert!(
            out.iter().all(|v| !v.is_nan()),
            "{} {p:?}",
            d.definition().name
        );
        out
    };
    (0..DRAWS).map(draw).collect()
}

/// The distinct parameter settings of the golden values.
fn settings(d: &dyn Distribution) -> Vec<Vec<Vec<f64>>> {
    let mut seen = BTreeSet::new();
    let all = d.golden().into_iter().map(|(_, p, _)| p);
    all.filter(|p| seen.insert(format!("{p:?}"))).collect()
}

#[test]
fn signatures_are_complete() {
    let mut names = BTreeSet::new();
    for d in ALL {
        let definition = d.definition();
        assert!(names.insert(definition.name), "{} twice", definition.name);
        assert!(!definition.summary.is_empty() && !definition.formula.is_empty());
        assert!(ppl_dist::find(definition.name).is_some());
        for form in definition.forms {
            assert!(form.positional <= form.parameters.len());
        }
        for (x, p, _) in d.golden() {
            assert_eq!(
                p.len(),
                definition.parameters().len(),
                "{}",
                definition.name
            );
            assert!(definition.event != Shape::Scalar || x.len() == 1);
        }
    }
}

#[test]
fn densities_have_their_golden_values() {
    for d in ALL {
        let golden = d.golden();
        assert!(golden.len() >= 3, "{}", d.definition().name);
        for (x, p, want) in golden {
            let got = d.ln_density(&x, &slices(&p));
            let fits = got == want || (got - want).abs() <= 1e-12 * want.abs();
            assert!(
                fits,
                "{} at {x:?} {p:?}: {got:e} is not {want:e}",
                d.definition().name
            );
        }
    }
}

#[test]
fn programs_equal_values() {
    for d in ALL {
        for (x, p, _) in d.golden() {
            let name = d.definition().name;
            let tape = Tape::default();
            let nodes: Vec<_> = p.iter().map(|v| tape.inputs(v)).collect();
            let p_expr: Vec<_> = nodes.iter().map(Vec::as_slice).collect();
            let x_expr = tape.inputs(&x);
            let want = d.ln_density(&x, &slices(&p));
            let got = tape.value(d.ln_density_expr(&x_expr, &p_expr));
            // Programs divide by multiplying with the reciprocal: z² may differ by two roundings of a large term.
            assert!(
                close(want, got, 1e-14),
                "{name} {x:?} {p:?}: {got} is not {want}"
            );
            let (p, x, node) = (slices(&p), x[0], x_expr[0]);
            let pairs = [
                (d.cdf(x, &p), d.cdf_expr(node, &p_expr)),
                (d.ln_cdf(x, &p), d.ln_cdf_expr(node, &p_expr)),
                (d.ln_survival(x, &p), d.ln_survival_expr(node, &p_expr)),
            ];
            for (value, written) in pairs {
                let same = match (value, written.map(|e| tape.value(e))) {
                    (Some(a), Some(b)) => close(a, b, 1e-14),
                    (a, b) => a == b,
                };
                assert!(same, "{name} {x:?} {p:?}: {value:?}");
            }
        }
    }
}

/// Name, form, its arguments, the canonical ones.
type FormCase = (
    &'static str,
    usize,
    &'static [&'static [f64]],
    &'static [&'static [f64]],
);

#[test]
fn other_forms_turn_into_the_canonical_one() {
    let cases: &[FormCase] = &[
        ("Exponential", 1, &[&[4.0]], &[&[0.25]]),
        ("Gamma", 1, &[&[3.0], &[4.0]], &[&[3.0], &[0.25]]),
        ("Beta", 1, &[&[0.25], &[8.0]], &[&[2.0], &[6.0]]),
        ("NegBinomial", 1, &[&[3.0], &[0.25]], &[&[9.0], &[3.0]]),
        (
            "MultiStudentT",
            1,
            &[&[5.0], &[1.0], &[4.0, 2.0, 2.0, 10.0]],
            &[&[5.0], &[1.0], &[2.0, 0.0, 1.0, 3.0]],
        ),
        (
            "MultiNormal",
            1,
            &[&[1.0], &[4.0, 2.0, 2.0, 10.0]],
            &[&[1.0], &[2.0, 0.0, 1.0, 3.0]],
        ),
        (
            "Wishart",
            1,
            &[&[5.0], &[4.0, 2.0, 2.0, 10.0]],
            &[&[5.0], &[2.0, 0.0, 1.0, 3.0]],
        ),
        (
            "InvWishart",
            1,
            &[&[5.0], &[4.0, 2.0, 2.0, 10.0]],
            &[&[5.0], &[2.0, 0.0, 1.0, 3.0]],
        ),
        (
            "GaussianRandomWalk",
            1,
            &[&[0.5], &[3.0], &[2.0]],
            &[&[0.5], &[3.0], &[2.0], &[0.0]],
        ),
        (
            "GaussianRandomWalk",
            2,
            &[&[0.5]],
            &[&[0.5], &[0.0], &[0.5], &[0.0]],
        ),
        (
            "Ar",
            1,
            &[&[0.5, 0.25], &[2.0], &[1.0], &[3.0]],
            &[&[0.5, 0.25], &[2.0], &[1.0], &[3.0], &[0.0]],
        ),
        (
            "GaussianProcess",
            1,
            &[&[1.0], &[4.0 - 1e-10, 2.0, 2.0, 10.0 - 1e-10]],
            &[&[1.0], &[2.0, 0.0, 1.0, 3.0]],
        ),
        (
            "GaussianProcess",
            2,
            &[&[1.0], &[3.5, 2.0, 2.0, 9.5], &[0.5]],
            &[&[1.0], &[2.0, 0.0, 1.0, 3.0]],
        ),
        (
            "CarIcar",
            1,
            &[&[0.0, 1.0], &[1.0, 2.0], &[0.5]],
            &[&[0.0, 1.0], &[1.0, 2.0], &[1.0], &[0.5]],
        ),
        (
            "CarIcar",
            2,
            &[&[0.0, 1.0], &[1.0, 2.0]],
            &[&[0.0, 1.0], &[1.0, 2.0], &[1.0], &[1.0]],
        ),
        (
            "CarIcar",
            3,
            &[&[0.0, 3.0, 0.0, 3.0, 0.0, 2.0, 0.0, 2.0, 0.0], &[0.5]],
            &[&[1.0, 2.0, 2.0], &[0.0, 0.0, 1.0], &[3.0, 0.0, 2.0], &[0.5]],
        ),
        (
            "CarIcar",
            4,
            &[&[0.0, 3.0, 3.0, 0.0]],
            &[&[1.0], &[0.0], &[3.0], &[1.0]],
        ),
        (
            "CarIcar",
            5,
            &[&[0.0], &[1.0], &[2.0]],
            &[&[0.0], &[1.0], &[2.0], &[1.0]],
        ),
        // The inverse of [[4, 2], [2, 10]] is [[10, -2], [-2, 4]] / 36.
        (
            "MultiNormal",
            2,
            &[&[1.0], &[10.0 / 36.0, -2.0 / 36.0, -2.0 / 36.0, 4.0 / 36.0]],
            &[&[1.0], &[2.0, 0.0, 1.0, 3.0]],
        ),
    ];
    for (name, form, given, want) in cases {
        let d = ppl_dist::find(name).expect("a name of the list");
        let given: Vec<Vec<f64>> = given.iter().map(|v| v.to_vec()).collect();
        let got = d.canonical(*form, &given);
        let tape = Tape::default();
        let nodes: Vec<_> = given.iter().map(|v| tape.inputs(v)).collect();
        let written = d.canonical_expr(*form, &nodes);
        assert_eq!(got.len(), want.len());
        for ((got, written), want) in got.iter().zip(&written).zip(*want) {
            for ((&got, &written), &want) in got.iter().zip(written).zip(*want) {
                assert!(close(got, want, 1e-14), "{name}: {got} is not {want}");
                assert!(close(tape.value(written), want, 1e-14), "{name}");
            }
        }
    }
    let forms: usize = ALL.iter().map(|d| d.definition().forms.len() - 1).sum();
    assert_eq!(cases.len(), forms, "each alternative form has a case");
}

/// The bijection of a support at given parameters.
fn bijection(d: &dyn Distribution, p: &[Vec<f64>]) -> Option<Bijection<f64>> {
    d.definition().bijection(&slices(p))
}
