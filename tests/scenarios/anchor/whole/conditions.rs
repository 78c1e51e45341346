//! A condition that stops an anchor is shown by `status`, in metrics and in the log until its cause is gone.

use std::thread;
use std::time::{Duration, Instant};

use alloy::providers::ext::AnvilApi;
use alloy_primitives::Address;
use serde_json::Value;
use shelfproof_tests::Result;
use shelfproof_tests::anchored_shop::AnchoredShop;
use shelfproof_tests::merchant_chain::{FUNDS_WEI, MerchantChain};
use shelfproof_tests::vector_chain::block_on;

use super::open;

/// How long a condition may take to appear: a few of the anchor's pauses.
const BOUND: Duration = Duration::from_secs(40);

/// Waits until the anchor reports that condition, and checks that it is reported everywhere.
fn told(anchored: &AnchoredShop, condition: &str) -> Result<Value> {
    let end = Instant::now() + BOUND;
    loop {
        let (is_well, said) = anchored.anchor_json(&["status"])?;
        let status = &said["database"]["anchor"]["status"];
        if status["condition"] == condition {
            assert_eq!(is_well, condition == "working", "{said}");
            let metrics = anchored.anchor()?.get("/metrics")?.text();
            let line = format!("shelfproof_anchor_condition{{condition=\"{condition}\"}} 1");
            assert!(metrics.contains(&line), "{line}: {metrics}");
            assert!(
                anchored.anchor()?.log().contains(condition),
                "the log does not say {condition}"
            );
            let health = anchored.anchor()?.get("/healthz")?.status;
            assert_eq!(
                health == 200,
                condition == "working",
                "{condition}: /healthz answers {health}"
            );
            return Ok(said);
        }
        if Instant::now() > end {
            return Err(format!("no {condition}: {said}; the log:\n{}", anchored.anchor()?.log()).into());
        }
        thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn without_funds_and_with_them_again() -> Result<()> {
    let stocked = open(8)?;
    let anchored = &stocked.shop;
    told(anchored, "working")?;
    let anchorer: Address = anchored.public_key("anchorer")?.parse()?;
    block_on(anchored.chain.fund(anchorer, 1))??;
    let sold = anchored.buy(&stocked.reseller, &stocked.product, 1, 1)?;
    let said = told(anchored, "no_funds")?;
    let problems = said["problems"].to_string();
    assert!(problems.contains("send it the difference"), "{problems}");
    block_on(anchored.chain.fund(anchorer, FUNDS_WEI))??;
    told(anchored, "working")?;
    anchored.proof(&sold.purchase.token, &sold.purchase.items[0].key_id)?;
    Ok(())
}

#[test]
fn with_a_public_address_that_serves_nothing_and_one_that_does_again() -> Result<()> {
    let stocked = open(4)?;
    let anchored = &stocked.shop;
    told(anchored, "working")?;
    let elsewhere = "http://127.0.0.1:9/data";
    anchored.by_owner(&["rotate", "data-uri", elsewhere])?;
    let sold = anchored.buy(&stocked.reseller, &stocked.product, 1, 1)?;
    let said = told(anchored, "not_published")?;
    let problems = said["problems"].to_string();
    assert!(
        problems.contains(elsewhere) && problems.contains("no answer"),
        "{problems}"
    );
    anchored.by_owner(&["rotate", "data-uri", &format!("http://{}/data", anchored.address(0))])?;
    told(anchored, "working")?;
    anchored.proof(&sold.purchase.token, &sold.purchase.items[0].key_id)?;
    Ok(())
}

#[test]
fn with_a_node_that_is_down_or_of_another_chain() -> Result<()> {
    let mut stocked = open(4)?;
    let anchored = &mut stocked.shop;
    told(anchored, "working")?;
    let down = [("SHELFPROOF_CHAIN__RPC", "http://127.0.0.1:9/geheim")];
    anchored.restart_anchor_with(&down)?;
    let said = told(anchored, "rpc_unreachable")?;
    // An address may contain an access key, so it is not shown.
    assert!(!said.to_string().contains("geheim") && !anchored.anchor()?.log().contains("geheim"));

    let elsewhere = block_on(async {
        let chain = MerchantChain::deploy(Some(1)).await?;
        chain.provider()?.anvil_set_chain_id(4711).await?;
        Ok::<_, Box<dyn std::error::Error>>(chain)
    })??;
    anchored.restart_anchor_with(&[("SHELFPROOF_CHAIN__RPC", elsewhere.anvil.url())])?;
    told(anchored, "wrong_chain")?;
    anchored.restart_anchor_with(&[])?;
    told(anchored, "working")?;
    Ok(())
}

#[test]
fn over_another_merchant_s_database_it_ends_at_once() -> Result<()> {
    let mut stocked = open(4)?;
    stocked.shop.kill_anchor();
    let other = "0x2222222222222222222222222222222222222222222222222222222222222222";
    let folder = tempfile::tempdir()?;
    let folder = folder.path().display().to_string();
    let log = stocked
        .shop
        .anchor_with(&[
            ("SHELFPROOF_CHAIN__MERCHANT_ID", other),
            ("SHELFPROOF_ANCHOR__FOLDER", &folder),
        ])?
        .wait_for_end()?;
    assert!(log.contains("another merchant's events"), "{log}");
    Ok(())
}

#[test]
fn another_key_anchors_once_the_owner_says_so() -> Result<()> {
    let mut stocked = open(8)?;
    let anchored = &mut stocked.shop;
    told(anchored, "working")?;
    // The owner's account is one of anvil's; the passphrase is that of the shop's keys.
    let file = anchored.folder().join("anchorer-2.key").display().to_string();
    let passphrase = anchored.folder().join("passphrase").display().to_string();
    let rotate = [
        "rotate",
        "anchorer",
        "--new-key-file",
        &file,
        "--new-passphrase-file",
        &passphrase,
    ];
    let said = anchored.by_owner(&rotate)?;
    assert_eq!(said["changed"], true, "{said}");
    assert_eq!(
        anchored.by_owner(&rotate)?["changed"],
        false,
        "a second run finds what the first did"
    );
    anchored.buy(&stocked.reseller, &stocked.product, 1, 1)?;
    let said_by_old = told(anchored, "not_anchorer")?;
    let open = said_by_old["database"]["openIntents"].as_array();
    let mut open = open.ok_or("no intents")?.iter();
    let is_unsigned_epoch = |intent: &Value| intent["purpose"] == "anchor_epoch" && intent["transaction"].is_null();
    assert!(open.any(is_unsigned_epoch), "{said_by_old}");
    let before = said_by_old["chain"]["newestEpoch"].as_u64().ok_or("no epoch")?;
    let address: Address = said["anchorer"].as_str().ok_or("no address")?.parse()?;
    block_on(anchored.chain.fund(address, FUNDS_WEI))??;
    anchored.restart_anchor_with(&[("SHELFPROOF_ANCHOR__KEY_FILE", &file)])?;
    told(anchored, "working")?;
    anchored.anchor()?.wait_for_epoch(before + 1)?;
    assert!(block_on(anchored.chain.sent_by(address))?? > 0);

    // The receipt key is replaced as well.
    let (new, old) = (
        Address::repeat_byte(9).to_string(),
        anchored.public_key("receipt-1")?.to_owned(),
    );
    let said = anchored.by_owner(&["rotate", "receipt", &new, "--end", &old])?;
    assert!(said["ended"]["until"].as_u64() > Some(0), "{said}");
    let again = anchored.by_owner(&["rotate", "receipt", &new, "--end", &old])?;
    assert_eq!(
        (&again["changed"], &again["ended"]),
        (&Value::Bool(false), &said["ended"])
    );
    Ok(())
}
