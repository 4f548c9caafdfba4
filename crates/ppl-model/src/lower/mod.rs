//! A bound model as nodes of a program: one way from the graph to the engine, for model and guide alike.

mod arrays;
mod axes;
mod chains;
mod constrain;
mod density;
mod departures;
mod equation;
mod evaluate;
mod expr;
mod groups;
mod guarded;
mod guide;
mod innovations;
mod inspect;
mod inverse;
mod kinds;
mod linear;
mod links;
mod marginal;
mod mass;
mod modified;
mod params;
mod prediction;
mod ranges;
mod recurrence;
mod reductions;
mod sampled;
mod sequences;
mod site_map;
mod standardise;
mod substitute;
mod symbols;
mod units;
mod visits;

pub use axes::AxisMap;
pub use constrain::Free;
pub use density::{Role, Term};
pub(crate) use expr::wrong_length;
pub(crate) use groups::check_groups;
pub use guide::{DiscreteDraw, GaussianDraw, GuideDraw, NoiseBlock, NoiseKind};
pub use inspect::{Inspection, Part};
pub use inverse::{Inverse, PriorUnits};
pub use links::{ByCopies, Structure};
pub use marginal::{Coupled, MAX_TABLE, SummedOut, TooDear, summed_out};
pub use prediction::PredictedBranch;
pub use site_map::SiteMap;
pub(crate) use substitute::MOST_MIXED;
pub use symbols::ParamBlock;
pub use units::{Observed, Units};

use crate::bind::Bound;
use crate::graph::SymbolId;
use crate::lets::Lets;
use ppl_core::{AxisId, AxisSet, Builder, Expr, IndexId, NodeId};
use ppl_syntax::diagnostic::Diagnostic;
use std::cell::{Cell, OnceCell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

/// Events of families without an array form are written out element by element; longer ones are refused.
pub const MAX_EVENT: usize = 64;

/// Lowers expressions of one bound model into one builder.
pub struct Lowering<'a, 'b> {
    /// The model with its data.
    pub bound: &'a Bound,
    /// Where nodes are written.
    pub builder: &'b Builder,
    /// Which program axis each axis of the model is.
    pub axes: &'a AxisMap,
    /// What replaces parts of expressions, where one element of a recurrence is lowered.
    step: Option<&'a dyn recurrence::Replace<'b>>,
    /// Whether a guide's draw is its noise: location 0 and scale 1, whatever its parameters say.
    of_noise: bool,
    values: RefCell<HashMap<SymbolId, Expr<'b>>>,
    latents: RefCell<HashMap<SymbolId, Expr<'b>>>,
    indices: RefCell<HashMap<(SymbolId, AxisId, AxisSet), IndexId>>,
    ranges: RefCell<Vec<ranges::Range>>,
    components: RefCell<HashMap<(NodeId, AxisId, usize), Expr<'b>>>,
    /// How discrete sites are read.
    readings: RefCell<Vec<marginal::Reading>>,
    /// Enumeration axes by size, beyond those that the axis map holds.
    more_slots: RefCell<Vec<(usize, AxisId)>>,
    /// Axes of the instances of factors, by size.
    instance_axes: RefCell<HashMap<usize, AxisId>>,
    /// Axes of the members of groups, by their length.
    member_axes: RefCell<HashMap<usize, AxisId>>,
    /// Added to the log density of each value of each element of a discrete site.
    probes: RefCell<HashMap<SymbolId, Expr<'b>>>,
    /// Whether the largest term stands in place of every sum over a discrete site.
    pub most_probable: Cell<bool>,
    /// How statements read discrete sites that the guide draws.
    drawn_reads: RefCell<sampled::DrawnReads>,
    /// The axes along which the values of such sites are listed for their own densities.
    own_slots: RefCell<HashMap<SymbolId, AxisId>>,
    /// The way to read such a site that has all its values listed.
    listed: Option<sampled::DrawnRead>,
    /// Sites whose elimination was given up.
    given_up: RefCell<Vec<SymbolId>>,
    /// Which elements meet in factors, where that is asked for.
    pub couplings: RefCell<Option<Vec<marginal::Coupled>>>,
    /// The log likelihood unit by unit, where that is asked for.
    pub units: RefCell<Option<Units<'b>>>,
    /// Which lets read which, once somebody asked.
    lets: OnceCell<Rc<Lets>>,
    /// How the sites were summed out.
    pub summed_out: RefCell<Vec<SummedOut>>,
    /// Parameters met so far.
    pub params: RefCell<Vec<ParamBlock>>,
    /// Noise met so far.
    pub noise: RefCell<Vec<NoiseBlock>>,
}

/// What lowering gives: a value, or a message about a limit that only sizes can tell.
pub type Lowered<T> = Result<T, Box<Diagnostic>>;

impl<'a, 'b> Lowering<'a, 'b> {
    /// Starts lowering; `builder` must have been made with `axes.program_axes(…)`.
    pub fn new(bound: &'a Bound, axes: &'a AxisMap, builder: &'b Builder) -> Self {
        Lowering {
            bound,
            builder,
            axes,
            step: None,
            of_noise: false,
            values: Default::default(),
            latents: Default::default(),
            indices: Default::default(),
            components: Default::default(),
            ranges: Default::default(),
            readings: Default::default(),
            more_slots: Default::default(),
            instance_axes: Default::default(),
            member_axes: Default::default(),
            probes: Default::default(),
            most_probable: Default::default(),
            drawn_reads: Default::default(),
            own_slots: Default::default(),
            listed: None,
            given_up: Default::default(),
            couplings: Default::default(),
            units: Default::default(),
            lets: Default::default(),
            summed_out: Default::default(),
            params: Default::default(),
            noise: Default::default(),
        }
    }

    /// The same, with the guide's noise for its draws: the log density becomes a function of the unconstrained vector.
    pub fn of_noise(bound: &'a Bound, axes: &'a AxisMap, builder: &'b Builder) -> Self {
        Lowering {
            of_noise: true,
            ..Lowering::new(bound, axes, builder)
        }
    }

    /// The same model at the same values of the latents, with the values of one drawn site listed where it is read that way.
    fn listing(other: &Lowering<'a, 'b>, read: sampled::DrawnRead) -> Self {
        Lowering {
            listed: Some(read),
            latents: other.latents.clone(),
            more_slots: other.more_slots.clone(),
            own_slots: other.own_slots.clone(),
            lets: other.lets.clone(),
            instance_axes: other.instance_axes.clone(),
            member_axes: other.member_axes.clone(),
            ..Lowering::new(other.bound, other.axes, other.builder)
        }
    }

    /// Lowers one element of a recurrence.
    fn of_step(
        bound: &'a Bound,
        axes: &'a AxisMap,
        builder: &'b Builder,
        step: &'a dyn recurrence::Replace<'b>,
    ) -> Self {
        Lowering {
            step: Some(step),
            ..Lowering::new(bound, axes, builder)
        }
    }

    fn lets(&self) -> Rc<Lets> {
        let find = || Rc::new(Lets::of(&self.bound.model));
        self.lets.get_or_init(find).clone()
    }

    /// Says what value a latent has.
    pub fn set_latent(&self, site: SymbolId, value: Expr<'b>) {
        self.latents.borrow_mut().insert(site, value);
    }

    /// The value of a latent, once a guide has drawn it.
    pub fn latent(&self, site: SymbolId) -> Option<Expr<'b>> {
        self.latents.borrow().get(&site).copied()
    }
}
