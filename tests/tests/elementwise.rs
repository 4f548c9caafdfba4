//! The elementwise functions: values against 40-digit references (mpmath), gradients against differences.

use ppl_lang::{Array, Bound, Dataset, Gradient, Point};
use ppl_tests::{bind_to, differences};
use std::collections::BTreeMap;

/// A function of scalars as a model.
fn model(name: &str, arity: usize) -> Bound {
    let names: Vec<String> = (0..arity).map(|i| format!("x{i}")).collect();
    let sites: String = names.iter().map(|n| format!("{n} ~ Flat();")).collect();
    let model = format!("{sites} factor {name}({});", names.join(", "));
    bind_to(&model, &Dataset::empty())
}

/// Its value, and its gradient.
fn at(bound: &Bound, x: &[f64]) -> (f64, Vec<f64>) {
    let point: BTreeMap<String, Array> = x
        .iter()
        .enumerate()
        .map(|(i, v)| {
            let array = Array {
                shape: vec![],
                values: vec![*v],
            };
            (format!("x{i}"), array)
        })
        .collect();
    let density = bound.density(&Point::Constrained(point)).expect("a value");
    let Gradient::Constrained(gradient) = density.gradient else {
        panic!("a gradient by name");
    };
    let gradient = (0..x.len())
        .map(|i| {
            let own = gradient.iter().find(|g| g.0 == format!("x{i}"));
            own.expect("a name").1.values[0]
        })
        .collect();
    (density.log_density, gradient)
}

/// Name, arguments, value.
#[allow(clippy::approx_constant)]
const GOLDEN: &[(&str, &[f64], f64)] = &[
    ("exp", &[-3.2], 0.04076220397836621),
    ("exp", &[0.4], 1.4918246976412703),
    ("exp2", &[-2.5], 0.1767766952966369),
    ("exp2", &[3.25], 9.513656920021768),
    ("expm1", &[1e-09], 1.0000000005000001e-09),
    ("expm1", &[-2.5], -0.9179150013761012),
    ("log", &[0.3], -1.203972804325936),
    ("log", &[12.5], 2.5257286443082556),
    ("log1p", &[1e-09], 9.999999995e-10),
    ("log1p", &[2.5], 1.252762968495368),
    ("log1m", &[1e-09], -1.0000000005000001e-09),
    ("log1m", &[0.7], -1.203972804325936),
    ("log10", &[0.3], -0.5228787452803376),
    ("log10", &[250.0], 2.3979400086720375),
    ("log2", &[0.3], -1.736965594166206),
    ("log2", &[250.0], 7.965784284662087),
    ("sqrt", &[0.3], 0.5477225575051661),
    ("cbrt", &[-27.5], -3.018405368398843),
    ("cbrt", &[0.4], 0.7368062997280773),
    ("square", &[-1.5], 2.25),
    ("inv", &[-0.3], -3.3333333333333335),
    ("inv_sqrt", &[0.3], 1.8257418583505538),
    ("inv_square", &[-0.3], 11.111111111111112),
    ("abs", &[-1.5], 1.5),
    ("abs", &[2.5], 2.5),
    ("sign", &[-1.5], -1.0),
    ("sign", &[2.5], 1.0),
    ("step", &[-0.5], 0.0),
    ("step", &[0.0], 1.0),
    ("step", &[0.5], 1.0),
    ("floor", &[-1.5], -2.0),
    ("floor", &[2.5], 2.0),
    ("ceil", &[-1.5], -1.0),
    ("ceil", &[2.5], 3.0),
    ("trunc", &[-1.7], -1.0),
    ("trunc", &[2.7], 2.0),
    ("round", &[-2.5], -3.0),
    ("round", &[2.5], 3.0),
    ("round", &[2.4], 2.0),
    ("round", &[-0.4], 0.0),
    ("relu", &[-1.0], 0.0),
    ("relu", &[2.0], 2.0),
    ("sin", &[1.2], 0.9320390859672263),
    ("sin", &[-7.5], -0.9379999767747389),
    ("cos", &[1.2], 0.3623577544766736),
    ("cos", &[-7.5], 0.3466353178350258),
    ("tan", &[1.2], 2.5721516221263188),
    ("tan", &[-7.5], -2.706013866772691),
    ("asin", &[-0.7], -0.775397496610753),
    ("asin", &[1e-09], 1e-09),
    ("asin", &[0.99], 1.4292568534704693),
    ("acos", &[-0.7], 2.3461938234056494),
    ("acos", &[0.2], 1.369438406004566),
    ("acos", &[0.99], 0.1415394733244273),
    ("atan", &[-3.0], -1.2490457723982544),
    ("atan", &[0.2], 0.19739555984988078),
    ("sinh", &[1e-09], 1e-09),
    ("sinh", &[-2.5], -6.0502044810397875),
    ("sinh", &[20.0], 242582597.70489514),
    ("cosh", &[0.3], 1.0453385141288605),
    ("cosh", &[-2.5], 6.132289479663686),
    ("tanh", &[0.3], 0.2913126124515909),
    ("tanh", &[-2.5], -0.9866142981514303),
    ("asinh", &[1e-09], 1e-09),
    ("asinh", &[-1000000.0], -14.50865773852447),
    ("asinh", &[2.5], 1.6472311463710958),
    ("acosh", &[1.000001], 0.00141421344446382),
    ("acosh", &[3.5], 1.9248473002384139),
    ("atanh", &[1e-09], 1e-09),
    ("atanh", &[-0.8], -1.0986122886681098),
    ("logit", &[0.1], -2.197224577336219),
    ("logit", &[0.97], 3.4760986898352724),
    ("inv_logit", &[-30.0], 9.357622968839299e-14),
    ("inv_logit", &[0.5], 0.6224593312018546),
    ("log_inv_logit", &[-30.0], -30.000000000000092),
    ("log_inv_logit", &[30.0], -9.357622968839737e-14),
    ("log1m_inv_logit", &[-30.0], -9.357622968839737e-14),
    ("log1m_inv_logit", &[30.0], -30.000000000000092),
    ("cloglog", &[0.1], -2.2503673273124454),
    ("cloglog", &[0.9], 0.834032445247956),
    ("inv_cloglog", &[-20.0], 2.061153620314381e-09),
    ("inv_cloglog", &[0.5], 0.807704354452035),
    ("softplus", &[-30.0], 9.357622968839737e-14),
    ("softplus", &[3.0], 3.048587351573742),
    ("log1p_exp", &[1.5], 1.7014132779827524),
    ("log1m_exp", &[-1e-09], -20.723265837446412),
    ("log1m_exp", &[-0.5], -0.9327521295671886),
    ("log1m_exp", &[-3.0], -0.05106918094270159),
    ("log1m_exp", &[-40.0], -4.248354255291589e-18),
    ("lgamma", &[0.3], 1.0957979948180756),
    ("lgamma", &[25.5], 56.389167643719944),
    ("tgamma", &[0.3], 2.991568987687591),
    ("tgamma", &[5.5], 52.34277778455352),
    ("digamma", &[0.3], -3.502524222200133),
    ("digamma", &[25.5], 3.2189424728839198),
    ("trigamma", &[0.3], 12.245364546107732),
    ("trigamma", &[25.5], 0.03999466964956292),
    ("lfactorial", &[4.0], 3.1780538303479458),
    ("lfactorial", &[0.5], -0.12078223763524522),
    ("erf", &[0.3], 0.3286267594591274),
    ("erf", &[-1.5], -0.9661051464753108),
    ("erfc", &[0.3], 0.6713732405408726),
    ("erfc", &[-1.5], 1.9661051464753108),
    ("erfc", &[6.0], 2.1519736712498913e-17),
    ("Phi", &[-8.0], 6.220960574271784e-16),
    ("Phi", &[0.3], 0.6179114221889527),
    ("log_Phi", &[-20.0], -203.91715537109727),
    ("log_Phi", &[0.3], -0.4814101615884812),
    ("inv_Phi", &[0.1], -1.2815515655446004),
    ("inv_Phi", &[0.975], 1.9599639845400538),
    ("probit", &[0.3], -0.5244005127080408),
    ("Phi_approx", &[-1.2], 0.11516373889641644),
    ("pow", &[2.5, -1.3], 0.30386311717294956),
    ("hypot", &[3.0, -4.0], 5.0),
    ("hypot", &[0.5, 0.1], 0.5099019513592785),
    ("fmin", &[1.0, 2.0], 1.0),
    ("fmax", &[1.0, 2.0], 2.0),
    ("fdim", &[1.0, 2.0], 0.0),
    ("fdim", &[5.0, 2.0], 3.0),
    ("fmod", &[7.5, 2.0], 1.5),
    ("fmod", &[-7.5, 2.0], -1.5),
    ("atan2", &[1.0, 2.0], 0.4636476090008061),
    ("atan2", &[2.0, 1.0], 1.1071487177940904),
    ("atan2", &[2.0, -1.0], 2.0344439357957027),
    ("atan2", &[-2.0, -1.0], -2.0344439357957027),
    ("atan2", &[1.0, -2.0], 2.677945044588987),
    ("atan2", &[-1.0, -2.0], -2.677945044588987),
    ("atan2", &[1.0, 0.0], 1.5707963267948966),
    ("atan2", &[-1.0, 0.0], -1.5707963267948966),
    ("atan2", &[0.0, -1.0], 3.141592653589793),
    ("atan2", &[0.0, 1.0], 0.0),
    ("atan2", &[1e-09, -1.0], 3.141592652589793),
    ("log_add_exp", &[1.0, 2.0], 2.3132616875182226),
    ("log_add_exp", &[800.0, -3.0], 800.0),
    ("log_add_exp", &[-3.0, 800.0], 800.0),
    ("log_diff_exp", &[2.0, 1.0], 1.5413248546129181),
    ("log_diff_exp", &[1.0, 0.9999999], -15.118095701484675),
    ("log_diff_exp", &[50.0, -3.0], 50.0),
    ("lbeta", &[0.5, 3.5], -0.01842092395628069),
    ("beta", &[0.5, 3.5], 0.9817477042468103),
    ("lchoose", &[10.0, 3.0], 4.787491742782046),
    ("choose", &[10.0, 3.0], 120.0),
    ("log_rising_factorial", &[2.5, 3.0], 3.673131097145797),
    ("log_falling_factorial", &[5.5, 3.0], 4.461588457510067),
    ("fma", &[2.0, 3.0, 4.0], 10.0),
    ("log_mix", &[0.3, 1.0, 2.0], 1.7897280435776313),
    ("log_mix", &[0.3, -800.0, 1.0], 0.6433250560612677),
];

#[test]
fn values() {
    for (name, x, want) in GOLDEN {
        let (got, gradient) = at(&model(name, x.len()), x);
        // What rounding an argument or an intermediate logarithm by half a unit moves the result by.
        let moved: f64 = x
            .iter()
            .zip(&gradient)
            .map(|(x, g)| (x * g).abs())
            .filter(|m| m.is_finite())
            .sum();
        let tolerance = f64::EPSILON
            * (16.0 * want.abs()
                + 4.0 * moved
                + LOG_SCALE.iter().filter(|n| **n == *name).count() as f64
                    * 64.0
                    * (1.0 + want.abs()));
        assert!(
            (got - want).abs() <= tolerance,
            "{name}{x:?} = {got}, not {want}"
        );
    }
}

/// Differences of log-gammas: absolute errors are those of the terms.
const LOG_SCALE: &[&str] = &[
    "lbeta",
    "beta",
    "lchoose",
    "choose",
    "log_rising_factorial",
    "log_falling_factorial",
];

#[test]
fn every_function_has_a_golden_value() {
    for f in ppl_lang::parts::model::functions::ALL {
        let golden = GOLDEN.iter().find(|g| g.0 == f.name);
        assert_eq!(golden.map(|g| g.1.len()), Some(f.arity), "{}", f.name);
    }
}

#[test]
fn gradients() {
    for (name, x, _) in GOLDEN {
        let model = model(name, x.len());
        let (_, gradient) = at(&model, x);
        for (i, found) in gradient.iter().enumerate() {
            let (slope, error) = differences(&|x| vec![at(&model, x).0], x, i)[0];
            // At the steps of step functions there is no slope.
            if !slope.is_finite() || error > 1e-3 * (1.0 + slope.abs()) {
                continue;
            }
            assert!(
                (found - slope).abs() <= 20.0 * error + 1e-9 * slope.abs(),
                "{name}{x:?}, argument {i}: {} for {slope} ± {error}",
                found
            );
        }
    }
}
