//! Measures how the time of an epoch is spent, from the writes that a sequence reports and the time between them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use shelfproof_anchor::step::{BrokenOff, Step, StepObserver};

use super::median;

/// The steps of a sequence and how long each took, in order.
pub(super) type Spans = Vec<(&'static str, Duration)>;

/// An observer that records spans from [`Timeline::begin`] to [`Timeline::end`].
#[derive(Clone, Default)]
pub(super) struct Timeline(Arc<Mutex<Marks>>);

#[derive(Default)]
struct Marks {
    last: Option<Instant>,
    spans: Spans,
}

impl Timeline {
    pub(super) fn begin(&self) {
        *self.marks() = Marks {
            last: Some(Instant::now()),
            spans: Spans::new(),
        };
    }

    /// Returns all spans. The span after the last write is named `rest`.
    pub(super) fn end(&self, rest: &'static str) -> Spans {
        self.mark(rest);
        std::mem::take(&mut *self.marks()).spans
    }

    fn mark(&self, name: &'static str) {
        let (mut marks, now) = (self.marks(), Instant::now());
        if let Some(last) = marks.last {
            marks.spans.push((name, now - last));
            marks.last = Some(now);
        }
    }

    // No code panics while it holds the lock.
    fn marks(&self) -> MutexGuard<'_, Marks> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl StepObserver for Timeline {
    fn before(&mut self, step: Step) -> Result<(), BrokenOff> {
        self.mark(match step {
            Step::Cut => "look",
            Step::Publish => "read and compute",
            Step::StoreVariant => "try and sign",
            _ => step.name(),
        });
        Ok(())
    }

    fn after(&mut self, step: Step, _: Duration) -> Result<(), BrokenOff> {
        self.mark(step.name());
        Ok(())
    }
}

/// Formats the median of each step over rounds with the same steps, in milliseconds: `look 40, cut 35`.
pub(super) fn medians_ms(rounds: &[Spans]) -> String {
    let mut names: Vec<&str> = rounds.iter().flatten().map(|(name, _)| *name).collect();
    // Spans with the same name are listed next to each other.
    names.truncate(rounds.first().map_or(0, Vec::len));
    names.dedup();
    let shown = names.iter().map(|name| {
        let of_name = |spans: &Spans| {
            let took: Duration = spans
                .iter()
                .filter(|(other, _)| other == name)
                .map(|(_, took)| *took)
                .sum();
            took.as_secs_f64() * 1e3
        };
        let took_ms: Vec<f64> = rounds.iter().map(of_name).collect();
        format!("{name} {:.0}", median(&took_ms))
    });
    shown.collect::<Vec<_>>().join(", ")
}
