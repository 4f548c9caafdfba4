//! The progress bar, which is also where an interrupt reaches the fit.

use crate::interrupt::Interrupt;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use ppl_lang::{Observer, Progress};
use std::time::{Duration, Instant};

const TEMPLATE: &str =
    "{prefix:<9} [{bar:20}] {human_pos} of at most {human_len} steps  {msg}  {elapsed}";
const REDRAW: Duration = Duration::from_millis(50);

/// A bar on standard error, or one that shows nothing.
pub fn bar(visible: bool) -> ProgressBar {
    let target = if visible {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    };
    let style =
        ProgressStyle::with_template(TEMPLATE).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::with_draw_target(None, target).with_style(style.progress_chars("=> "))
}

/// Shows how far the fit is, and stops it when interrupted.
pub struct Watch {
    bar: ProgressBar,
    interrupt: Interrupt,
    drawn: Option<Instant>,
    /// Whether the fit was told to stop.
    pub interrupted: bool,
}

impl Watch {
    /// A watch that draws on a bar.
    pub fn new(bar: ProgressBar, interrupt: Interrupt) -> Watch {
        Watch {
            bar,
            interrupt,
            drawn: None,
            interrupted: false,
        }
    }

    fn draw(&mut self, progress: Progress) {
        self.drawn = Some(Instant::now());
        self.bar.set_length(progress.max_steps as u64);
        self.bar.set_position(progress.step as u64);
        self.bar.set_prefix(progress.phase);
        self.bar.set_message(elbo(progress));
    }
}

impl Observer for Watch {
    fn progress(&mut self, progress: Progress) -> bool {
        // Texts are made at the pace of the eye: between them a call costs a clock reading.
        if !self.bar.is_hidden() && self.drawn.is_none_or(|drawn| drawn.elapsed() >= REDRAW) {
            self.draw(progress);
        }
        self.interrupt.set_under_way();
        self.interrupted |= self.interrupt.is_set();
        !self.interrupted
    }
}

fn elbo(progress: Progress) -> String {
    if !progress.elbo.is_finite() {
        return String::new();
    }
    if !progress.elbo_se.is_finite() {
        return format!("ELBO {:.2}", progress.elbo);
    }
    format!("ELBO {:.2} ± {:.2}", progress.elbo, progress.elbo_se)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elbo_is_shown_where_known() {
        let mut progress = Progress {
            phase: "race",
            step: 1,
            max_steps: 9,
            elbo: f64::NAN,
            elbo_se: f64::NAN,
        };
        assert_eq!(elbo(progress), "");
        progress.elbo = -31.416;
        assert_eq!(elbo(progress), "ELBO -31.42");
        progress.elbo_se = 0.1;
        assert_eq!(elbo(progress), "ELBO -31.42 ± 0.10");
    }

    #[test]
    fn the_template_is_valid() {
        assert!(ProgressStyle::with_template(TEMPLATE).is_ok());
    }
}
