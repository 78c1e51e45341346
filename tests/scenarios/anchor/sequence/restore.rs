//! A sequence that continues on another machine, with a lost folder, or with another shop's folder.

use std::fs;

use shelfproof_anchor::sequence::SequenceError;
use shelfproof_anchor::status::Condition;
use shelfproof_tests::Result;
use shelfproof_tests::vector_chain::block_on;

use super::failed::Failed;
use super::test_anchor::TestAnchor;

#[test]
fn another_machine_works_all_epochs_out_again_from_the_database_and_goes_on() -> Result<()> {
    block_on(async {
        let mut anchor = TestAnchor::new().await?;
        let mut before = Vec::new();
        for _ in 0..3 {
            anchor.write(0..4).await?;
            before.push(anchor.finish(None).await?);
        }
        let data = anchor.folder().join("data/epochs/0000000002.events");
        let bytes = fs::read(&data)?;
        anchor.move_out()?;
        anchor.write(0..4).await?;
        anchor.finish(None).await?;
        let data = anchor.folder().join("data/epochs/0000000002.events");
        assert_eq!(fs::read(data)?, bytes, "published again");
        assert_eq!(anchor.chain.epochs().await?.len(), 4);
        Ok(())
    })?
}

#[test]
fn a_data_file_that_was_lost_is_written_again_before_its_epoch_is_final() -> Result<()> {
    block_on(async {
        let mut anchor = TestAnchor::new().await?;
        anchor.write(0..4).await?;
        anchor.round().await?;
        anchor.round().await?;
        anchor.kill();
        fs::remove_dir_all(anchor.folder().join("data"))?;
        anchor.finish(None).await?;
        Ok(())
    })?
}

#[test]
fn a_folder_that_is_ahead_of_the_database_is_refused() -> Result<()> {
    block_on(async {
        let mut anchor = TestAnchor::new().await?;
        anchor.write(0..4).await?;
        anchor.finish(None).await?;
        let mut newer = TestAnchor::new().await?;
        newer.write(5..9).await?;
        // The first anchor's folder, with the second one's database.
        anchor.kill();
        fs::remove_dir_all(newer.folder())?;
        fs::rename(anchor.folder(), newer.folder())?;
        let refused = newer.round().await.err().ok_or("another shop's folder was taken")?;
        assert!(
            matches!(refused, Failed::Sequence(SequenceError::OtherHistory { map: 1 })),
            "{refused}"
        );
        assert_eq!(refused.condition(), Condition::Storage);
        Ok(())
    })?
}
