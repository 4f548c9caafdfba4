//! Adam (Kingma and Ba 2015) with bias correction and a second moment that forgets polynomially.

/// Moments of the gradient.
#[derive(Debug, Clone)]
pub(crate) struct Adam {
    mean: Vec<f64>,
    square: Vec<f64>,
    mean_debt: f64,
    square_debt: f64,
    steps: u64,
}

/// Decay of the first moment.
const MEAN_DECAY: f64 = 0.9;
/// Weight of a new squared gradient at first; `FORGETTING / steps` later.
const SQUARE_WEIGHT: f64 = 0.01;
/// The squared gradients of the last fifth or so of all steps count. A fixed weight would leave a bias that no step size
/// removes, because a gradient's skew correlates with its own normaliser; here that vanishes, as in Welandawe et al.
const FORGETTING: f64 = 5.0;
const EPSILON: f64 = 1e-8;

impl Adam {
    pub(crate) fn new(n_params: usize) -> Self {
        Adam {
            mean: vec![0.0; n_params],
            square: vec![0.0; n_params],
            mean_debt: 1.0,
            square_debt: 1.0,
            steps: 0,
        }
    }

    /// Forgets everything.
    pub(crate) fn reset(&mut self) {
        self.forget_direction();
        self.square.fill(0.0);
        self.square_debt = 1.0;
        self.steps = 0;
    }

    /// Forgets the direction but not the scale, for a jump to another point nearby.
    pub(super) fn forget_direction(&mut self) {
        self.mean.fill(0.0);
        self.mean_debt = 1.0;
    }

    /// One step uphill, in place.
    pub(crate) fn step(&mut self, params: &mut [f64], gradient: &[f64], step_size: f64) {
        self.steps += 1;
        let weight = SQUARE_WEIGHT.min(FORGETTING / self.steps as f64);
        self.mean_debt *= MEAN_DECAY;
        self.square_debt *= 1.0 - weight;
        let rate = step_size / (1.0 - self.mean_debt);
        let square_correction = 1.0 / (1.0 - self.square_debt);
        for (((x, g), m), v) in params
            .iter_mut()
            .zip(gradient)
            .zip(&mut self.mean)
            .zip(&mut self.square)
        {
            *m += (1.0 - MEAN_DECAY) * (g - *m);
            *v += weight * (g * g - *v);
            *x += rate * *m / ((*v * square_correction).sqrt() + EPSILON);
        }
    }
}
