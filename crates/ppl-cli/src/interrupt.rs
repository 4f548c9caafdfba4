//! Ctrl-C: the first asks the fit to stop, the second ends the process at once.

use crate::outcome::Outcome;
use indicatif::ProgressBar;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether Ctrl-C was pressed.
#[derive(Debug, Clone, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Watches from now on. Where the system allows no handler, Ctrl-C keeps its usual effect.
    pub fn watch(bar: &ProgressBar) -> Interrupt {
        let interrupt = Interrupt::default();
        let (flag, bar) = (Arc::clone(&interrupt.0), bar.clone());
        let handler = move || {
            if flag.swap(true, Ordering::SeqCst) {
                std::process::exit(i32::from(Outcome::Interrupted.code()));
            }
            bar.suspend(|| {
                let _ = writeln!(
                    std::io::stderr(),
                    "stopping at the best iterate so far; Ctrl-C again quits at once"
                );
            });
        };
        // An error means that a handler is in place already or none can be had; the fit itself does not need one.
        let _ = ctrlc::set_handler(handler);
        interrupt
    }

    /// Whether to stop.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}
