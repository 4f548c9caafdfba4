//! Exponential families of one unconstrained number: what the conditional of an unknown can be whose posterior is known in closed
//! form. The logarithm of a Gamma number, of its inverse or of a power, the logit of a Beta number, a Gaussian one. Simplexes are
//! broken like sticks, so that a Dirichlet vector is independent Beta numbers, whose logits are shifted.
//!
//! A family is recognised by the slope of the log density, which is linear in two numbers: a and b of exp(a S(u) + b T(u)).

use ppl_dist::special::ln_gamma;
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

const HALF_LN_2PI: f64 = 0.918_938_533_204_672_8;

/// The slopes of the log density are met so well, as a part of their range.
const ROUNDING: f64 = 1e-8;

/// A family of the exact powers and shifts is taken if it leaves no more than so many times what the best does, or than this.
const AS_GOOD: f64 = 1e3;
const AS_SMALL: f64 = 1e-11;

/// Points at which a family is looked for, evenly spaced around a centre.
pub(super) const POINTS: [f64; 6] = [-2.0, -1.0, 0.0, 1.0, 2.0, 3.0];

/// A family, up to a and b.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Form {
    /// a u - b u^2 / 2.
    Normal,
    /// a u - b e^(k u): e^(k u) has a Gamma distribution of shape a / k and rate b.
    Power(f64),
    /// a ln s(u + c) + b ln s(-u - c) with the logistic function s, which has a Beta(a, b) distribution.
    Logit(f64),
}

/// A member of a family.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Member {
    form: Form,
    a: f64,
    b: f64,
    /// ln of the integral of the kernel.
    volume: f64,
}

/// ln of the logistic function.
fn ln_logistic(v: f64) -> f64 {
    v.min(0.0) - (-v.abs()).exp().ln_1p()
}

impl Form {
    /// The two statistics.
    fn statistics(self, u: f64) -> [f64; 2] {
        match self {
            Form::Normal => [u, -0.5 * u * u],
            Form::Power(k) => [u, -(k * u).exp()],
            Form::Logit(c) => [ln_logistic(u + c), ln_logistic(-u - c)],
        }
    }

    /// Their slopes.
    fn slopes(self, u: f64) -> [f64; 2] {
        match self {
            Form::Normal => [1.0, -u],
            Form::Power(k) => [1.0, -k * (k * u).exp()],
            Form::Logit(c) => [ln_logistic(-u - c).exp(), -ln_logistic(u + c).exp()],
        }
    }

    /// The member whose log density has these slopes at these points; `None` where that has no finite integral.
    pub(super) fn member(self, points: &[f64], slopes: &[f64]) -> Option<Member> {
        let rows: Vec<[f64; 2]> = points.iter().map(|u| self.slopes(*u)).collect();
        let [a, b] = least_squares(&rows, slopes)?;
        Member::new(self, a, b)
    }

    /// The member whose log density has these values at these points, up to a constant; and what is left of the values at most, as a
    /// part of their range.
    pub(super) fn of_values(self, points: &[f64], values: &[f64]) -> Option<(Member, f64)> {
        let all: Vec<[f64; 2]> = points.iter().map(|u| self.statistics(*u)).collect();
        let n = points.len() as f64;
        let mean = |of: &dyn Fn(usize) -> f64| (0..points.len()).map(of).sum::<f64>() / n;
        let centre = [mean(&|i| all[i][0]), mean(&|i| all[i][1])];
        let level = mean(&|i| values[i]);
        let rows: Vec<[f64; 2]> = (all.iter())
            .map(|r| [r[0] - centre[0], r[1] - centre[1]])
            .collect();
        let away: Vec<f64> = values.iter().map(|v| v - level).collect();
        let [a, b] = least_squares(&rows, &away)?;
        let left = left(&rows, &away, [a, b]);
        Some((Member::new(self, a, b)?, left))
    }

    /// Its distribution, in words; `single`: of an unknown that is no part of a vector. What is above an end, or the odds between two,
    /// is then e^u, and a logit that is shifted is a scale: a Pareto number above its minimum is such.
    pub(super) fn name(self, single: bool) -> &'static str {
        match self {
            Form::Normal => "Gaussian",
            Form::Power(1.0) => "Gamma",
            Form::Power(-1.0) => "InvGamma",
            Form::Power(_) => "a power of a Gamma",
            Form::Logit(0.0) => "Beta",
            Form::Logit(_) if single => "BetaPrime up to its scale (Pareto)",
            Form::Logit(_) => "Dirichlet",
        }
    }
}

impl Member {
    fn new(form: Form, a: f64, b: f64) -> Option<Member> {
        let volume = match form {
            Form::Normal => 0.5 * a * a / b - 0.5 * b.ln() + HALF_LN_2PI,
            Form::Power(k) => ln_gamma(a / k) - a / k * b.ln() - k.abs().ln(),
            Form::Logit(_) => ln_gamma(a) + ln_gamma(b) - ln_gamma(a + b),
        };
        let proper = match form {
            Form::Normal => b > 0.0,
            Form::Power(k) => a / k > 0.0 && b > 0.0,
            Form::Logit(_) => a > 0.0 && b > 0.0,
        };
        (proper && volume.is_finite()).then_some(Member { form, a, b, volume })
    }

    /// Log density.
    pub(super) fn ln_density(&self, u: f64) -> f64 {
        let [s, t] = self.form.statistics(u);
        self.a * s + self.b * t - self.volume
    }

    /// A draw.
    pub(super) fn draw(&self, stream: &mut impl Rng) -> f64 {
        match self.form {
            Form::Normal => {
                let z: f64 = StandardNormal.sample(stream);
                (self.a + z * self.b.sqrt()) / self.b
            }
            Form::Power(k) => (ln_gamma_draw(self.a / k, stream) - self.b.ln()) / k,
            Form::Logit(c) => ln_gamma_draw(self.a, stream) - ln_gamma_draw(self.b, stream) - c,
        }
    }

    pub(super) fn form(&self) -> Form {
        self.form
    }
}

/// The logarithm of a Gamma number of this shape: it does not underflow where the shape is small.
fn ln_gamma_draw(shape: f64, stream: &mut impl Rng) -> f64 {
    let more = if shape < 1.0 { 1.0 } else { 0.0 };
    let Ok(gamma) = rand_distr::Gamma::new(shape + more, 1.0) else {
        return f64::NAN;
    };
    let drawn: f64 = gamma.sample(stream);
    if shape >= 1.0 {
        return drawn.ln();
    }
    // G(a) = G(a + 1) U^(1 / a).
    let uniform: f64 = rand_distr::Open01.sample(stream);
    drawn.ln() + uniform.ln() / shape
}

/// The family that a log density belongs to whose slopes at evenly spaced points are these.
pub(super) fn form_of(points: &[f64], slopes: &[f64]) -> Option<Form> {
    if slopes.iter().any(|g| !g.is_finite()) {
        return None;
    }
    let left = |form: Form| {
        let rows: Vec<[f64; 2]> = points.iter().map(|u| form.slopes(*u)).collect();
        let by = least_squares(&rows, slopes)?;
        Member::new(form, by[0], by[1])?;
        Some((form, left(&rows, slopes, by)))
    };
    let found: Vec<(Form, f64)> = candidates(points, slopes)
        .into_iter()
        .filter_map(left)
        .collect();
    simplest(&found, ROUNDING)
}

/// The first, which are the simplest, that leaves hardly more than the best does, and less than `met`.
pub(super) fn simplest<T: Copy>(found: &[(T, f64)], met: f64) -> Option<T> {
    let least = found.iter().map(|f| f.1).fold(f64::INFINITY, f64::min);
    let first = found
        .iter()
        .find(|f| f.1 <= (AS_GOOD * least).max(AS_SMALL))?;
    (first.1 < met).then_some(first.0)
}

/// Families whose ratio of second differences of slopes fits.
pub(super) fn candidates(points: &[f64], slopes: &[f64]) -> Vec<Form> {
    let (first, last) = (slopes[2] - slopes[0], slopes[4] - slopes[2]);
    let ratio = last / first;
    let apart = points[2] - points[0];
    let mut out = vec![Form::Normal, Form::Logit(0.0)];
    if ratio.is_nan() || ratio <= 0.0 || !ratio.is_finite() {
        return out;
    }
    let k = ratio.ln() / apart;
    let round = (2.0 * k).round() / 2.0;
    if round != 0.0 {
        out.push(Form::Power(round));
    }
    if k != 0.0 {
        out.push(Form::Power(k));
    }
    // s(u4 + c) - s(u2 + c) over s(u2 + c) - s(u0 + c) = 1 / (ratio's) falls from e^2h to e^-2h as c grows.
    let middle = points[2];
    let step = |v: f64| ln_logistic(v).exp() * ln_logistic(-v).exp();
    let of = |c: f64| {
        let v = middle + c;
        // Differences of the logistic function, without cancellation: s(y) - s(x) = s(y) s(-x) (1 - e^(x - y)).
        let up = ln_logistic(v + apart) + ln_logistic(-v);
        let down = ln_logistic(v) + ln_logistic(-(v - apart));
        up - down
    };
    let (mut low, mut high) = (-middle - 60.0, -middle + 60.0);
    for _ in 0..200 {
        let c = 0.5 * (low + high);
        match of(c) > ratio.ln() {
            true => low = c,
            false => high = c,
        }
    }
    let c = 0.5 * (low + high);
    if step(middle + c) > 1e-12 {
        // Pieces of a broken stick are shifted by the logarithm of how many are left.
        let left = (-c).exp().round();
        if left >= 1.0 {
            out.push(Form::Logit(-left.ln()));
        }
        out.push(Form::Logit(c));
    }
    out
}

/// What is left of `y` at most, as a part of its range.
fn left(rows: &[[f64; 2]], y: &[f64], [a, b]: [f64; 2]) -> f64 {
    let (low, high) = (y.iter()).fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| {
        (l.min(*v), h.max(*v))
    });
    let away = |(r, y): (&[f64; 2], &f64)| (y - a * r[0] - b * r[1]).abs();
    let most = rows.iter().zip(y).map(away).fold(0.0, f64::max);
    most / (high - low)
}

/// a and b that bring `a x + b y` nearest to these numbers, for rows (x, y); by orthogonal columns.
fn least_squares(rows: &[[f64; 2]], to: &[f64]) -> Option<[f64; 2]> {
    let dot = |f: &dyn Fn(usize) -> f64| (0..rows.len()).map(f).sum::<f64>();
    let xx = dot(&|i| rows[i][0] * rows[i][0]);
    let along = dot(&|i| rows[i][0] * rows[i][1]) / xx;
    let rest: Vec<f64> = rows.iter().map(|r| r[1] - along * r[0]).collect();
    let yy = dot(&|i| rest[i] * rest[i]);
    let b = dot(&|i| rest[i] * to[i]) / yy;
    let a = dot(&|i| rows[i][0] * (to[i] - b * rows[i][1])) / xx;
    (a.is_finite() && b.is_finite()).then_some([a, b])
}

#[cfg(test)]
mod tests {
    use super::*;
    use ppl_engine::random::Address;

    fn stream() -> impl Rng {
        let address = Address {
            seed: 3,
            purpose: 9,
            step: 0,
            block: 0,
        };
        address.stream()
    }

    const MEMBERS: [(Form, f64, f64); 8] = [
        (Form::Normal, 1.3, 4.0),
        (Form::Power(1.0), 3.5, 0.2),
        (Form::Power(-1.0), -2.5, 7.0),
        (Form::Power(-2.0), -12.0, 80.0),
        (Form::Power(1.7), 0.4, 3.0),
        (Form::Logit(0.0), 3.0, 11.0),
        (Form::Logit(-1.386_294_361_119_890_6), 0.6, 2.0),
        (Form::Logit(0.33), 5.0, 2.0),
    ];

    #[test]
    fn densities_integrate_to_one_and_draws_follow_them() {
        for (form, a, b) in MEMBERS {
            let member = Member::new(form, a, b).expect("proper");
            let (mut total, mut mean) = (0.0, 0.0);
            for i in 0..200_000 {
                let u = -100.0 + 1e-3 * f64::from(i);
                let p = 1e-3 * member.ln_density(u).exp();
                total += p;
                mean += p * u;
            }
            assert!((total - 1.0).abs() < 1e-9, "{form:?}: {total}");
            let mut stream = stream();
            let n = 40_000;
            let draws: Vec<f64> = (0..n).map(|_| member.draw(&mut stream)).collect();
            let own = draws.iter().sum::<f64>() / f64::from(n);
            let square = draws.iter().map(|u| (u - own).powi(2)).sum::<f64>() / f64::from(n);
            let se = (square / f64::from(n)).sqrt();
            assert!((own - mean).abs() < 4.5 * se, "{form:?}: {own} for {mean}");
        }
    }

    #[test]
    fn families_are_found_by_their_slopes_and_members_by_two_points() {
        for (form, a, b) in MEMBERS {
            let (centre, apart) = (0.4, 0.3);
            let points: Vec<f64> = POINTS.iter().map(|p| centre + apart * p).collect();
            let slope = |u: &f64| {
                let [s, t] = form.slopes(*u);
                a * s + b * t
            };
            let slopes: Vec<f64> = points.iter().map(slope).collect();
            let found = form_of(&points, &slopes).expect("a family");
            let near = match (found, form) {
                (Form::Power(x), Form::Power(y)) | (Form::Logit(x), Form::Logit(y)) => {
                    (x - y).abs() < 1e-9
                }
                (x, y) => x == y,
            };
            assert!(near, "{found:?} for {form:?}");
            let member = form.member(&points[1..3], &slopes[1..3]).expect("a member");
            assert!((member.a - a).abs() + (member.b - b).abs() < 1e-10 * (a.abs() + b));
            let values: Vec<f64> = points.iter().map(|u| member.ln_density(*u) + 7.0).collect();
            let (again, left) = form.of_values(&points, &values).expect("a member");
            assert!(
                left < 1e-12 && (again.a - a).abs() < 1e-8 * (a.abs() + b),
                "{form:?}"
            );
        }
    }

    #[test]
    fn what_is_of_no_family_is_seen() {
        let points: Vec<f64> = POINTS.iter().map(|p| 0.5 * p).collect();
        // A Student t, a Gumbel minus a square, a density that rises outwards.
        let all: [fn(f64) -> f64; 3] = [
            |u| -3.0 * u / (1.0 + 0.5 * u * u),
            |u| 1.0 - u.exp() - 0.1 * u,
            |u| 0.5 + u.exp(),
        ];
        for slope in all {
            let slopes: Vec<f64> = points.iter().map(|u| slope(*u)).collect();
            assert_eq!(form_of(&points, &slopes), None);
        }
    }
}
