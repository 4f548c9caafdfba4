//! Runge-Kutta methods as tables.

/// A method with an embedded one of lower order. Stages are explicit where the diagonal is 0, else each stage is an
/// equation for itself alone.
pub(super) struct Tableau {
    /// Times of the stages, in units of the step.
    pub(super) c: &'static [f64],
    /// Weights of the earlier stages (and, on the diagonal, of itself).
    pub(super) a: &'static [&'static [f64]],
    /// Weights of the stages in the result.
    pub(super) b: &'static [f64],
    /// The result's weights less those of the embedded method.
    pub(super) error: &'static [f64],
    /// The power of the step with which the estimated error falls.
    pub(super) order: f64,
    /// The same number on the whole diagonal.
    pub(super) diagonal: f64,
}

/// Dormand and Prince 1980, 5(4). The seventh stage serves the error alone.
pub(super) const DORMAND_PRINCE: Tableau = Tableau {
    c: &[0.0, 1.0 / 5.0, 3.0 / 10.0, 4.0 / 5.0, 8.0 / 9.0, 1.0, 1.0],
    a: &[
        &[],
        &[1.0 / 5.0],
        &[3.0 / 40.0, 9.0 / 40.0],
        &[44.0 / 45.0, -56.0 / 15.0, 32.0 / 9.0],
        &[
            19372.0 / 6561.0,
            -25360.0 / 2187.0,
            64448.0 / 6561.0,
            -212.0 / 729.0,
        ],
        &[
            9017.0 / 3168.0,
            -355.0 / 33.0,
            46732.0 / 5247.0,
            49.0 / 176.0,
            -5103.0 / 18656.0,
        ],
        &[
            35.0 / 384.0,
            0.0,
            500.0 / 1113.0,
            125.0 / 192.0,
            -2187.0 / 6784.0,
            11.0 / 84.0,
        ],
    ],
    b: &[
        35.0 / 384.0,
        0.0,
        500.0 / 1113.0,
        125.0 / 192.0,
        -2187.0 / 6784.0,
        11.0 / 84.0,
        0.0,
    ],
    error: &[
        71.0 / 57600.0,
        0.0,
        -71.0 / 16695.0,
        71.0 / 1920.0,
        -17253.0 / 339200.0,
        22.0 / 525.0,
        -1.0 / 40.0,
    ],
    order: 5.0,
    diagonal: 0.0,
};

/// The L-stable singly diagonally implicit method of order 4(3) in five stages of Hairer and Wanner, Solving Ordinary
/// Differential Equations II, table IV.6.5.
pub(super) const SDIRK: Tableau = Tableau {
    c: &[1.0 / 4.0, 3.0 / 4.0, 11.0 / 20.0, 1.0 / 2.0, 1.0],
    a: &[
        &[],
        &[1.0 / 2.0],
        &[17.0 / 50.0, -1.0 / 25.0],
        &[371.0 / 1360.0, -137.0 / 2720.0, 15.0 / 544.0],
        &[25.0 / 24.0, -49.0 / 48.0, 125.0 / 16.0, -85.0 / 12.0],
    ],
    b: &[
        25.0 / 24.0,
        -49.0 / 48.0,
        125.0 / 16.0,
        -85.0 / 12.0,
        1.0 / 4.0,
    ],
    error: &[
        25.0 / 24.0 - 59.0 / 48.0,
        -49.0 / 48.0 + 17.0 / 96.0,
        125.0 / 16.0 - 225.0 / 32.0,
        0.0,
        1.0 / 4.0,
    ],
    order: 4.0,
    diagonal: 1.0 / 4.0,
};
