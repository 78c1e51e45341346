//! From committed events to a final epoch, with an interruption of every kind at every write. The same epoch is posted
//! once, byte for byte.

mod chain;
mod failed;
pub(crate) mod owner;
mod published;
mod restore;
mod submit;
pub(crate) mod test_anchor;

use shelfproof_anchor::sequence::SequenceError;
use shelfproof_anchor::step::Step;
use shelfproof_tests::Result;
use shelfproof_tests::vector_chain::block_on;

use failed::Failed;
use test_anchor::{Fault, Finished, TestAnchor};

/// How a write can go wrong.
const FAULTS: [Fault; 3] = [Fault::Failed, Fault::FailedButPersisted, Fault::KilledAfter];

/// Makes two epochs without any interruption.
async fn undisturbed() -> Result<[Finished; 2]> {
    let mut anchor = TestAnchor::new().await?;
    anchor.write(0..5).await?;
    let first = anchor.finish(None).await?;
    anchor.write(3..8).await?;
    Ok([first, anchor.finish(None).await?])
}

#[test]
fn each_write_may_fail_or_be_the_last_and_the_same_epoch_is_posted_once() -> Result<()> {
    block_on(async {
        let [first, second] = undisturbed().await?;
        assert_ne!(first.hash, second.hash);
        for step in Step::ALL {
            for fault in FAULTS {
                let case = format!("{} {fault:?}", step.name());
                let mut anchor = TestAnchor::new().await?;
                anchor.write(0..5).await?;
                let disturbed = anchor
                    .finish(Some((step, fault)))
                    .await
                    .map_err(|error| format!("{case}: {error}"))?;
                assert!(anchor.was_broken_off(), "{case}: nothing was broken off");
                assert_eq!(disturbed, first, "{case}");
                anchor.write(3..8).await?;
                assert_eq!(anchor.finish(None).await?, second, "{case}: the epoch after");
                let epochs = anchor.chain.epochs().await?;
                let hashes: Vec<_> = epochs.iter().map(|(_, epoch)| epoch.epochHash).collect();
                assert_eq!(hashes, [first.hash, second.hash], "{case}: what the chain holds");
                assert_eq!(anchor.sent().await?, 2, "{case}: transactions of the account");
            }
        }
        Ok(())
    })?
}

#[test]
fn an_event_that_breaks_the_protocol_is_never_anchored() -> Result<()> {
    block_on(async {
        let mut anchor = TestAnchor::new().await?;
        anchor.write(0..2).await?;
        anchor.finish(None).await?;
        // The event names the hash of another event as that of its predecessor.
        anchor.write_unlinked(0).await?;
        anchor.round().await?;
        let refused = anchor.round().await.err().ok_or("an illegal history was anchored")?;
        assert!(
            matches!(refused, Failed::Sequence(SequenceError::History(_))),
            "{refused}"
        );
        assert!(refused.to_string().contains("broken_link"), "{refused}");
        assert_eq!(anchor.chain.epochs().await?.len(), 1);
        Ok(())
    })?
}
