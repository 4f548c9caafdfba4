//! Distributions of one number: normalised, moments right, sampler and distribution function agree with the density.

use super::statistics::{chi_square, integrate, kolmogorov_smirnov};
use super::{bijection, draws, settings, slices};
use ppl_dist::{ALL, Bound, Distribution, Shape, Support};

fn scalars() -> impl Iterator<Item = &'static dyn Distribution> {
    let scalar = |d: &&dyn Distribution| d.definition().event == Shape::Scalar;
    ALL.iter()
        .copied()
        .filter(scalar)
        .filter(|d| !d.definition().improper)
}

/// The integral of the density over the part of a finite interval below x, by Simpson's rule.
fn below(d: &dyn Distribution, x: f64, p: &[&[f64]]) -> f64 {
    let Support::Interval(Bound::At(lo), Bound::At(hi)) = d.definition().support else {
        panic!("{} has no distribution function", d.definition().name);
    };
    assert!((lo..=hi).contains(&x));
    let n = 400;
    let term = |i: i32| {
        let weight = match i {
            0 => 1.0,
            i if i == n => 1.0,
            i => 2.0 + 2.0 * f64::from(i % 2),
        };
        let at = lo + (x - lo) * f64::from(i) / f64::from(n);
        weight * d.ln_density(&[at], p).exp()
    };
    (0..=n).map(term).sum::<f64>() * (x - lo) / (3.0 * f64::from(n))
}

/// Mass below the smallest and above the largest double that the quadrature cannot see, and its error at a kink.
fn unseen_mass(name: &str, p: &[&[f64]]) -> f64 {
    match (name, p[0][0]) {
        ("Gamma" | "InvGamma" | "Beta", shape) if shape < 0.1 => 2e-3,
        ("Beta" | "Kumaraswamy", shape) if shape < 1.0 => 2e-8,
        ("Laplace", _) => 1e-6,
        _ => 1e-9,
    }
}

#[test]
fn continuous_densities_are_normalised_and_have_their_moments() {
    for d in scalars().filter(|d| !d.definition().is_discrete()) {
        for p in settings(d) {
            let name = d.definition().name;
            let map = bijection(d, &p).expect("continuous");
            let p = slices(&p);
            let mut u: Vec<f64> = draws(d, &p.iter().map(|v| v.to_vec()).collect::<Vec<_>>(), 1)
                .iter()
                .map(|x| map.inverse(x)[0])
                .filter(|u| u.is_finite())
                .collect();
            u.sort_by(f64::total_cmp);
            let quantile = |q: f64| u[(q * u.len() as f64) as usize];
            let about = d.mean(&p).unwrap_or(0.0);
            let [mass, first, second] =
                integrate(quantile(0.5), quantile(0.8) - quantile(0.2), |u| {
                    let (x, ln_jacobian) = map.forward(&[u], 1);
                    let density = (d.ln_density(&x, &p) + ln_jacobian).exp();
                    let c = x[0] - about;
                    if density > 0.0 && density.is_finite() && c.is_finite() {
                        [density, c * density, c * c * density]
                    } else {
                        [0.0; 3]
                    }
                });
            let unseen = unseen_mass(name, &p);
            assert!((mass - 1.0).abs() < unseen, "{name} {p:?}: mass {mass}");
            if let Some(variance) = d.variance(&p) {
                let off = (second / variance - 1.0).abs();
                assert!(
                    off < 1e-7 + unseen,
                    "{name} {p:?}: variance {second}, not {variance}"
                );
            }
            if let Some(mean) = d.mean(&p) {
                let scale = d.variance(&p).map_or(mean.abs() + 1.0, f64::sqrt);
                assert!(
                    first.abs() < scale * (1e-7 + unseen),
                    "{name} {p:?}: mean off by {first}"
                );
            }
        }
    }
}

#[test]
fn continuous_samplers_follow_the_distribution_function() {
    for d in scalars().filter(|d| !d.definition().is_discrete()) {
        for p in settings(d) {
            let name = d.definition().name;
            let mut x: Vec<f64> = draws(d, &p, 1).into_iter().map(|x| x[0]).collect();
            let p = slices(&p);
            let cdf = |x: f64| d.cdf(x, &p).unwrap_or_else(|| below(d, x, &p));
            let distance = kolmogorov_smirnov(&mut x, cdf);
            assert!(distance < 2.3, "{name} {p:?}: {distance}");
        }
    }
}

#[test]
fn distribution_functions_are_the_integral_of_the_density_and_hold_outside() {
    for d in scalars().filter(|d| !d.definition().is_discrete()) {
        for (x, p, ln_density) in d.golden() {
            let p = slices(&p);
            let name = d.definition().name;
            let Some(below) = d.cdf(f64::NEG_INFINITY, &p) else {
                continue;
            };
            assert_eq!(below, 0.0, "{name}");
            assert_eq!(d.cdf(f64::INFINITY, &p), Some(1.0), "{name}");
            let ends = (
                d.ln_cdf(f64::NEG_INFINITY, &p),
                d.ln_survival(f64::INFINITY, &p),
            );
            assert_eq!(
                (ends.0.map(f64::exp), ends.1.map(f64::exp)),
                (Some(0.0), Some(0.0)),
                "{name}"
            );
            // A central difference on the scale of the density, where the function is not rounded away.
            let c = d.cdf(x[0], &p).expect("as below");
            if c > 1e-3 && c < 0.999 {
                let (below, above) = (d.ln_cdf(x[0], &p), d.ln_survival(x[0], &p));
                assert!(
                    (below.expect("as below") - c.ln()).abs() < 1e-12,
                    "{name} {p:?}"
                );
                assert!(
                    (above.expect("as below") - (-c).ln_1p()).abs() < 1e-12,
                    "{name} {p:?}"
                );
                let width = match d.definition().support {
                    Support::Interval(Bound::At(lo), Bound::At(hi)) => hi - lo,
                    _ => f64::INFINITY,
                };
                let h = (1e-4 / ln_density.exp()).min(1e-3 * width);
                let cdf = |x: f64| d.cdf(x, &p).expect("as below");
                let across = |h: f64| cdf(x[0] + h) - cdf(x[0] - h);
                let slope = (8.0 * across(h) - across(2.0 * h)) / (12.0 * h);
                let off = (slope / ln_density.exp() - 1.0).abs();
                assert!(off < 1e-5, "{name} {p:?} at {x:?}: slope {slope}");
            }
        }
    }
}

/// Values from mpmath: where 1 - cdf is rounded to 0, and the same on the left.
#[test]
fn far_tails_keep_their_logarithms() {
    let upper: &[(&str, &[&[f64]], f64, f64)] = &[
        ("Normal", &[&[1.0], &[2.0]], 81.0, -804.6084420137538),
        (
            "LogNormal",
            &[&[0.0], &[0.025]],
            std::f64::consts::E,
            -804.6084420137538,
        ),
        ("HalfNormal", &[&[0.5]], 20.0, -803.9152948331939),
        ("Exponential", &[&[2.0]], 1e3, -2000.0),
        ("Cauchy", &[&[0.0], &[1.0]], 1e20, -47.1964317457303),
        ("HalfCauchy", &[&[1.0]], 1e20, -46.50328456517036),
        ("Laplace", &[&[1.0], &[2.0]], 81.0, -40.69314718055995),
        ("Logistic", &[&[1.0], &[2.0]], 1601.0, -800.0),
        ("Gumbel", &[&[1.0], &[2.0]], 1601.0, -800.0),
        ("Gumbel", &[&[0.0], &[1.0]], 30.0, -30.000000000000046),
        ("Weibull", &[&[1.5], &[2.0]], 200.0, -1000.0),
        ("Pareto", &[&[1.0], &[2.5]], 1e20, -115.12925464970229),
        ("Rayleigh", &[&[0.5]], 20.0, -800.0),
        (
            "Kumaraswamy",
            &[&[2.0], &[5.0]],
            1.0 - 1.0 / (1u64 << 40) as f64,
            -135.1637002091916,
        ),
        ("ExpModNormal", &[&[0.0], &[1.0], &[1.5]], 400.0, -598.875),
        ("Gamma", &[&[2.5], &[3.0]], 200.0, -590.6867894310418),
        ("ChiSquare", &[&[5.0]], 400.0, -192.32971624174402),
        ("InvGamma", &[&[2.5], &[3.0]], 1e+30, -171.14832485523021),
        ("InvChiSquare", &[&[5.0]], 1e+30, -175.62772352830035),
        (
            "Beta",
            &[&[2.0], &[5.0]],
            0.9999999999990905,
            -136.83767664276178,
        ),
        (
            "StudentT",
            &[&[4.0], &[1.0], &[2.0]],
            1e+20,
            -180.33560642861576,
        ),
        (
            "StudentT",
            &[&[30.0], &[0.0], &[1.0]],
            40.0,
            -62.54623464729917,
        ),
        (
            "SkewNormal",
            &[&[0.0], &[1.0], &[2.0]],
            40.0,
            -803.9152948331938,
        ),
        ("VonMises", &[&[0.25], &[900.0]], 3.0, -1735.2220048757474),
        (
            "BetaBinomial",
            &[&[1000.0], &[150.0], &[250.0]],
            900.0,
            -201.9418342517986,
        ),
        (
            "Hypergeometric",
            &[&[200.0], &[1000.0], &[5000.0]],
            170.0,
            -243.55642842026793,
        ),
        ("Poisson", &[&[2.5]], 200.0, -686.848402306064),
        ("PoissonLog", &[&[1.0]], 200.0, -670.2400266406424),
        ("NegBinomial", &[&[2.5], &[1.5]], 2000.0, -937.045589976294),
        (
            "NegBinomialLog",
            &[&[0.0], &[1.5]],
            2000.0,
            -1829.8313300534394,
        ),
        (
            "Binomial",
            &[&[1000.0], &[0.125]],
            900.0,
            -1567.0656837365939,
        ),
        (
            "BinomialLogit",
            &[&[1000.0], &[-2.0]],
            900.0,
            -1609.198095929891,
        ),
    ];
    for (name, p, x, want) in upper {
        let d = ppl_dist::find(name).expect("a name of the list");
        let got = d.ln_survival(*x, p).expect("written");
        assert!(
            (got / want - 1.0).abs() < 2e-14,
            "{name}: {got} is not {want}"
        );
    }
    let lower: &[(&str, &[&[f64]], f64, f64)] = &[
        ("Gamma", &[&[2.5], &[3.0]], 1e-30, -171.14832485523021),
        ("InvGamma", &[&[2.5], &[3.0]], 0.01, -291.72401333888916),
        ("Beta", &[&[2.0], &[5.0]], 1e-30, -135.44705537854054),
        (
            "StudentT",
            &[&[4.0], &[1.0], &[2.0]],
            -1e+20,
            -180.33560642861576,
        ),
        ("Poisson", &[&[2000.0]], 10.0, -1939.09037795847),
        (
            "NegBinomial",
            &[&[5000.0], &[20.0]],
            10.0,
            -93.32886561489782,
        ),
        (
            "Binomial",
            &[&[1000.0], &[0.875]],
            100.0,
            -1562.921259780113,
        ),
        ("VonMises", &[&[0.25], &[900.0]], -2.5, -1735.2220048757474),
        (
            "BetaBinomial",
            &[&[1000.0], &[250.0], &[150.0]],
            100.0,
            -200.8413310873247,
        ),
        (
            "Hypergeometric",
            &[&[200.0], &[5000.0], &[1000.0]],
            30.0,
            -240.024798170093,
        ),
        ("Normal", &[&[1.0], &[2.0]], -79.0, -804.6084420137538),
        ("Cauchy", &[&[0.0], &[1.0]], -1e20, -47.1964317457303),
        ("Laplace", &[&[1.0], &[2.0]], -79.0, -40.69314718055995),
        ("Logistic", &[&[1.0], &[2.0]], -1599.0, -800.0),
        (
            "ExpModNormal",
            &[&[0.0], &[1.0], &[1.5]],
            -20.0,
            -206.5841912792669,
        ),
        (
            "ExpModNormal",
            &[&[0.0], &[1.0], &[1.5]],
            -40.0,
            -807.9298505506035,
        ),
        (
            "ExpModNormal",
            &[&[0.0], &[1.0], &[1.5]],
            -1e5,
            -5000000023.539339,
        ),
    ];
    for (name, p, x, want) in lower {
        let d = ppl_dist::find(name).expect("a name of the list");
        let got = d.ln_cdf(*x, p).expect("written");
        assert!(
            (got / want - 1.0).abs() < 2e-14,
            "{name}: {got} is not {want}"
        );
    }
}

/// Name, parameters, ends, ln of the mass between them.
type Interval = (
    &'static str,
    &'static [&'static [f64]],
    Option<f64>,
    Option<f64>,
    f64,
);

/// Values from mpmath: intervals that lie in one tail, where both ends round to the same probability.
#[test]
fn intervals_keep_their_mass_in_the_tails() {
    let cases: &[Interval] = &[
        (
            "Normal",
            &[&[0.0], &[1.0]],
            Some(30.0),
            Some(31.0),
            -454.32124395634327,
        ),
        (
            "Normal",
            &[&[0.0], &[1.0]],
            Some(-31.0),
            Some(-30.0),
            -454.32124395634327,
        ),
        (
            "Normal",
            &[&[0.0], &[1.0]],
            Some(-1.0),
            Some(2.0),
            -0.2001662943244626,
        ),
        (
            "Normal",
            &[&[0.0], &[1.0]],
            None,
            Some(-30.0),
            -454.3212439563432,
        ),
        (
            "Normal",
            &[&[0.0], &[1.0]],
            Some(30.0),
            None,
            -454.3212439563432,
        ),
        (
            "Exponential",
            &[&[2.0]],
            Some(0.0),
            Some(1e-20),
            -45.35855467932097,
        ),
        (
            "Exponential",
            &[&[2.0]],
            Some(500.0),
            Some(501.0),
            -1000.1454134578688,
        ),
        (
            "Cauchy",
            &[&[0.0], &[1.0]],
            Some(1e20),
            Some(2e20),
            -47.88957892629026,
        ),
    ];
    for (name, p, lo, hi, want) in cases {
        let d = ppl_dist::find(name).expect("a name of the list");
        let got = d.ln_interval(*lo, *hi, p).expect("written");
        assert!(
            (got / want - 1.0).abs() < 1e-14,
            "{name} {lo:?} {hi:?}: {got} is not {want}"
        );
    }
}

/// Labels 0.. up to the end of the support, or where nothing is left of it.
fn n_values(d: &dyn Distribution, p: &[&[f64]]) -> usize {
    let n = match d.definition().support {
        Support::Bool => 1.0,
        Support::Category => p[0].len() as f64 - 1.0,
        Support::OrderedCategory => p[1].len() as f64,
        Support::Integers(_, Bound::Parameter(i)) => p[i][0],
        _ => {
            let mean = d.mean(p).expect("an unbounded count has a mean");
            let variance = d.variance(p).expect("and a variance");
            mean + 40.0 * variance.sqrt() + 50.0
        }
    };
    n as usize + 1
}

#[test]
fn discrete_probabilities_sum_to_one_and_the_sampler_follows_them() {
    for d in scalars().filter(|d| d.definition().is_discrete()) {
        for p in settings(d) {
            let name = d.definition().name;
            let mut counts = vec![0.0; n_values(d, &slices(&p))];
            for x in draws(d, &p, 1) {
                counts[x[0] as usize] += 1.0;
            }
            let p = slices(&p);
            let lowest = match d.definition().support {
                Support::Integers(Bound::Parameter(i), _) => p[i][0],
                _ => 0.0,
            };
            let probabilities: Vec<f64> = (0..counts.len())
                .map(|x| x as f64)
                .map(|x| (x >= lowest).then(|| d.ln_density(&[x], &p).exp()))
                .map(|probability| probability.unwrap_or(0.0))
                .collect();
            let total: f64 = probabilities.iter().sum();
            assert!((total - 1.0).abs() < 1e-11, "{name} {p:?}: {total}");
            let moment = |about: f64, power: i32| -> f64 {
                let terms = probabilities.iter().enumerate();
                terms.map(|(x, w)| w * (x as f64 - about).powi(power)).sum()
            };
            if let (Some(mean), Some(variance)) = (d.mean(&p), d.variance(&p)) {
                assert!(
                    (moment(0.0, 1) - mean).abs() <= 1e-10 * mean,
                    "{name} {p:?}: mean {mean}"
                );
                let off = (moment(mean, 2) - variance).abs();
                assert!(off <= 1e-10 * variance, "{name} {p:?}: variance {variance}");
            }
            let mut below = 0.0;
            for (x, w) in probabilities.iter().enumerate() {
                if let Some(c) = d.cdf(x as f64 - 0.5, &p) {
                    assert!((c - below).abs() < 1e-12, "{name} {p:?} below {x}: {c}");
                }
                below += w;
                if let Some(c) = d.cdf(x as f64, &p) {
                    assert!((c - below).abs() < 1e-12, "{name} {p:?} at {x}: {c}");
                }
            }
            let outside = (d.cdf(-1.0, &p), d.cdf(f64::INFINITY, &p));
            assert!(outside == (None, None) || outside == (Some(0.0), Some(1.0)));
            let p_value = chi_square(&counts, &probabilities);
            assert!(p_value > 1e-4, "{name} {p:?}: p = {p_value}");
        }
    }
}

#[test]
fn a_flat_density_is_zero_and_cannot_be_drawn() {
    let flat = ppl_dist::find("Flat").expect("a name of the list");
    let mut out = [0.0];
    flat.sample(&[], &mut super::generator(), &mut out);
    assert!(out[0].is_nan());
}
