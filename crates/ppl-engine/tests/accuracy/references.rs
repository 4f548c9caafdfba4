//! The functions in numbers of some 106 bits. A value is a [`Double`] times a power of two, so that none underflows.

use crate::double_double::Double;

/// `number 2^power`
pub type Scaled = (Double, i32);

const TWO_OVER_SQRT_PI: Double =
    Double(std::f64::consts::FRAC_2_SQRT_PI, 1.533_545_961_316_588e-17);
const INVERSE_SQRT_2_PI: Double = Double(0.398_942_280_401_432_7, -2.492_327_202_277_73e-17);
const HALF_LN_2_PI: Double = Double(0.918_938_533_204_672_8, -3.878_294_158_067_241_7e-17);
const EULER: Double = Double(0.577_215_664_901_532_9, -4.942_915_152_430_645e-18);

/// ζ(2), ζ(3), …
const ZETA: [Double; 18] = [
    Double(1.6449340668482264, 3.040672350398476e-17),
    Double(1.2020569031595942, 4.875891010379532e-17),
    Double(1.0823232337111381, 4.748512042855365e-17),
    Double(1.03692775514337, -6.276789020377768e-17),
    Double(1.0173430619844492, -9.758599166441531e-17),
    Double(1.008349277381923, -9.91714730971456e-17),
    Double(1.0040773561979444, -2.0171748307737844e-17),
    Double(1.0020083928260821, 9.730706638450415e-17),
    Double(1.000994575127818, 1.0936913170647002e-16),
    Double(1.0004941886041194, 3.6892951619089984e-17),
    Double(1.000246086553308, 3.556599124383171e-18),
    Double(1.0001227133475785, -2.8892675017121097e-17),
    Double(1.0000612481350588, -1.0638574497072141e-16),
    Double(1.000030588236307, 4.844379113994946e-17),
    Double(1.0000152822594086, 4.081759142430904e-17),
    Double(1.0000076371976379, 4.445368846945116e-17),
    Double(1.000003817293265, -4.059356892188128e-17),
    Double(1.0000019082127165, 4.7953030346953085e-17),
];

/// The positive root of digamma, in three parts.
const ROOT: [f64; 3] = [
    1.461_632_144_968_362_2,
    9.549_995_429_965_697e-17,
    2.893_929_928_204_15e-33,
];

/// Taylor coefficients of digamma at its root, from the first power on.
const AT_ROOT: [Double; 19] = [
    Double(0.9676722454476212, -3.387874303038943e-17),
    Double(-0.4427631689835921, -2.4685968258808798e-17),
    Double(0.258499760955651, -1.50046082237735e-17),
    Double(-0.16394270544240652, -5.2948981225636345e-18),
    Double(0.10782405069126237, -5.647016933496416e-18),
    Double(-0.07219956125645471, 3.0827459843108324e-18),
    Double(0.04880428816414311, -2.82635913171961e-18),
    Double(-0.03316112647484736, 2.6301239066061398e-18),
    Double(0.022597648232218104, 8.453631579784668e-19),
    Double(-0.01542476590494896, 3.829693633952811e-19),
    Double(0.010538791616612175, 3.958838580981545e-19),
    Double(-0.007204534386356869, 4.1723725613433093e-19),
    Double(0.004926781395729853, 1.773599192985584e-19),
    Double(-0.003369801655439328, 1.2291719110197274e-19),
    Double(0.002305126326734928, -1.285676920285588e-19),
    Double(-0.0015769367714301972, -5.747220641492262e-20),
    Double(0.0010788252019162967, -8.904606463074194e-20),
    Double(-0.0007380709389960052, 2.049210765272406e-20),
    Double(0.000504953265834602, 4.859935299227974e-20),
];

/// B_2, B_4, … as numerator and denominator.
const BERNOULLI: [(f64, f64); 15] = [
    (1.0, 6.0),
    (-1.0, 30.0),
    (1.0, 42.0),
    (-1.0, 30.0),
    (5.0, 66.0),
    (-691.0, 2730.0),
    (7.0, 6.0),
    (-3617.0, 510.0),
    (43867.0, 798.0),
    (-174_611.0, 330.0),
    (854_513.0, 138.0),
    (-236_364_091.0, 2730.0),
    (8_553_103.0, 6.0),
    (-23_749_461_029.0, 870.0),
    (8_615_841_276_005.0, 14322.0),
];

fn plain(x: Double) -> Scaled {
    (x, 0)
}

pub fn exp(x: f64) -> Scaled {
    Double::from(x).exp_parts()
}

pub fn ln(x: f64) -> Scaled {
    plain(Double::from(x).ln())
}

/// Below this size a function that is x near 0 is x to all digits, and squares would be lost.
const TINY: f64 = 1e-150;

pub fn log1p(x: f64) -> Scaled {
    if x.abs() < TINY {
        return plain(x.into());
    }
    plain(Double::from(x).ln_1p())
}

pub fn expm1(x: f64) -> Scaled {
    if x.abs() < TINY {
        return plain(x.into());
    }
    if x > 80.0 {
        return exp(x);
    }
    plain(Double::from(x.max(-80.0)).expm1())
}

pub fn tanh(x: f64) -> Scaled {
    if x.abs() < TINY {
        return plain(x.into());
    }
    let e = Double::from(2.0 * x.abs().min(40.0)).expm1();
    let value = e / (e + 2.0.into());
    plain(if x < 0.0 { -value } else { value })
}

pub fn inv_logit(x: f64) -> Scaled {
    let (e, power) = exp(-x.abs());
    if power < -100 {
        return if x < 0.0 {
            (e, power)
        } else {
            plain(1.0.into())
        };
    }
    let e = e * 2f64.powi(power).into();
    let value = Double::from(1.0) / (e + 1.0.into());
    plain(if x < 0.0 { e * value } else { value })
}

pub fn softplus(x: f64) -> Scaled {
    let (e, power) = exp(-x.abs());
    if power < -120 {
        return if x < 0.0 { (e, power) } else { plain(x.into()) };
    }
    let tail = (e * 2f64.powi(power).into()).ln_1p();
    plain(if x < 0.0 { tail } else { tail + x.into() })
}

/// DLMF 7.6.2: all terms have one sign.
pub fn erf(x: f64) -> Scaled {
    if x.abs() < TINY {
        return (TWO_OVER_SQRT_PI * (x * 2f64.powi(200)).into(), -200);
    }
    if x.abs() > 6.5 {
        return plain(x.signum().into());
    }
    let square = Double::from(x) * x.into();
    let (mut term, mut sum) = (Double::from(x), Double::from(x));
    for n in 1..400 {
        term = term * (square + square) / f64::from(2 * n + 1).into();
        sum = sum + term;
        if term.0.abs() < 1e-34 * sum.0.abs() {
            break;
        }
    }
    plain(TWO_OVER_SQRT_PI * (-square).exp() * sum)
}

/// The normal distribution function: DLMF 7.6.2 in the middle, the continued fraction 7.9.4 in the tail.
pub fn phi(x: f64) -> Scaled {
    let x = x.max(-1e3);
    if x > 9.0 {
        return plain(1.0.into());
    }
    let square = Double::from(x) * x.into();
    let (density, power) = (square * (-0.5).into()).exp_parts();
    let density = density * INVERSE_SQRT_2_PI;
    if x < -5.0 {
        let mut tail = Double::from(-x);
        for n in (1..150).rev() {
            tail = Double::from(f64::from(n)) / tail - x.into();
        }
        return (density / tail, power);
    }
    let (mut term, mut sum) = (Double::from(x), Double::from(x));
    for n in 1..400 {
        term = term * square / f64::from(2 * n + 1).into();
        sum = sum + term;
        if term.0.abs() < 1e-34 * sum.0.abs() {
            break;
        }
    }
    plain(density * 2f64.powi(power).into() * sum + 0.5.into())
}

/// From here on the asymptotic series give all digits.
const FAR: f64 = 32.0;

/// ln Gamma for positive x: its series about 1 and 2, else DLMF 5.11.1 after a shift.
pub fn ln_gamma(x: f64) -> Scaled {
    if x > 1e300 {
        let ln = Double::from(x).ln() - 1.0.into();
        return (ln * (x * 2f64.powi(-20)).into(), 20);
    }
    for (at, first, less) in [
        (1.0, -EULER, Double::from(0.0)),
        (2.0, Double::from(1.0) - EULER, 1.0.into()),
    ] {
        let e = Double::from(x) - at.into();
        if e.0.abs() < 0.01 {
            let term = |k: usize| {
                let sign = if k.is_multiple_of(2) { 1.0 } else { -1.0 };
                (ZETA[k - 2] - less) * Double::ratio(sign, k as f64)
            };
            let coefficients: Vec<Double> = [first].into_iter().chain((2..20).map(term)).collect();
            return plain(e * e.polynomial(&coefficients));
        }
    }
    let (mut y, mut product) = (Double::from(x), Double::from(1.0));
    while y.0 < FAR {
        product = product * y;
        y = y + 1.0.into();
    }
    let r = Double::from(1.0) / y;
    let coefficients: Vec<Double> = (1..)
        .zip(BERNOULLI)
        .map(|(k, (a, b))| Double::ratio(a, b * f64::from(2 * k * (2 * k - 1))))
        .collect();
    let series = r * (r * r).polynomial(&coefficients);
    let ln = y.ln();
    let stirling = y * (ln - 1.0.into()) - ln * 0.5.into() + HALF_LN_2_PI + series;
    plain(if x < FAR {
        stirling - product.ln()
    } else {
        stirling
    })
}

/// Digamma for positive x: its series about its root, else DLMF 5.11.2 after a shift.
pub fn digamma(x: f64) -> Scaled {
    if x < 1e-200 {
        return (Double::from(-1.0) / (x * 2f64.powi(200)).into(), 200);
    }
    let near = ROOT
        .iter()
        .fold(Double::from(x), |near, &part| near - part.into());
    if near.0.abs() < 0.01 {
        return plain(near * near.polynomial(&AT_ROOT));
    }
    let (mut y, mut shift) = (Double::from(x), Double::from(0.0));
    while y.0 < FAR {
        shift = shift + Double::from(1.0) / y;
        y = y + 1.0.into();
    }
    let r = Double::from(1.0) / y;
    let coefficients: Vec<Double> = (1..)
        .zip(BERNOULLI)
        .map(|(k, (a, b))| Double::ratio(a, b * f64::from(2 * k)))
        .collect();
    let series = r * r * (r * r).polynomial(&coefficients);
    plain(y.ln() - r * 0.5.into() - series - shift)
}

/// Trigamma for positive x: DLMF 5.15.8 after a shift.
pub fn trigamma(x: f64) -> Scaled {
    let (mut y, mut shift) = (Double::from(x), Double::from(0.0));
    while y.0 < FAR {
        let r = Double::from(1.0) / y;
        shift = shift + r * r;
        y = y + 1.0.into();
    }
    let r = Double::from(1.0) / y;
    let coefficients: Vec<Double> = BERNOULLI
        .iter()
        .map(|&(a, b)| Double::ratio(a, b))
        .collect();
    let r2 = r * r;
    plain(r + r2 * 0.5.into() + r * r2 * r2.polynomial(&coefficients) + shift)
}
