//! Mirrors and lost folders: the same proofs come from the public data, wherever they are built.

use std::fs;

use serde_json::Value;
use shelfproof_tests::Result;
use shelfproof_tests::anchored_shop::Verifier;

use super::open;

#[test]
fn a_mirror_built_from_public_data_serves_the_same_history_proofs() -> Result<()> {
    let stocked = open(8)?;
    let anchored = &stocked.shop;
    let bought = anchored.buy(&stocked.reseller, &stocked.product, 3, 1)?;
    for item in &bought.purchase.items {
        anchored.proof(&bought.purchase.token, &item.key_id)?;
    }
    let folder = tempfile::tempdir()?;
    let mirror = anchored.mirror(folder.path())?;
    let ours = anchored.anchor()?.wait_for_epoch(1)?;
    let epoch = ours["finalEpoch"].as_u64().ok_or("no epoch")?;
    mirror.wait_for_epoch(epoch)?;

    let verifier = Verifier::of(anchored)?;
    for item in &bought.purchase.items {
        let path = format!("/v1/keys/{}", item.key_id);
        let (from_anchor, from_mirror) = (anchored.anchor()?.get(&path)?.json()?, mirror.get(&path)?.json()?);
        assert_eq!(from_mirror, from_anchor);
        // A buyer with an old bundle puts the mirror's history into it.
        let mut bundle: Value = anchored.proof(&bought.purchase.token, &item.key_id)?.json()?;
        bundle["history"] = from_mirror["history"].clone();
        bundle["epochs"] = from_mirror["epochs"].clone();
        let said = verifier.key("key", &item.code, &bundle.to_string(), Some(&bought.secret))?;
        assert_eq!(said.holds()?, "holds sold");
    }
    // The mirror also serves the data, in case the merchant's server does not.
    for ending in ["events", "delta", "header.json"] {
        let file = format!("/data/epochs/{epoch:010}.{ending}");
        let (theirs, ours) = (mirror.get(&file)?, anchored.anchor()?.get(&file)?);
        assert_eq!((theirs.status, &theirs.body), (200, &ours.body), "{file}");
    }
    assert_eq!(mirror.get("/data/epochs/../map")?.status, 404);
    assert_eq!(mirror.get("/data/epochs/9999999999.events")?.status, 404);
    Ok(())
}

#[test]
fn a_damaged_or_lost_history_map_is_noticed_and_rebuilt_by_one_command() -> Result<()> {
    let mut stocked = open(8)?;
    let bought = stocked.shop.buy(&stocked.reseller, &stocked.product, 2, 1)?;
    let (token, key) = (&bought.purchase.token, &bought.purchase.items[0].key_id);
    stocked.shop.proof(token, key)?;
    let anchored = &mut stocked.shop;
    let folder = anchored.folder().join("anchor");

    anchored.kill_anchor();
    let mut damaged = 0;
    for entry in walk(&folder.join("map"))? {
        let mut bytes = fs::read(&entry)?;
        if let Some(middle) = bytes.len().checked_div(2).filter(|_| bytes.len() > 64) {
            bytes[middle] ^= 0xff;
            fs::write(&entry, bytes)?;
            damaged += 1;
        }
    }
    assert!(damaged > 0, "the map has no file to damage");
    let log = anchored.another_anchor()?.wait_for_end()?;
    assert!(log.contains("shelfproof-anchor rebuild"), "{log}");
    let (done, said) = anchored.anchor_json(&["rebuild"])?;
    assert!(done && said["replayedEpochs"].as_u64() > Some(0), "{said}");
    anchored.start_anchor()?;
    let proved: Value = anchored.anchor()?.get(&format!("/v1/keys/{key}"))?.json()?;
    assert_eq!(proved["events"].as_array().map(Vec::len), Some(3), "{proved}");

    // If the folder is lost completely, it is computed again from the database, and the log says so.
    anchored.kill_anchor();
    fs::remove_dir_all(&folder)?;
    anchored.start_anchor()?;
    let epoch = u64::try_from(anchored.ask("SELECT max(number) FROM attest.epochs")?)?;
    anchored.anchor()?.wait_for_epoch(epoch)?;
    assert!(anchored.anchor()?.log().contains("computed again"));
    let again: Value = anchored.anchor()?.get(&format!("/v1/keys/{key}"))?.json()?;
    assert_eq!(again["events"], proved["events"]);
    Ok(())
}

/// Every file below a folder.
fn walk(folder: &std::path::Path) -> Result<Vec<std::path::PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(walk(&path)?);
        } else {
            files.push(path);
        }
    }
    Ok(files)
}
