//! Addressed random numbers for tests.

/// Standard normal numbers addressed by seed, step and index: Box-Muller on splitmix64.
pub struct Noise {
    state: u64,
    spare: Option<f64>,
}

impl Noise {
    pub fn at(seed: u64, step: u64) -> Self {
        let mut noise = Noise {
            state: seed.wrapping_mul(0xD134_2543_DE82_EF95)
                ^ step.wrapping_mul(0x2545_F491_4F6C_DD1D),
            spare: None,
        };
        noise.bits();
        noise
    }

    fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub fn normal(&mut self) -> f64 {
        if let Some(z) = self.spare.take() {
            return z;
        }
        let unit = |bits: u64| ((bits >> 11) as f64 + 0.5) / (1u64 << 53) as f64;
        let (u, v) = (unit(self.bits()), unit(self.bits()));
        let radius = (-2.0 * u.ln()).sqrt();
        let (sin, cos) = (std::f64::consts::TAU * v).sin_cos();
        self.spare = Some(radius * sin);
        radius * cos
    }
}
