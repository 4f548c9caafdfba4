//! The watch over a run: sees when the objective has dropped or the numbers have gone bad, and keeps the best iterate.

/// Steps between two looks.
const BLOCK: usize = 50;
/// Skipped steps in a block that are too many.
const TOO_MANY_SKIPPED: usize = 10;
/// Standard deviations of the estimate below the best mean that make a drop.
const DROP: f64 = 10.0;
/// Nats below which no difference is a drop.
const SMALLEST_DROP: f64 = 1.0;

/// What the watch saw at the end of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sight {
    Fine,
    Dropped,
    NotFinite,
}

#[derive(Debug)]
pub(super) struct Watch {
    best_params: Vec<f64>,
    best_mean: f64,
    best_sd: f64,
    steps: usize,
    skipped: usize,
    mean: f64,
    squares: f64,
}

impl Watch {
    pub(super) fn new(start: &[f64]) -> Self {
        Watch {
            best_params: start.to_vec(),
            best_mean: f64::NEG_INFINITY,
            best_sd: 0.0,
            steps: 0,
            skipped: 0,
            mean: 0.0,
            squares: 0.0,
        }
    }

    /// The last iterate of the best block so far.
    pub(super) fn best(&self) -> &[f64] {
        &self.best_params
    }

    /// Forgets the block under way.
    pub(super) fn restart(&mut self) {
        (self.steps, self.skipped, self.mean, self.squares) = (0, 0, 0.0, 0.0);
    }

    /// Takes a step's objective, `None` where it was skipped. Also returns the mean objective and its standard error at the end of a
    /// block.
    pub(super) fn push(
        &mut self,
        params: &[f64],
        elbo: Option<f64>,
    ) -> (Sight, Option<(f64, f64)>) {
        self.steps += 1;
        match elbo {
            Some(value) => {
                let delta = value - self.mean;
                self.mean += delta / (self.steps - self.skipped) as f64;
                self.squares += delta * (value - self.mean);
            }
            None => self.skipped += 1,
        }
        if self.skipped > TOO_MANY_SKIPPED {
            self.restart();
            return (Sight::NotFinite, None);
        }
        if self.steps < BLOCK {
            return (Sight::Fine, None);
        }
        let n = (self.steps - self.skipped) as f64;
        let sd = (self.squares / (n - 1.0)).sqrt();
        let summary = (self.mean, sd / n.sqrt());
        let dropped = self.mean < self.best_mean - (DROP * self.best_sd).max(SMALLEST_DROP);
        if self.mean > self.best_mean {
            self.best_mean = self.mean;
            self.best_sd = sd;
            self.best_params.copy_from_slice(params);
        }
        self.restart();
        (
            if dropped { Sight::Dropped } else { Sight::Fine },
            Some(summary),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drop_is_seen_and_the_best_is_kept() {
        let mut watch = Watch::new(&[0.0]);
        let mut block = |at: f64, elbo: f64| {
            (0..BLOCK)
                .map(|i| watch.push(&[at], Some(elbo + (i % 2) as f64)).0)
                .last()
                .unwrap()
        };
        assert_eq!(block(1.0, -100.0), Sight::Fine);
        assert_eq!(block(2.0, -50.0), Sight::Fine);
        assert_eq!(block(3.0, -54.0), Sight::Fine);
        assert_eq!(block(4.0, -60.0), Sight::Dropped);
        assert_eq!(watch.best(), [2.0]);
    }

    #[test]
    fn too_many_skipped_steps_are_seen() {
        let mut watch = Watch::new(&[0.0]);
        let sights: Vec<Sight> = (0..=TOO_MANY_SKIPPED)
            .map(|_| watch.push(&[0.0], None).0)
            .collect();
        assert_eq!(sights.last(), Some(&Sight::NotFinite));
        assert!(
            sights[..TOO_MANY_SKIPPED]
                .iter()
                .all(|sight| *sight == Sight::Fine)
        );
    }
}
