//! Whether the database that a session reaches has all that the receipt journal has. Nothing is cut or sent before: an
//! epoch from an old backup would be lacking in the right one, which nobody could use any more.

use std::pin::pin;
use std::time::Duration;

use sqlx::PgConnection;
use tokio::time::{sleep, timeout};

use super::Anchor;
use crate::journal::{Progress, compare};
use crate::sequence::SequenceError;
use crate::status::Condition;

/// A comparison that takes longer is trouble: the disk hangs.
const SLOW: Duration = Duration::from_secs(10);

impl Anchor {
    /// Waits until the database has all of the journal. The session keeps its lock meanwhile, so that no stand-by that
    /// is told of no journal takes over.
    pub(super) async fn complete(&self, session: &mut PgConnection) -> Result<Progress, SequenceError> {
        let (mut progress, mut failures) = (Progress::default(), 0);
        loop {
            let error = match self.compare(session, &mut progress).await {
                Ok(()) => return Ok(progress),
                Err(error) if error.condition() == Condition::DatabaseUnreachable => return Err(error),
                Err(error) => error,
            };
            self.reporter.sequencer(error.condition(), error.to_string());
            self.reporter.store(session).await;
            failures += 1;
            sleep(self.pause(failures)).await;
        }
    }

    /// Looks up what was added to the journal since the last time.
    pub(super) async fn compare(
        &self,
        session: &mut PgConnection,
        progress: &mut Progress,
    ) -> Result<(), SequenceError> {
        let Some(folder) = &self.config.sale.journal else {
            return Ok(());
        };
        let mut compared = pin!(compare(session, folder, &self.config.chain.merchant_id, progress));
        let gap = if let Ok(done) = timeout(SLOW, &mut compared).await {
            done?
        } else {
            let detail = format!(
                "no epoch is cut: sale.journal {} could not be read in {} s. See whether its disk works",
                folder.display(),
                SLOW.as_secs()
            );
            self.reporter.sequencer(Condition::JournalUnreadable, detail);
            compared.await?
        };
        gap.map_or(Ok(()), |gap| Err(SequenceError::Journal(Box::new(gap))))
    }
}
