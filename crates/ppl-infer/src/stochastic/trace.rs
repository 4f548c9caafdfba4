//! The path of the iterates at one step size, as at most 32 block means of equal length.

/// Blocks at most; then neighbours are merged and blocks are twice as long.
const BLOCKS: usize = 32;
/// Steps in a block at first.
const SHORTEST_BLOCK: usize = 10;
/// Parameters whose variance is followed, evenly spaced over all of them.
const TRACKED: usize = 1000;

#[derive(Debug)]
pub(super) struct Trace {
    /// Sums are of the deviations from here.
    origin: Vec<f64>,
    /// Block x parameter: sums of deviations. The row after the last full block is being filled.
    sums: Vec<f64>,
    /// Block x tracked parameter: sums of squared deviations.
    squares: Vec<f64>,
    elbo_sums: [f64; BLOCKS + 1],
    tracked: Vec<usize>,
    n_blocks: usize,
    block_len: usize,
    in_block: usize,
}

impl Trace {
    pub(super) fn new(n_params: usize) -> Self {
        let stride = n_params.div_ceil(TRACKED).max(1);
        let tracked: Vec<usize> = (0..n_params).step_by(stride).collect();
        Trace {
            origin: vec![0.0; n_params],
            sums: vec![0.0; (BLOCKS + 1) * n_params],
            squares: vec![0.0; (BLOCKS + 1) * tracked.len()],
            elbo_sums: [0.0; BLOCKS + 1],
            tracked,
            n_blocks: 0,
            block_len: SHORTEST_BLOCK,
            in_block: 0,
        }
    }

    /// Empties the trace.
    pub(super) fn reset(&mut self, origin: &[f64]) {
        self.origin.copy_from_slice(origin);
        self.n_blocks = 0;
        self.block_len = SHORTEST_BLOCK;
        self.in_block = 0;
    }

    /// Adds an iterate and the objective there.
    pub(super) fn push(&mut self, params: &[f64], elbo: f64) {
        let (n, row) = (self.origin.len(), self.n_blocks);
        let sums = &mut self.sums[row * n..(row + 1) * n];
        let squares = &mut self.squares[row * self.tracked.len()..(row + 1) * self.tracked.len()];
        if self.in_block == 0 {
            sums.fill(0.0);
            squares.fill(0.0);
            self.elbo_sums[row] = 0.0;
        }
        for ((sum, x), origin) in sums.iter_mut().zip(params).zip(&self.origin) {
            *sum += x - origin;
        }
        for (square, &i) in squares.iter_mut().zip(&self.tracked) {
            *square += (params[i] - self.origin[i]).powi(2);
        }
        self.elbo_sums[row] += elbo;
        self.in_block += 1;
        if self.in_block == self.block_len {
            self.in_block = 0;
            self.n_blocks += 1;
            if self.n_blocks == BLOCKS {
                self.merge();
            }
        }
    }

    fn merge(&mut self) {
        merge_rows(&mut self.sums, self.origin.len());
        merge_rows(&mut self.squares, self.tracked.len());
        merge_rows(&mut self.elbo_sums, 1);
        self.n_blocks /= 2;
        self.block_len *= 2;
    }

    /// Steps in the full blocks.
    pub(super) fn len(&self) -> usize {
        self.n_blocks * self.block_len
    }

    /// The window that counts: the last half of the full blocks or a little less, as four quarters of equal length. `None`
    /// where there are fewer than eight blocks.
    pub(super) fn window(&self) -> Option<Window> {
        let quarter = self.n_blocks / 8;
        (quarter > 0).then_some(Window {
            first: self.n_blocks - 4 * quarter,
            quarter,
        })
    }

    /// Mean of the iterates over each quarter of a window.
    pub(super) fn quarters(&self, window: Window, out: &mut [Vec<f64>; 4]) {
        for (k, mean) in out.iter_mut().enumerate() {
            self.mean(window.first + k * window.quarter, window.quarter, mean);
        }
    }

    fn mean(&self, first: usize, blocks: usize, out: &mut [f64]) {
        let n = self.origin.len();
        let scale = 1.0 / (blocks * self.block_len) as f64;
        out.fill(0.0);
        for row in first..first + blocks {
            for (mean, sum) in out.iter_mut().zip(&self.sums[row * n..(row + 1) * n]) {
                *mean += sum * scale;
            }
        }
        for (mean, origin) in out.iter_mut().zip(&self.origin) {
            *mean += origin;
        }
    }

    /// Largest split R-hat of a tracked parameter over the window: sqrt of ((n-1)/n W + B/n) / W, with W the mean variance of
    /// the iterates within the halves and B/n the variance of the two means (Gelman et al., Bayesian Data Analysis, 11.4).
    pub(super) fn r_hat(&self, window: Window) -> f64 {
        let (n, t) = (self.origin.len(), self.tracked.len());
        let half = 2 * window.quarter;
        let len = (half * self.block_len) as f64;
        let mut largest = 1.0f64;
        for (k, &i) in self.tracked.iter().enumerate() {
            let of = |first: usize| {
                let rows = first..first + half;
                let mean = rows.clone().map(|row| self.sums[row * n + i]).sum::<f64>() / len;
                let square = rows.map(|row| self.squares[row * t + k]).sum::<f64>() / len;
                (mean, (square - mean * mean).max(0.0) * len / (len - 1.0))
            };
            let (early, late) = (of(window.first), of(window.first + half));
            let within = 0.5 * (early.1 + late.1);
            let between = 0.5 * (early.0 - late.0).powi(2);
            // An iterate that never moved is stationary.
            if between > 0.0 {
                largest = largest.max(((len - 1.0) / len + between / within).sqrt());
            }
        }
        largest
    }

    /// Mean objective over the first, second and last third of the full blocks.
    pub(super) fn elbo_thirds(&self) -> [f64; 3] {
        let third = (self.n_blocks / 3).max(1);
        let scale = 1.0 / (third * self.block_len) as f64;
        [0, 1, 2].map(|k| {
            self.elbo_sums[k * third..(k + 1) * third]
                .iter()
                .sum::<f64>()
                * scale
        })
    }
}

/// The blocks `first .. first + 4 quarter`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    first: usize,
    quarter: usize,
}

/// Adds each even row and the odd one after it into the row at half its index.
fn merge_rows(rows: &mut [f64], width: usize) {
    for row in 0..BLOCKS / 2 {
        for i in 0..width {
            rows[row * width + i] = rows[2 * row * width + i] + rows[(2 * row + 1) * width + i];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trace(len: usize, path: impl Fn(usize) -> f64) -> Trace {
        let mut trace = Trace::new(2);
        trace.reset(&[path(0), 5.0]);
        for i in 0..len {
            trace.push(&[path(i), 5.0], i as f64);
        }
        trace
    }

    #[test]
    fn quarters_are_means_of_the_last_half() {
        let trace = trace(1280, |i| i as f64);
        let mut quarters: [Vec<f64>; 4] = std::array::from_fn(|_| vec![0.0; 2]);
        trace.quarters(trace.window().unwrap(), &mut quarters);
        assert_eq!(trace.len(), 1280);
        for (k, quarter) in quarters.iter().enumerate() {
            assert_eq!(quarter[0], 640.0 + 160.0 * k as f64 + 79.5);
            assert_eq!(quarter[1], 5.0);
        }
    }

    #[test]
    fn r_hat_tells_a_trend_from_noise() {
        let noise = |i: usize| ((i * 7919) % 1009) as f64 / 1009.0;
        let still = trace(2000, |i| 1e6 + noise(i));
        let moving = trace(2000, |i| 1e6 + noise(i) + i as f64 * 1e-3);
        assert!(still.r_hat(still.window().unwrap()) < 1.01);
        assert!(moving.r_hat(moving.window().unwrap()) > 1.1);
    }

    #[test]
    fn short_traces_have_no_window() {
        assert!(trace(79, |_| 0.0).window().is_none());
        assert!(trace(80, |_| 0.0).window().is_some());
    }
}
