//! Two anchors over one database, and anchors that are killed.

use std::thread;
use std::time::Duration;

use shelfproof_tests::Result;
use shelfproof_tests::vector_chain::block_on;

use super::open;

#[test]
fn the_second_anchor_waits_and_takes_over_when_the_first_is_killed() -> Result<()> {
    let mut stocked = open(8)?;
    let anchored = &mut stocked.shop;
    let first = anchored.buy(&stocked.reseller, &stocked.product, 1, 1)?;
    anchored.proof(&first.purchase.token, &first.purchase.items[0].key_id)?;

    let mut second = anchored.another_anchor()?;
    second.wait_for_words("takes over when that one ends")?;
    anchored.kill_anchor();
    let second = second.wait()?;
    let before = second.wait_for_epoch(1)?["finalEpoch"].as_u64().ok_or("no epoch")?;
    anchored.buy(&stocked.reseller, &stocked.product, 1, 2)?;
    second.wait_for_epoch(before + 1)?;
    anchored.take_over(second);
    Ok(())
}

#[test]
fn an_anchor_that_loses_its_session_stands_by_until_the_other_has_gone() -> Result<()> {
    let mut stocked = open(8)?;
    let anchored = &mut stocked.shop;
    let before = anchored.anchor()?.wait_for_epoch(1)?["finalEpoch"]
        .as_u64()
        .ok_or("no epoch")?;
    // As on another machine: a folder of its own.
    let folder = tempfile::tempdir()?;
    let folder = folder.path().display().to_string();
    let mut second = anchored.anchor_with(&[("SHELFPROOF_ANCHOR__FOLDER", &folder)])?;
    second.wait_for_words("takes over when that one ends")?;
    // Only a waiting anchor takes the lock, because the first one pauses before it tries again.
    anchored.ask("SELECT count(pg_terminate_backend(pid)) FROM pg_locks WHERE locktype = 'advisory' AND granted")?;
    let second = second.wait()?;
    second.wait_for_epoch(before)?;
    anchored.anchor()?.wait_for_condition("standby")?;
    // Each publishes its own folder, and an epoch waits until it is where the public reads it.
    anchored.by_owner(&["rotate", "data-uri", &format!("http://{}/data", second.address)])?;
    anchored.buy(&stocked.reseller, &stocked.product, 1, 1)?;
    second.wait_for_epoch(before + 1)?;
    drop(second);
    anchored.by_owner(&["rotate", "data-uri", &format!("http://{}/data", anchored.address(0))])?;
    // The first anchor is active again, and updates its own folder to the state of the database.
    anchored.anchor()?.wait_for_condition("working")?;
    anchored.buy(&stocked.reseller, &stocked.product, 1, 2)?;
    anchored.anchor()?.wait_for_epoch(before + 2)?;
    Ok(())
}

#[test]
fn an_anchor_that_is_killed_again_and_again_anchors_every_event_once() -> Result<()> {
    const ROUNDS: u64 = 12;
    let mut stocked = open(40)?;
    for round in 0..ROUNDS {
        stocked
            .shop
            .buy(&stocked.reseller, &stocked.product, 2, usize::try_from(round)?)?;
        // At another stage of an epoch each time: cut, published, sent, waiting for its final block.
        thread::sleep(Duration::from_millis(250 * round));
        stocked.shop.kill_anchor();
        stocked.shop.start_anchor()?;
    }
    let anchored = &stocked.shop;
    let events = anchored.ask("SELECT count(*) FROM attest.events")?;
    let mut final_events = 0;
    for _ in 0..600 {
        final_events =
            anchored.ask("SELECT coalesce(sum(event_count), 0) FROM attest.epochs WHERE final_at_ms IS NOT NULL")?;
        if final_events == events {
            break;
        }
        thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(final_events, events, "the anchor's log:\n{}", anchored.anchor()?.log());
    let on_chain = block_on(anchored.chain.epochs())??;
    let count: u64 = on_chain.iter().map(|(_, epoch)| epoch.eventCount).sum();
    assert_eq!(i64::try_from(count)?, events);
    let numbers: Vec<u64> = on_chain.iter().map(|(_, epoch)| epoch.number).collect();
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>());
    let anchorer = anchored.public_key("anchorer")?.parse()?;
    assert_eq!(
        block_on(anchored.chain.sent_by(anchorer))??,
        numbers.len() as u64,
        "no transaction failed"
    );
    Ok(())
}
