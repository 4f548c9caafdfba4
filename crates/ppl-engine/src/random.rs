//! Randomness is an address: equal addresses give equal numbers, whoever asks, on however many threads.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// Where a stream of random numbers begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address {
    /// The run's seed.
    pub seed: u64,
    /// What the numbers are for.
    pub purpose: u32,
    /// The step of the run.
    pub step: u64,
    /// The block within the step: whatever must not depend on how work is split has its own.
    pub block: u64,
}

impl Address {
    /// The generator that stands at this address.
    pub fn stream(self) -> ChaCha8Rng {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&self.seed.to_le_bytes());
        key[8..12].copy_from_slice(&self.purpose.to_le_bytes());
        key[16..24].copy_from_slice(&self.step.to_le_bytes());
        let mut stream = ChaCha8Rng::from_seed(key);
        stream.set_stream(self.block);
        stream
    }
}

/// Standard normal numbers.
pub fn fill_normal(out: &mut [f64], address: Address) {
    fill_normal_from(out, &mut address.stream());
}

/// The next ones of a generator.
pub fn fill_normal_from(out: &mut [f64], stream: &mut ChaCha8Rng) {
    for x in out {
        *x = StandardNormal.sample(stream);
    }
}

/// Uniform numbers between 0 and 1, both excluded.
pub fn fill_uniform(out: &mut [f64], address: Address) {
    let mut stream = address.stream();
    for x in out {
        // The middles of 2^52 equal cells.
        *x = ((stream.next_u64() >> 12) as f64 + 0.5) / 4_503_599_627_370_496.0;
    }
}
