//! Where the slopes of many functions of one number each are zero, all looked for at once: steps by the secant, within what is known to
//! lie on either side, and further where the function is not yet concave.

/// Distance from the root, in sds by the curvature, that is near enough: a density is followed from any point near its mode.
const NEAR: f64 = 0.03;

/// A step by which a curvature is known, in its own sds.
const SHORT: f64 = 2.0;

/// The least part of what is left between two points that a step goes, where the curvature is not known.
const MARGIN: f64 = 0.1;

/// How many times the step before a step may be.
const LONGER: f64 = 4.0;

/// One search.
#[derive(Debug, Clone)]
pub(super) struct Root {
    pub(super) at: f64,
    /// The first step; then the last one.
    step: f64,
    /// The last point with its slope.
    before: Option<(f64, f64)>,
    /// The greatest point known with a slope upwards, the least with one downwards.
    within: (f64, f64),
    pub(super) done: bool,
}

impl Root {
    /// From a point, with an sd.
    pub(super) fn new(at: f64, sd: f64) -> Root {
        Root {
            at,
            step: sd,
            before: None,
            within: (f64::NEG_INFINITY, f64::INFINITY),
            done: false,
        }
    }

    /// Takes the slope where the search stands, and goes on from there.
    pub(super) fn take(&mut self, slope: f64) {
        if self.done {
            return;
        }
        let here = self.at;
        if !slope.is_finite() {
            // Too far: back towards the last point that had a slope.
            let Some((last, _)) = self.before else {
                self.done = true;
                return;
            };
            match here > last {
                true => self.within.1 = self.within.1.min(here),
                false => self.within.0 = self.within.0.max(here),
            }
            self.at = 0.5 * (here + last);
            return;
        }
        match slope > 0.0 {
            true => self.within.0 = self.within.0.max(here),
            false => self.within.1 = self.within.1.min(here),
        }
        let curvature = match self.before {
            Some((last, other)) if last != here => -(slope - other) / (here - last),
            _ => self.step.powi(-2),
        };
        // What the slope did over many sds is not the curvature here.
        let near = |last: f64| curvature > 0.0 && (here - last).abs() * curvature.sqrt() < SHORT;
        let known = self.before.is_some_and(|(last, _)| near(last));
        self.done = slope == 0.0 || known && slope.abs() < NEAR * curvature.sqrt();
        if self.done {
            return;
        }
        let longest = LONGER * self.step.abs();
        let step = match curvature > 0.0 {
            true => (slope / curvature).clamp(-longest, longest),
            false => longest.copysign(slope),
        };
        let (low, high) = self.within;
        let mut next = here + step;
        let width = high - low;
        if width.is_finite() {
            let margin = if known { 0.0 } else { MARGIN * width };
            next = match next > low && next < high {
                true => next.clamp(low + margin, high - margin),
                false => 0.5 * (low + high),
            };
        }
        self.before = Some((here, slope));
        self.step = (next - here).abs().max(1e-300);
        self.at = next;
    }
}

#[cfg(test)]
mod tests {
    use super::Root;

    #[test]
    fn roots_of_slopes_of_many_shapes() {
        // Slope, start, sd to begin with, root, and the sd there.
        type Case = (fn(f64) -> f64, f64, f64, f64, f64);
        let cases: [Case; 6] = [
            (|x| -(x - 3.0), -40.0, 1.0, 3.0, 1.0),
            (|x| 1.0 - x.exp(), -30.0, 1.0, 0.0, 1.0),
            (|x| 1.0 - x.exp(), 6.0, 1.0, 0.0, 1.0),
            // log u of a residual of 2 with a noise of 0.01, from far on the flat side.
            (
                |x| 1.0 + (2.0 - x.exp()) * x.exp() / 1e-4,
                -12.0,
                1.0,
                2f64.ln(),
                0.005,
            ),
            (
                |x| -4.0 * (x - 1.0) / (3.0 + (x - 1.0).powi(2)),
                50.0,
                0.1,
                1.0,
                0.87,
            ),
            (
                |x| if x > 5.0 { f64::NAN } else { 2.0 - x },
                -60.0,
                8.0,
                2.0,
                1.0,
            ),
        ];
        for (i, (slope, start, sd, root, scale)) in cases.into_iter().enumerate() {
            let mut search = Root::new(start, sd);
            let mut n = 0;
            while !search.done && n < 40 {
                search.take(slope(search.at));
                n += 1;
            }
            assert!(search.done, "case {i}: {search:?}");
            let off = (search.at - root).abs() / scale;
            assert!(off < 0.2, "case {i}: {off} sds away after {n}");
        }
    }
}
