//! The modified Bessel functions of orders 0 and 1, as the von Mises distribution needs them.

use std::f64::consts::PI;

/// From here on Hankel's asymptotic series, whose smallest term is below e^-60.
const FAR: f64 = 30.0;

/// ln(e^-x I_0(x)) for x >= 0: the power series DLMF 10.25.2, far out the asymptotic one, 10.40.1.
pub fn ln_bessel_i0e(x: f64) -> f64 {
    if x >= FAR {
        libm::log(hankel(0.0, x)) - 0.5 * libm::log(2.0 * PI * x)
    } else {
        let quarter = 0.25 * x * x;
        let (mut term, mut above_1) = (1.0, 0.0);
        for k in 1..200 {
            term *= quarter / f64::from(k * k);
            above_1 += term;
            if term <= above_1 * 1e-17 {
                break;
            }
        }
        libm::log1p(above_1) - x
    }
}

/// 1 - I_1(x)/I_0(x) for x >= 0: below 30 by the continued fraction DLMF 10.33.1, far out by both asymptotic series.
pub fn bessel_gap(x: f64) -> f64 {
    if x >= FAR {
        // The difference of the series, term by term.
        let (mut zero, mut one) = (1.0, 1.0);
        let (mut total, mut difference) = (1.0, 0.0);
        for k in 1..60 {
            zero *= hankel_factor(0.0, k, x);
            one *= hankel_factor(1.0, k, x);
            total += zero;
            difference += zero - one;
            if zero.abs() < 1e-18 {
                break;
            }
        }
        difference / total
    } else {
        // I_1/I_0 = 1/(2/x + 1/(4/x + …)), from the far end.
        let ratio = (1..60)
            .rev()
            .fold(0.0, |rest, k| x / (2.0 * f64::from(k) + x * rest));
        1.0 - ratio
    }
}

/// Minus the factor from the term k - 1 to the term k of Hankel's series of the order n.
fn hankel_factor(n: f64, k: i32, x: f64) -> f64 {
    let odd = f64::from(2 * k - 1);
    (odd * odd - 4.0 * n * n) / (8.0 * f64::from(k) * x)
}

fn hankel(n: f64, x: f64) -> f64 {
    let (mut term, mut total) = (1.0, 1.0);
    for k in 1..60 {
        term *= hankel_factor(n, k, x);
        total += term;
        if term.abs() < 1e-18 {
            break;
        }
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values from mpmath at 40 digits.
    #[test]
    fn golden() {
        for (x, ln_i0e, gap) in [
            (1e-09, -9.9999999975e-10, 0.9999999995),
            (0.01, -0.009975000156248264, 0.9950000624989583),
            (0.5, -0.4384502808145187, 0.757500387419198),
            (1.0, -0.7640856414928213, 0.5536100341034655),
            (3.75, -1.5396457880279808, 0.14682954054693154),
            (12.0, -2.1504975008971563, 0.04261859460475776),
            (29.9, -2.6136146894449044, 0.016867166734194316),
            (30.1, -2.616976791048818, 0.016754102846289025),
            (100.0, -3.2202673100574164, 0.005012626994831235),
            (10000.0, -5.524096218567699, 5.000125012501954e-05),
            (10000000000.0, -12.4318639981624, 5.000000000125e-11),
        ] {
            let got = (ln_bessel_i0e(x), bessel_gap(x));
            assert!(
                (got.0 - ln_i0e).abs() <= 1e-14 * ln_i0e.abs(),
                "{x}: {} is not {ln_i0e}",
                got.0
            );
            assert!(
                (got.1 - gap).abs() <= 1e-13 * gap.abs(),
                "{x}: {} is not {gap}",
                got.1
            );
        }
    }
}
