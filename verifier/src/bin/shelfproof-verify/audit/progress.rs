//! The progress of an audit: a bar on a terminal, a line every few seconds elsewhere, nothing with JSON.

use std::fmt::Display;
use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::args::Lang;
use crate::sentences::Text;

/// The time between two lines if there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// The progress of an audit, on standard error.
pub(super) struct Progress {
    shown: Shown,
    latest: u64,
    events: u64,
    lang: Lang,
}

enum Shown {
    Bar(ProgressBar),
    Lines { last: Instant },
    Nothing,
}

impl Progress {
    pub(super) fn new(done: u64, latest: u64, json: bool, lang: Lang) -> Self {
        let shown = if json || done >= latest {
            Shown::Nothing
        } else if io::stderr().is_terminal() {
            let bar = ProgressBar::with_draw_target(Some(latest), ProgressDrawTarget::stderr());
            let style = ProgressStyle::with_template("{msg} {bar:30} {pos}/{len} {per_sec} {eta}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.set_message(lang.text(Text::ProgressUnit));
            bar.set_position(done);
            bar.reset_eta();
            Shown::Bar(bar)
        } else {
            Shown::Lines { last: Instant::now() }
        };
        Self {
            shown,
            latest,
            events: 0,
            lang,
        }
    }

    /// Records an epoch that keeps the rules, with the number of its events.
    pub(super) fn advance(&mut self, number: u64, events: usize) {
        self.events += events as u64;
        match &mut self.shown {
            Shown::Bar(bar) => bar.set_position(number),
            Shown::Lines { last } if last.elapsed() >= LINE_EVERY || number == self.latest => {
                *last = Instant::now();
                let values: [(&str, &dyn Display); 3] =
                    [("epoch", &number), ("latest", &self.latest), ("events", &self.events)];
                eprintln!("{}", self.lang.fill(Text::Progress, &values));
            }
            Shown::Lines { .. } | Shown::Nothing => {}
        }
    }

    /// Clears the bar, and returns the number of events replayed.
    pub(super) fn finish(&self) -> u64 {
        if let Shown::Bar(bar) = &self.shown {
            bar.finish_and_clear();
        }
        self.events
    }
}
