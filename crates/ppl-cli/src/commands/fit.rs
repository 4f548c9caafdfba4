//! `ppl fit`: from a model and data to a posterior on standard output and, if asked for, in a directory.

use crate::arguments::{GuideArgument, count};
use crate::former;
use crate::inputs::Inputs;
use crate::interrupt::Interrupt;
use crate::messages::{self, codes, plain};
use crate::outcome::Outcome;
use crate::output::OutputDirectory;
use crate::progress::{Watch, bar};
use crate::session::Session;
use crate::terminal::Terminal;
use ppl_lang::{Bound, FitError, FitOptions, Verdict};
use ppl_report::TableOptions;
use std::path::PathBuf;

/// Bytes of each thread's stack: that of a main thread.
const STACK: usize = 8 << 20;

/// Arguments of `ppl fit`.
#[derive(Debug, clap::Args)]
#[command(
    arg_required_else_help = true,
    after_help = "\
Examples:
  ppl fit model.ppl data.csv
  ppl fit model.ppl data.csv county=counties.csv --set n=3 --guide full-rank --out results
  ppl fit model.ppl more_rows.csv --from results

Exit codes:
  0 certified or optimised, 2 bad input, 3 approximate, 4 failed, 130 interrupted"
)]
pub struct Fit {
    #[command(flatten)]
    inputs: Inputs,
    /// Seed of all random numbers; one seed gives the same bits on any number of threads [default: 1]
    #[arg(long)]
    seed: Option<u64>,
    /// Family of the guide, where the model has none of its own
    #[arg(long, value_enum, default_value_t)]
    guide: GuideArgument,
    /// Draws from the fitted guide, for the summary and draws.csv [default: 2000]
    #[arg(long, value_name = "N", value_parser = count::<2, 1_000_000>)]
    draws: Option<usize>,
    /// Threads [default: all processors]
    #[arg(long, value_name = "N", value_parser = count::<1, 1024>)]
    threads: Option<usize>,
    /// Most gradient steps of one optimisation, after which it is stopped; a fit may go through several [default: 100000]
    #[arg(long, value_name = "N", value_parser = count::<1, 1_000_000_000>)]
    max_steps: Option<usize>,
    /// Write summary.csv, draws.csv, fit.json and pointwise.bin (for `ppl compare`) into this directory, and discrete.csv
    /// where labels are summed out
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// A directory that `ppl fit --out` wrote, of a fit to start from: of fewer rows, other groups, other priors or fewer
    /// unknowns. It is one start among the others, so that it changes the work and not the answer
    #[arg(long, value_name = "DIR")]
    from: Option<PathBuf>,
    /// Print all rows of the summary, however many
    #[arg(long)]
    full: bool,
    /// No progress on standard error; errors and warnings remain
    #[arg(long, short)]
    quiet: bool,
    /// Print the result as JSON (the content of fit.json)
    #[arg(long, conflicts_with = "full")]
    json: bool,
}

/// Runs it.
pub fn run(fit: &Fit, terminal: &Terminal) -> Outcome {
    let done = fit.threads(terminal);
    match done.and_then(|pool| pool.install(|| fit.run(terminal))) {
        Ok(outcome) | Err(outcome) => outcome,
    }
}

/// Whether there is anything to fit.
fn has_unknowns(bound: &Bound) -> bool {
    use ppl_lang::parts::model::graph::{Role, Symbol};
    let inner = bound.inner();
    let free = |s: &Symbol| matches!(s.role, Role::Param(_)) || s.is_discrete_site();
    inner.model.symbols.iter().any(free) || inner.n_unknowns() > 0
}

impl Fit {
    fn run(&self, terminal: &Terminal) -> Result<Outcome, Outcome> {
        let session = Session::open(&self.inputs, terminal)?;
        let bound = session.bind()?;
        if !has_unknowns(&bound) {
            let inner = bound.inner();
            let (message, help) = match inner.model.sites().next() {
                None => (
                    "the model has no unknowns: nothing is sampled and there is no param"
                        .to_owned(),
                    "state what is unknown, as in `mu ~ Normal(0, 10);`",
                ),
                Some((_, site)) => (
                    format!(
                        "nothing is left to be inferred: `{}{}` has one possible value, as its axis has one level",
                        site.name,
                        inner.model.bracket(&site.axes)
                    ),
                    "give the axis more levels, or leave it out of the model",
                ),
            };
            let error = plain(codes::NO_UNKNOWNS, message);
            return Err(session.refuse(&[error.help(help)]));
        }
        let output = self
            .out
            .as_deref()
            .map(OutputDirectory::prepare)
            .transpose();
        let output = output.map_err(|error| session.refuse(&[error.diagnostic()]))?;
        let former = self.from.as_deref().map(former::read).transpose();
        let options = FitOptions {
            former: former.map_err(|error| session.refuse(&[error]))?,
            ..self.options()
        };
        let (fit, interrupted) = self.fit(&session, &bound, &options, terminal)?;
        // What was cut short takes no complete fit's place.
        let kept = interrupted && output.as_ref().is_some_and(OutputDirectory::holds_fit);
        if let Some(output) = output.as_ref().filter(|_| kept) {
            terminal.note(&format!(
                "{} keeps its former fit: the interrupted one is not written",
                output.path().display()
            ));
        }
        let output = output.filter(|_| !kept);
        // Files first: whoever reads standard output may have gone away.
        if let Some(output) = &output {
            output
                .write(&fit)
                .map_err(|error| session.refuse(&[error.diagnostic()]))?;
        }
        terminal.result(&self.report(&fit, terminal))?;
        let outcome = match &fit.verdict {
            _ if interrupted => Outcome::Interrupted,
            Verdict::Certified { .. } | Verdict::Optimised { .. } => Outcome::Done,
            Verdict::Approximate { .. } => Outcome::Approximate,
            Verdict::Failed { .. } => Outcome::Failed,
        };
        if let Some(fault) = &fit.fault {
            session.print(std::slice::from_ref(fault));
        }
        self.conclude(&fit, outcome, output.as_ref(), terminal);
        Ok(outcome)
    }

    fn options(&self) -> FitOptions {
        let default = FitOptions::default();
        FitOptions {
            seed: self.seed.unwrap_or(default.seed),
            guide: self.guide.into(),
            draws: self.draws.unwrap_or(default.draws),
            max_steps: self.max_steps.unwrap_or(default.max_steps),
            pointwise: self.out.is_some(),
            ..default
        }
    }

    /// The threads that share the work, reading included.
    fn threads(&self, terminal: &Terminal) -> Result<rayon::ThreadPool, Outcome> {
        let threads = self
            .threads
            .or_else(|| std::thread::available_parallelism().ok().map(usize::from));
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads.unwrap_or(1))
            .stack_size(STACK)
            .build()
            .map_err(|error| {
                let error = plain(codes::SYSTEM, format!("cannot start threads: {error}"))
                    .help("ask for fewer: `--threads 1`");
                messages::print(&[error], "", "", terminal);
                Outcome::BadInput
            })
    }

    /// The fit, and whether it was interrupted.
    fn fit(
        &self,
        session: &Session,
        bound: &Bound,
        options: &FitOptions,
        terminal: &Terminal,
    ) -> Result<(ppl_lang::Fit, bool), Outcome> {
        let bar = bar(terminal.progress && !self.quiet);
        let mut watch = Watch::new(bar.clone(), Interrupt::watch(&bar));
        let result = bound.fit(options, &mut watch);
        bar.finish_and_clear();
        match result {
            Ok(fit) => Ok((fit, watch.interrupted)),
            Err(_) if watch.interrupted => {
                terminal.note("interrupted before there was anything to report");
                Err(Outcome::Interrupted)
            }
            Err(error @ FitError::Former) => {
                let error = plain(codes::FIT_DIRECTORY, error.to_string());
                Err(session.refuse(&[error.help(
                    "give `--from` the fit of a model that shares unknowns with this one, by name",
                )]))
            }
            Err(error) => Err(session.refuse_fit(&error, bound)),
        }
    }

    /// What standard output gets.
    fn report(&self, fit: &ppl_lang::Fit, terminal: &Terminal) -> String {
        if self.json {
            return ppl_report::fit_json(fit);
        }
        let defaults = TableOptions::default();
        let rest = match &self.out {
            Some(directory) => format!("see {}", directory.join("summary.csv").display()),
            None => "--full prints all, --out DIR writes all".to_owned(),
        };
        let options = TableOptions {
            width: terminal.width,
            rows_per_site: if self.full {
                None
            } else {
                defaults.rows_per_site
            },
            rest,
        };
        format!(
            "{}{}\n{}",
            ppl_report::summary_table_with(fit, &options),
            ppl_report::discrete_lines(fit),
            ppl_report::elbo_block(fit)
        )
    }

    /// The last words on standard error: always where something is amiss, else unless quiet.
    fn conclude(
        &self,
        fit: &ppl_lang::Fit,
        outcome: Outcome,
        output: Option<&OutputDirectory>,
        terminal: &Terminal,
    ) {
        let reason = fit.verdict.reason();
        match outcome {
            Outcome::Interrupted => {
                terminal.note(&format!(
                    "interrupted after {} steps: this is the best iterate so far",
                    fit.steps
                ));
            }
            Outcome::Approximate => terminal.note(&format!("the fit is approximate: {reason}")),
            Outcome::Failed => terminal.note(&format!("the fit failed: {reason}")),
            Outcome::Done | Outcome::WouldChange | Outcome::BadInput => {}
        }
        if let Some(output) = output.filter(|_| !self.quiet) {
            let mut files = crate::output::FILES.to_vec();
            files.extend(crate::output::also(fit));
            terminal.note(&format!(
                "wrote {} to {}",
                files.join(", "),
                output.path().display()
            ));
        }
    }
}
