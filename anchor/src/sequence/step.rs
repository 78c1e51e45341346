//! The writes of a sequence, each by its name: where a kill leaves something behind.

use std::time::{Duration, Instant};

use super::SequenceError;

/// A write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// Number, parent and snapshot to the database.
    Cut,
    /// The data file to the disk.
    Publish,
    /// Roots and hash to the database.
    Seal,
    /// The signed transaction to the database.
    Sign,
    /// The transaction to the chain.
    Send,
    /// Proofs file and history map to the disk.
    Finalise,
    /// Block and time to the database.
    Finish,
}

impl Step {
    /// Every write, in order.
    pub const ALL: [Self; 7] = [
        Self::Cut,
        Self::Publish,
        Self::Seal,
        Self::Sign,
        Self::Send,
        Self::Finalise,
        Self::Finish,
    ];

    /// The step as metrics write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cut => "cut",
            Self::Publish => "publish",
            Self::Seal => "seal",
            Self::Sign => "sign",
            Self::Send => "send",
            Self::Finalise => "finalise",
            Self::Finish => "finish",
        }
    }
}

/// Who stands beside a sequence: it measures each write, or breaks it off.
pub trait Witness: Send {
    /// Before a write.
    ///
    /// # Errors
    /// To break the sequence off with nothing written.
    fn before(&mut self, step: Step) -> Result<(), SequenceError>;

    /// After a write that took so long.
    ///
    /// # Errors
    /// To break the sequence off as a write does that reached its place and failed on the way back.
    fn after(&mut self, step: Step, took: Duration) -> Result<(), SequenceError>;
}

/// Does a write between its witness's two looks.
pub(super) async fn write<T, E: Into<SequenceError>>(
    witness: &mut dyn Witness,
    step: Step,
    write: impl Future<Output = Result<T, E>>,
) -> Result<T, SequenceError> {
    witness.before(step)?;
    let start = Instant::now();
    let written = write.await.map_err(Into::into)?;
    witness.after(step, start.elapsed())?;
    Ok(written)
}
