//! The writes that bring an epoch, or an owner's call, onto the chain. After each of them a crash leaves a state from
//! which the next start continues.
//!
//! Every write goes through [`write`], which calls an observer before and after it: `run` measures there, and a test
//! breaks off there. A new write gets its variant here and a place in [`Step::ALL`]; the test that breaks off at each
//! step then covers it.

use std::time::{Duration, Instant};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    Cut,
    /// Writes the epoch's data file.
    Publish,
    CommitRoots,
    StoreIntent,
    StoreVariant,
    Send,
    CloseIntent,
    /// Writes the epoch's proofs file, and advances the history map.
    Finalise,
    /// Stores the epoch's final block in the database.
    Finish,
}

impl Step {
    /// Every step, in the order in which an epoch takes them.
    pub const ALL: [Self; 9] = [
        Self::Cut,
        Self::Publish,
        Self::CommitRoots,
        Self::StoreIntent,
        Self::StoreVariant,
        Self::Send,
        Self::CloseIntent,
        Self::Finalise,
        Self::Finish,
    ];

    /// The value of the metrics' label `step`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cut => "cut",
            Self::Publish => "publish",
            Self::CommitRoots => "commit_roots",
            Self::StoreIntent => "store_intent",
            Self::StoreVariant => "store_variant",
            Self::Send => "send",
            Self::CloseIntent => "close_intent",
            Self::Finalise => "finalise",
            Self::Finish => "finish",
        }
    }
}

/// An observer ended the work at this step.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("broken off at {}", .0.name())]
pub struct BrokenOff(pub Step);

/// Sees every write: it can measure it, or break it off.
pub trait StepObserver: Send {
    /// Called before a write.
    ///
    /// # Errors
    /// To break off with nothing written.
    fn before(&mut self, step: Step) -> Result<(), BrokenOff>;

    /// Called after a write, with its duration.
    ///
    /// # Errors
    /// To break off like a write that was done, and failed on its way back.
    fn after(&mut self, step: Step, took: Duration) -> Result<(), BrokenOff>;
}

/// Lets every write pass.
#[derive(Clone, Copy, Debug)]
pub struct Unobserved;

impl StepObserver for Unobserved {
    fn before(&mut self, _: Step) -> Result<(), BrokenOff> {
        Ok(())
    }

    fn after(&mut self, _: Step, _: Duration) -> Result<(), BrokenOff> {
        Ok(())
    }
}

/// Does a write between the observer's two calls; the second one is left out where the write failed.
pub(crate) async fn write<T, E>(
    observer: &mut dyn StepObserver,
    step: Step,
    write: impl Future<Output = Result<T, E>>,
) -> Result<Result<T, E>, BrokenOff> {
    observer.before(step)?;
    let start = Instant::now();
    let written = write.await;
    if written.is_ok() {
        observer.after(step, start.elapsed())?;
    }
    Ok(written)
}
