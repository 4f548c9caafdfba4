//! Passes: functions from programs to programs, a file each.

pub mod cases;
pub mod dead;
pub mod fold;
pub mod hoist;
pub mod lift;
pub mod linear_fold;
pub mod linear_in;
pub mod merge;
pub mod multiples;
pub mod narrow;
pub(crate) mod rebuild;
pub mod square_fold;
pub mod stage;
pub mod unroll;
pub mod widen;

use crate::program::Program;

/// What a pass did, for `ppl check --explain`.
#[derive(Debug, Clone)]
pub struct PassReport {
    /// Name of the pass.
    pub pass: &'static str,
    /// One line.
    pub summary: String,
}

/// A pass and its name.
type Pass = (&'static str, fn(&Program) -> Program);

/// The passes in the order in which they run. Folding comes again after the passes that make new data-only nodes.
const PASSES: [Pass; 12] = [
    ("dead", dead::dead),
    ("fold", fold::fold),
    ("cases", cases::cases),
    ("square_fold", square_fold::square_fold),
    ("unroll", unroll::unroll),
    ("linear_fold", linear_fold::linear_fold),
    ("fold", fold::fold),
    ("hoist", hoist::hoist),
    ("merge", merge::merge),
    ("fold", fold::fold),
    ("multiples", multiples::multiples),
    ("dead", dead::dead),
];

/// All passes in order: dead nodes dropped, data-only nodes folded, small axes unrolled, equal nodes merged, products and sums in
/// normal form, linear nodes pull out factors. Outputs keep their axes and their values (up to rounding).
///
/// Best run twice: on the density before [`crate::gradient`], so that adjoints inherit its form (an unrolled mixture then
/// shares its responsibilities), and on density and gradient together.
pub fn optimise(program: Program) -> (Program, Vec<PassReport>) {
    optimise_with(program, Folding::Sums)
}

/// Whether sums over rows that data determine are folded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Folding {
    /// Linear sums, sums of squares of linear forms, and sums whose rows have several forms.
    #[default]
    Sums,
    /// None: every row is visited.
    Rows,
}

/// Passes that make sums over rows cheaper by their form, and change them by rounding alone.
const FOLDING: [&str; 3] = ["cases", "linear_fold", "square_fold"];

/// The same, with or without the passes that fold sums.
pub fn optimise_with(program: Program, folding: Folding) -> (Program, Vec<PassReport>) {
    let mut reports = vec![];
    let mut current = program;
    for (name, pass) in PASSES {
        if folding == Folding::Rows && FOLDING.contains(&name) {
            continue;
        }
        let before = current.nodes.len();
        current = pass(&current);
        let live = rebuild::live(&current).iter().filter(|live| **live).count();
        reports.push(PassReport {
            pass: name,
            summary: format!("{before} nodes before, {live} needed after"),
        });
    }
    (current, reports)
}
