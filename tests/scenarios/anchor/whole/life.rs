//! One key from sale to refund, checked at each step with `shelfproof-verify` over RPC, as its buyer, as a stranger and
//! as an auditor.

use std::fs;

use serde_json::{Value, json};
use shelfproof_tests::Result;
use shelfproof_tests::anchored_shop::{AnchoredShop, Plan, Secret, Verifier};

use super::{kinds, open, open_by};

#[test]
fn a_sale_is_proved_to_its_buyer_over_the_chain_and_to_nobody_else_as_theirs() -> Result<()> {
    let stocked = open(6)?;
    let bought = stocked.shop.buy(&stocked.reseller, &stocked.product, 2, 1)?;
    let (order, token) = (&bought.purchase.order, &bought.purchase.token);
    let [item, other] = &bought.purchase.items[..] else {
        return Err("two keys were bought".into());
    };

    let bundle = stocked.shop.proof(token, &item.key_id)?.text();
    let verifier = Verifier::of(&stocked.shop)?;
    let said = verifier.key("key", &item.code, &bundle, Some(&bought.secret))?;
    assert_eq!(said.holds()?, "holds sold");
    assert_eq!(said.json["receipts"][0]["status"], "met", "{}", said.json);
    let shown = verifier.key("show", &item.code, &bundle, None)?;
    assert_eq!(shown.holds()?, "holds sold");
    assert_eq!(kinds(&shown.json), ["generated", "activated", "sold"]);

    let stranger = verifier.key("key", &item.code, &bundle, Some(&Secret::of(2)))?;
    assert_eq!((stranger.exit, stranger.code()), (1, "not_your_sale"));
    let swapped = verifier.key("key", &other.code, &bundle, Some(&bought.secret))?;
    assert_eq!((swapped.exit, swapped.code()), (1, "key_id"));

    // The proof of the whole order, and the receipt that was handed out.
    let whole = stocked.shop.proof_where(token, order, |answer| {
        answer.json().is_ok_and(|json| {
            let proofs = json["proofs"].as_array();
            proofs.is_some_and(|proofs| proofs.iter().all(|proof| proof["state"] == "proved"))
        })
    })?;
    assert_eq!(whole.json()?["proofs"].as_array().map(Vec::len), Some(2));
    let receipt = verifier
        .file("receipt.json", &item.receipt.to_string())?
        .display()
        .to_string();
    let code = verifier.file("code.txt", &item.code)?.display().to_string();
    let kept = verifier.run(&[
        "receipt",
        "--receipt",
        &receipt,
        "--code-file",
        &code,
        "--bundle",
        &verifier.file("b.json", &bundle)?.display().to_string(),
    ])?;
    assert!(kept.holds()?.starts_with("holds"), "{}", kept.json);

    // Another account does not get it.
    let nobody = stocked.shop.reseller()?;
    let refused = stocked.shop.proof_where(&nobody.token, &item.key_id, |_| true)?;
    assert_eq!(refused.status, 404, "{}", refused.text());
    Ok(())
}

#[test]
fn before_its_epoch_is_final_there_is_the_receipt_and_the_time_that_it_takes() -> Result<()> {
    // The epoch of the import is cut immediately, that of the sale half a minute later.
    let plan = Plan {
        every_s: 30,
        ..Plan::default()
    };
    let stocked = open_by(&plan, 6)?;
    stocked.shop.anchor()?.wait_for_epoch(1)?;
    let bought = stocked.shop.buy(&stocked.reseller, &stocked.product, 1, 1)?;
    let (token, item) = (&bought.purchase.token, &bought.purchase.items[0]);
    let early = stocked.shop.proof_where(token, &item.key_id, |_| true)?;
    assert_eq!(early.status, 202, "{}", early.text());
    let waiting = early.json()?;
    assert_eq!(waiting["state"], "waiting");
    assert_eq!(waiting["receipt"], item.receipt);
    let seconds = waiting["provedInS"].as_u64().ok_or("no time")?;
    assert!((1..=60).contains(&seconds), "{waiting}");
    stocked.shop.proof(token, &item.key_id)?;
    Ok(())
}

#[test]
fn redeeming_refunding_and_withdrawing_come_into_later_epochs_and_an_audit_covers_all() -> Result<()> {
    let stocked = open(6)?;
    let (anchored, admin) = (&stocked.shop, &stocked.shop.admin);
    let bought = anchored.buy(&stocked.reseller, &stocked.product, 3, 1)?;
    let (order, token) = (&bought.purchase.order, &bought.purchase.token);
    let [redeemed, refunded, _] = &bought.purchase.items[..] else {
        return Err("three keys were bought".into());
    };
    anchored.proof(token, &redeemed.key_id)?;
    anchored.post(
        token,
        &format!("/api/v1/orders/{order}/redeem"),
        &json!({"item": redeemed.item}),
    )?;
    anchored.post(
        admin,
        &format!("/api/v1/orders/{order}/refund"),
        &json!({"item": refunded.item}),
    )?;

    let verifier = Verifier::of(anchored)?;
    for (item, verdict) in [(redeemed, "holds redeemed"), (refunded, "holds refunded")] {
        let is_there = |text: &str| text.contains(&format!("\"kind\":\"{}\"", verdict.trim_start_matches("holds ")));
        let bundle = anchored.proof_where(token, &item.key_id, |answer| is_there(&answer.text()))?;
        let said = verifier.key("key", &item.code, &bundle.text(), Some(&bought.secret))?;
        assert_eq!(said.holds()?, verdict);
    }

    let data = format!("http://{}/data", anchored.address(0));
    let audited = verifier.run(&["audit", "--data", &data])?;
    assert!(audited.holds()?.starts_with("holds"), "{}", audited.json);
    let keys = anchored.ask("SELECT count(*) FROM shop.keys")?;
    assert_eq!(audited.json["keys"].as_i64(), Some(keys));
    let events = anchored.ask("SELECT sum(event_count) FROM attest.epochs WHERE final_at_ms IS NOT NULL")?;
    assert!(
        audited.json["replayedEvents"].as_i64() >= Some(events),
        "{}",
        audited.json
    );
    light_audits(anchored, &verifier, &data)?;
    anchored.check()?;

    let (is_well, status) = anchored.anchor_json(&["status"])?;
    assert!(is_well, "{status}");
    assert_eq!(status["database"]["anchor"]["status"]["condition"], "working");
    Ok(())
}

/// Audits without a map, from the first epoch and from a later one, and from a copy that lacks a delta.
fn light_audits(anchored: &AnchoredShop, verifier: &Verifier, data: &str) -> Result<()> {
    let report = verifier.file("light.json", "")?.display().to_string();
    let light_since = |since: u64| {
        let since = since.to_string();
        verifier.run(&["audit", "--data", data, "--since", &since, "--report", &report])
    };
    let mut reached = 0;
    for since in [0, 1] {
        let light = light_since(since)?;
        let latest = light.json["epoch"].as_u64().ok_or("no epoch")?;
        assert!(latest >= 2, "{}", light.json);
        assert_eq!(light.holds()?, format!("holds {} epochs since {since}", latest - since));
        let record: Value = serde_json::from_slice(&fs::read(&report)?)?;
        assert_eq!((&record["from"], &record["to"]), (&json!(since + 1), &json!(latest)));
        reached = latest;
    }
    // One that goes on where the last one ended covers both.
    light_since(reached)?.holds()?;
    let record: Value = serde_json::from_slice(&fs::read(&report)?)?;
    assert_eq!(record["from"], 2, "{record}");
    let ahead = verifier.run(&["audit", "--data", data, "--since", "1000000"])?;
    assert_eq!((ahead.exit, ahead.code()), (2, "epoch_not_final"), "{}", ahead.json);

    // A copy of the data with its deltas; then with the first one's bytes changed, then without it.
    let copy = tempfile::tempdir()?;
    let (from, to) = (anchored.folder().join("anchor/data/epochs"), copy.path().join("epochs"));
    fs::create_dir(&to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        fs::copy(entry.path(), to.join(entry.file_name()))?;
    }
    let place = copy.path().display().to_string();
    let audit = || verifier.run(&["audit", "--data", &place, "--since", "0"]);
    assert!(audit()?.holds()?.starts_with("holds"));
    let delta = to.join("0000000001.delta");
    fs::write(&delta, [7])?;
    for what in ["another", "none"] {
        let unusable = audit()?;
        assert_eq!(
            (unusable.exit, unusable.code()),
            (2, "delta_unusable"),
            "{what}: {}",
            unusable.json
        );
        assert!(
            unusable.json["detail"].to_string().contains("epoch"),
            "{}",
            unusable.json
        );
        if delta.exists() {
            fs::remove_file(&delta)?;
        }
    }
    Ok(())
}
