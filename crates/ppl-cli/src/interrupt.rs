//! Ctrl-C: the first asks the fit to stop, the second ends the process at once. While the model is still being compiled there
//! is nothing to stop at, and the first one ends the process.

use crate::outcome::Outcome;
use indicatif::ProgressBar;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether Ctrl-C was pressed.
#[derive(Debug, Clone, Default)]
pub struct Interrupt {
    pressed: Arc<AtomicBool>,
    /// Whether the fit has been anywhere.
    under_way: Arc<AtomicBool>,
}

impl Interrupt {
    /// Watches from now on. Where the system allows no handler, Ctrl-C keeps its usual effect.
    pub fn watch(bar: &ProgressBar) -> Interrupt {
        let interrupt = Interrupt::default();
        let (own, bar) = (interrupt.clone(), bar.clone());
        let handler = move || {
            let again = own.pressed.swap(true, Ordering::SeqCst);
            let under_way = own.under_way.load(Ordering::SeqCst);
            let text = match (again, under_way) {
                (true, _) => None,
                (_, true) => {
                    Some("stopping at the best iterate so far; Ctrl-C again quits at once")
                }
                (_, false) => Some("interrupted before there was anything to report"),
            };
            bar.suspend(|| text.map(|text| writeln!(std::io::stderr(), "{text}")));
            if again || !under_way {
                std::process::exit(i32::from(Outcome::Interrupted.code()));
            }
        };
        // An error means that a handler is in place already or none can be had; the fit itself does not need one.
        let _ = ctrlc::set_handler(handler);
        interrupt
    }

    /// Whether to stop.
    pub fn is_set(&self) -> bool {
        self.pressed.load(Ordering::SeqCst)
    }

    /// Tells that there is something to stop at from now on.
    pub fn set_under_way(&self) {
        self.under_way.store(true, Ordering::SeqCst);
    }
}
