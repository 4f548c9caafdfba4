//! Every density of the list, differentiated as a program once and twice, against differences of its values.

use ppl_core::interpret::evaluate;
use ppl_core::{AxisSet, Builder, NodeId, Program, gradient};
use ppl_dist::{ALL, Bijection, Distribution, Domain, Expr, Real, Support};
use ppl_engine::Kernels;
use ppl_tests::differences;

/// An argument of a density: how unconstrained numbers make it, or a fixed value where there are none.
struct Argument {
    /// The map from the unconstrained numbers.
    map: Map,
    /// The unconstrained numbers (empty for a fixed argument).
    u: Vec<f64>,
    /// Its value.
    value: Vec<f64>,
}

/// How unconstrained numbers make an argument.
#[derive(Clone, Copy)]
enum Map {
    /// Not at all.
    Fixed,
    /// Element by element.
    Each(Bijection<f64>),
    /// All elements together.
    Whole(Bijection<f64>),
    /// A covariance from its factor.
    Square,
}

/// The same map over a program's values.
fn lift<R: Real>(map: Bijection<f64>) -> Bijection<R> {
    match map {
        Bijection::Identity => Bijection::Identity,
        Bijection::Lower(lo) => Bijection::Lower(R::lit(lo)),
        Bijection::Upper(hi) => Bijection::Upper(R::lit(hi)),
        Bijection::Interval(lo, hi) => Bijection::Interval(R::lit(lo), R::lit(hi)),
        Bijection::Simplex => Bijection::Simplex,
        Bijection::Ordered => Bijection::Ordered,
        Bijection::OrderedAbove(lo) => Bijection::OrderedAbove(R::lit(lo)),
        Bijection::OrderedBelow(hi) => Bijection::OrderedBelow(R::lit(hi)),
        Bijection::OrderedWithin(lo, hi) => Bijection::OrderedWithin(R::lit(lo), R::lit(hi)),
        Bijection::CorrCholesky => Bijection::CorrCholesky,
        Bijection::CovCholesky => Bijection::CovCholesky,
        Bijection::Correlation => Bijection::Correlation,
        Bijection::Covariance => Bijection::Covariance,
        Bijection::SumToZero => Bijection::SumToZero,
    }
}

impl Argument {
    /// `None` for a value outside the map's set.
    fn new(map: Map, value: &[f64]) -> Option<Argument> {
        let u = match map {
            Map::Fixed => vec![],
            Map::Each(b) | Map::Whole(b) => b.inverse(value),
            Map::Square => Bijection::CovCholesky.inverse(value),
        };
        if u.iter().any(|v| v.is_nan()) {
            return None;
        }
        // On the edge of its set an argument stays where it is.
        let inside = u.iter().all(|v| v.is_finite());
        let (map, u) = if inside {
            (map, u)
        } else {
            (Map::Fixed, vec![])
        };
        Some(Argument {
            map,
            u,
            value: value.to_vec(),
        })
    }

    /// Of a covariance: the smallest over the largest diagonal element of its factor.
    fn flatness(&self) -> f64 {
        let Map::Square = self.map else { return 1.0 };
        let diagonal = || {
            self.value
                .iter()
                .step_by(self.value.len().isqrt() + 1)
                .copied()
        };
        diagonal().fold(f64::INFINITY, f64::min) / diagonal().fold(0.0, f64::max)
    }

    fn write<R: Real>(&self, u: &[R], fixed: impl Fn(f64) -> R) -> Vec<R> {
        match self.map {
            Map::Fixed => self.value.iter().map(|&v| fixed(v)).collect(),
            Map::Each(b) | Map::Whole(b) => lift(b).forward(u, self.value.len()).0,
            Map::Square => {
                let n = self.value.len();
                let k = n.isqrt();
                let l = Bijection::CovCholesky.forward(u, n).0;
                let entry = |i: usize, j: usize| {
                    (0..=i.min(j))
                        .map(|m| l[i * k + m] * l[j * k + m])
                        .reduce(|a, b| a + b)
                };
                (0..n)
                    .map(|at| entry(at / k, at % k).expect("a first column"))
                    .collect()
            }
        }
    }
}

fn map_of(domain: Domain) -> Map {
    match domain {
        Domain::Real => Map::Each(Bijection::Identity),
        Domain::Positive | Domain::NonNegative | Domain::PositiveVector => {
            Map::Each(Bijection::Lower(0.0))
        }
        Domain::Unit => Map::Each(Bijection::Interval(0.0, 1.0)),
        Domain::Count | Domain::Element | Domain::Adjacency => Map::Fixed,
        Domain::Simplex => Map::Whole(Bijection::Simplex),
        Domain::Ordered => Map::Whole(Bijection::Ordered),
        Domain::CholeskyFactor => Map::Whole(Bijection::CovCholesky),
        Domain::Covariance => Map::Square,
    }
}

/// The event and the parameters of one case in one form. The golden parameters are those of the first form; another form
/// takes the same numbers where they are inside its domains, and one half for a parameter that the first form lacks.
fn arguments(
    d: &dyn Distribution,
    form: usize,
    x: &[f64],
    p: &[Vec<f64>],
) -> Option<Vec<Argument>> {
    let definition = d.definition();
    let slices: Vec<&[f64]> = p.iter().map(Vec::as_slice).collect();
    let event = match (definition.bijection(&slices), definition.support) {
        (None, _) => Map::Fixed,
        (
            Some(b),
            Support::Simplex
            | Support::SumToZero
            | Support::CorrCholesky
            | Support::Correlation
            | Support::Covariance,
        ) => Map::Whole(b),
        (Some(b), _) => Map::Each(b),
    };
    let half = vec![0.5];
    let values = p.iter().chain(std::iter::repeat(&half));
    let parameters = definition.forms[form].parameters.iter().zip(values);
    let rest = parameters.map(|(parameter, value)| Argument::new(map_of(parameter.domain), value));
    std::iter::once(Argument::new(event, x))
        .chain(rest)
        .collect()
}

/// The unconstrained numbers of each argument.
fn split<'a, T>(arguments: &[Argument], mut u: &'a [T]) -> Vec<&'a [T]> {
    let mut parts = vec![];
    for a in arguments {
        let (head, tail) = u.split_at(a.u.len());
        parts.push(head);
        u = tail;
    }
    parts
}

/// What is differentiated.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Of {
    Density,
    Below,
    Above,
}

/// The density or the logarithm of a tail as a function of the unconstrained numbers; NaN where there is none.
fn value(d: &dyn Distribution, of: Of, form: usize, arguments: &[Argument], u: &[f64]) -> f64 {
    let parts = split(arguments, u);
    let mut written: Vec<Vec<f64>> = arguments
        .iter()
        .zip(parts)
        .map(|(a, u)| a.write(u, |v| v))
        .collect();
    let x = written.remove(0);
    let p = d.canonical(form, &written);
    let p: Vec<&[f64]> = p.iter().map(Vec::as_slice).collect();
    match of {
        Of::Density => d.ln_density(&x, &p),
        Of::Below => d.ln_cdf(x[0], &p).unwrap_or(f64::NAN),
        Of::Above => d.ln_survival(x[0], &p).unwrap_or(f64::NAN),
    }
}

/// The value, its gradient and its second derivatives as one program.
fn program(d: &dyn Distribution, of: Of, form: usize, arguments: &[Argument]) -> Program {
    let b = Builder::new(vec![ppl_core::Axis {
        name: "draw".into(),
        size: 1,
    }]);
    let n: usize = arguments.iter().map(|a| a.u.len()).sum();
    let leaves: Vec<Expr<'_>> = (0..n).map(|_| b.param(AxisSet::EMPTY).0).collect();
    let fixed = |v: f64| b.data([v].into(), AxisSet::EMPTY);
    let parts = split(arguments, &leaves);
    let mut written: Vec<Vec<Expr<'_>>> = arguments
        .iter()
        .zip(parts)
        .map(|(a, u)| a.write(u, fixed))
        .collect();
    let x = written.remove(0);
    let p = d.canonical_expr(form, &written);
    let p: Vec<&[Expr<'_>]> = p.iter().map(Vec::as_slice).collect();
    let of = match of {
        Of::Density => Some(d.ln_density_expr(&x, &p)),
        Of::Below => d.ln_cdf_expr(x[0], &p),
        Of::Above => d.ln_survival_expr(x[0], &p),
    };
    let of = of.expect("a value was there").node(&b);
    let wrt: Vec<NodeId> = leaves.iter().map(|l| l.node(&b)).collect();
    let first = gradient(&b, of, &wrt);
    let second: Vec<NodeId> = first.iter().flat_map(|g| gradient(&b, *g, &wrt)).collect();
    let outputs = [vec![of], first, second].concat();
    b.finish(outputs)
}

/// Checks one case; gives back how many derivatives there were and how many were known to the asked accuracy.
fn check(
    d: &dyn Distribution,
    of: Of,
    form: usize,
    arguments: &[Argument],
    u: &[f64],
) -> (usize, usize) {
    let what = format!("{of:?} of {} form {form} at {u:?}", d.definition().name);
    let program = program(d, of, form, arguments);
    let n = u.len();
    let all: Vec<f64> = evaluate(&program, u, &[], &program.outputs)
        .into_iter()
        .map(|v| v[0])
        .collect();
    let plain = value(d, of, form, arguments, u);
    assert!(
        (all[0] - plain).abs() <= 1e-12 * (1.0 + plain.abs()),
        "{what}: {} is not {plain}",
        all[0]
    );
    let mut kernels = Kernels::compile(&program).expect("a small program");
    kernels.run(u, &[]);
    let largest = all.iter().fold(1.0, |m: f64, v| m.max(v.abs()));
    for (j, v) in all.iter().enumerate() {
        let got = kernels.output(j)[0];
        assert!(
            (got - v).abs() <= 1e-11 * largest,
            "{what}, output {j}: the engine has {got}, the interpreter {v}"
        );
    }
    let density = |u: &[f64]| vec![value(d, of, form, arguments, u)];
    let slopes = |u: &[f64]| -> Vec<f64> {
        evaluate(&program, u, &[], &program.outputs[1..=n])
            .into_iter()
            .map(|v| v[0])
            .collect()
    };
    let mut counts = (0, 0);
    let mut compare = |order: &str, got: f64, (want, error): (f64, f64), relative: f64| {
        // The floor: what cancels inside a derivative (StudentT with 1e10 degrees of freedom) no difference can see.
        let tolerance = relative * got.abs() + 10.0 * error + 1e-8;
        assert!(
            (got - want).abs() <= tolerance,
            "{what}, {order}: {got} is not {want} ± {error}"
        );
        counts.0 += 1;
        counts.1 += usize::from(error <= 10.0 * relative * (1.0 + want.abs()));
    };
    for i in 0..n {
        compare(
            &format!("d{i}"),
            all[1 + i],
            differences(&density, u, i)[0],
            1e-6,
        );
        for (j, estimate) in differences(&slopes, u, i).into_iter().enumerate() {
            compare(
                &format!("d{i} d{j}"),
                all[1 + n + j * n + i],
                estimate,
                1e-4,
            );
        }
    }
    counts
}

#[test]
fn every_density_once_and_twice() {
    let mut counts = (0, 0);
    for d in ALL {
        let mut cases = 0;
        for (x, p, ln_density) in d.golden() {
            if !ln_density.is_finite() {
                continue;
            }
            for form in 0..d.definition().forms.len() {
                let Some(arguments) = arguments(*d, form, &x, &p) else {
                    continue;
                };
                let u: Vec<f64> = arguments.iter().flat_map(|a| a.u.iter().copied()).collect();
                // Second derivatives of a tail by shapes of 1e9 and more are differences of much larger numbers.
                let huge = p.iter().flatten().any(|v| *v >= 1e9);
                // A step of a difference would leave so narrow a support.
                let narrow = matches!(arguments[0].map, Map::Each(Bijection::Interval(lo, hi)) if hi - lo < 0.01);
                // Out of reach: a probability of 1e-300, whose second derivative passes through its square, and a covariance
                // with a condition number of 1e6 and more, from which its factor cannot be had to 11 digits.
                let far =
                    u.iter().any(|v| v.abs() > 300.0) && d.definition().support == Support::Bool;
                let flat = arguments.iter().any(|a| a.flatness() < 0.002);
                if far || flat {
                    continue;
                }
                for size in [0.0, 1e-7, 0.3, -0.2] {
                    let moved: Vec<f64> = u
                        .iter()
                        .enumerate()
                        .map(|(i, v)| v + size * (i as f64 + 1.0).sin())
                        .collect();
                    for of in [Of::Density, Of::Below, Of::Above] {
                        let tail = value(*d, of, form, &arguments, &moved);
                        // Of a probability within rounding of 1 nothing is left to differentiate; below e^-1000 the
                        // quotient of density and probability is one of two large logarithms.
                        let within = tail < -1e-6 && tail > -1e3;
                        if tail.is_finite() && (of == Of::Density || within && !huge && !narrow) {
                            let (all, known) = check(*d, of, form, &arguments, &moved);
                            counts = (counts.0 + all, counts.1 + known);
                            cases += usize::from(of == Of::Density);
                        }
                    }
                }
            }
        }
        assert!(cases >= 4, "{}: only {cases} cases", d.definition().name);
    }
    // Where rounding hides a derivative little is tested: that has to be rare.
    assert!(
        counts.0 > 1000 && counts.1 * 100 > counts.0 * 95,
        "{} of {} derivatives are known well",
        counts.1,
        counts.0
    );
}
