//! Where draws come from: the guide's own program, or a guide that has none and hands over points with their log densities.

use ppl_core::Builder;
use ppl_model::Bound;
use ppl_model::lower::{AxisMap, Lowering};

/// Draws on the unconstrained scale with their log densities there.
#[derive(Debug, Clone, Default)]
pub(crate) struct Drawn {
    /// Length of a draw.
    pub(crate) d: usize,
    /// A row each.
    pub(crate) points: Vec<f64>,
    /// log q of each.
    pub(crate) log_q: Vec<f64>,
    /// Standard error that all of log q have in common.
    pub(crate) error: f64,
    /// How they came to be where they are.
    pub(crate) way: Way,
}

/// How draws came to be where they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Way {
    /// They were drawn there.
    #[default]
    None,
    /// By many steps, whose densities log q stands for.
    Steps,
    /// The same, but for theta of a nested guide, which stays where it was drawn.
    StepsGivenTheta,
}

/// Where draws come from.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    /// The parameters of the guide's program.
    pub(crate) params: &'a [f64],
    /// The draws, where they are not the program's.
    pub(crate) outside: Option<&'a Drawn>,
}

impl<'a> Source<'a> {
    /// The guide with these parameters.
    pub(crate) fn guide(params: &'a [f64]) -> Source<'a> {
        Source {
            params,
            outside: None,
        }
    }

    /// How the model is lowered: at the guide's values, or at the noise, which then is the unconstrained vector.
    pub(crate) fn lowering<'b>(
        &self,
        bound: &'a Bound,
        axes: &'a AxisMap,
        builder: &'b Builder,
    ) -> Lowering<'a, 'b> {
        match self.outside {
            None => Lowering::new(bound, axes, builder),
            Some(_) => Lowering::of_noise(bound, axes, builder),
        }
    }
}
