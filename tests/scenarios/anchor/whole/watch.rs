//! A buyer follows keys with `watch`: what happens to them, receipts that are due, and what ends it.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};
use shelfproof_tests::anchored_shop::Verifier;
use shelfproof_tests::web::Server;
use shelfproof_tests::{Result, patience};

use super::open;

/// Runs `watch` of a proof and a receipt.
struct Watch<'a> {
    verifier: &'a Verifier,
    files: [(&'static str, String); 3],
    state: String,
}

impl Watch<'_> {
    fn look(&self, data: &str, more: &[&str]) -> Result<(i32, Value)> {
        self.look_at(&self.files, data, more)
    }

    fn look_at(&self, files: &[(&str, String)], data: &str, more: &[&str]) -> Result<(i32, Value)> {
        let mut args = vec!["watch", "--data", data, "--state", &self.state];
        args.extend(files.iter().flat_map(|(option, path)| [*option, path.as_str()]));
        args.extend(more);
        let said = self.verifier.run(&args)?;
        Ok((said.exit, said.json))
    }

    /// The first epoch that the audits of the looks cover.
    fn covers_from(&self) -> Result<Value> {
        let merchant = fs::read_dir(&self.state)?.next().ok_or("no folder")??;
        let record: Value = serde_json::from_slice(&fs::read(merchant.path().join("audit-since.json"))?)?;
        Ok(record["from"].clone())
    }
}

#[test]
fn a_watch_tells_what_happens_to_ones_keys_and_ends_at_a_breach() -> Result<()> {
    let stocked = open(6)?;
    let anchored = &stocked.shop;
    let bought = anchored.buy(&stocked.reseller, &stocked.product, 2, 1)?;
    let (order, token) = (&bought.purchase.order, &bought.purchase.token);
    let [item, other] = &bought.purchase.items[..] else {
        return Err("two keys were bought".into());
    };
    let bundle = anchored.proof(token, &item.key_id)?.text();
    let verifier = Verifier::of(anchored)?;
    let file =
        |name: &str, content: &str| -> Result<String> { Ok(verifier.file(name, content)?.display().to_string()) };
    let folder = tempfile::tempdir()?;
    let mut watch = Watch {
        verifier: &verifier,
        files: [
            (
                "--code-file",
                file("codes.txt", &format!("{}\n\n{}\n", other.code, item.code))?,
            ),
            ("--bundle", file("proof.json", &bundle)?),
            ("--receipt", file("receipt.json", &other.receipt.to_string())?),
        ],
        state: folder.path().join("state").display().to_string(),
    };
    let data = format!("http://{}/data", anchored.address(0));
    let (exit, first) = watch.look(&data, &["--once"])?;
    assert_eq!((exit, &first["verdict"]), (0, &json!("holds 1 keys")), "{first}");
    assert_eq!(first["keys"][0]["state"], "sold", "{first}");
    assert_eq!(first["receipts"], json!([{"file": "receipt.json", "status": "met"}]));
    assert_eq!(first["news"], json!([]));
    // The sale's own epoch is audited too.
    let sold = epoch_of(&bundle, "sold")?;
    assert_eq!(watch.covers_from()?, sold);

    let redeem = format!("/api/v1/orders/{order}/redeem");
    anchored.post(token, &redeem, &json!({"item": item.item}))?;
    let used = anchored.proof_where(token, &item.key_id, |answer| {
        answer.text().contains("\"kind\":\"redeemed\"")
    })?;
    let used = epoch_of(&used.text(), "redeemed")?;
    // A run that follows another key, in the same folder, hides nothing from this one.
    let other_proof = anchored.proof(token, &other.key_id)?.text();
    let others = [watch.files[0].clone(), ("--bundle", file("other.json", &other_proof)?)];
    let (exit, beside) = watch.look_at(&others, &data, &["--once"])?;
    assert_eq!((exit, &beside["news"]), (0, &json!([])), "{beside}");
    // A delta that cannot be used leaves what came before it: that is told, and the next look goes on from there.
    let more = anchored.buy(&stocked.reseller, &stocked.product, 1, 2)?;
    anchored.proof(&more.purchase.token, &more.purchase.items[0].key_id)?;
    let server = changed(anchored.folder().join("anchor/data"), ".delta", used)?;
    let (exit, part) = watch.look(&server.url(), &["--once"])?;
    assert_eq!((exit, &part["code"]), (2, &json!("delta_unusable")), "{part}");
    let news = part["news"].as_array().ok_or("no news")?;
    assert!(news.len() == 1 && news[0].to_string().contains("proof.json"), "{part}");
    let (exit, second) = watch.look(&data, &["--once"])?;
    assert_eq!((exit, &second["keys"][0]["state"]), (0, &json!("redeemed")), "{second}");
    assert_eq!(second["news"], json!([]), "{second}");
    assert_eq!(watch.covers_from()?, sold);
    let (_, third) = watch.look(&data, &["--once"])?;
    assert_eq!(
        (&third["news"], &third["keys"][0]["state"]),
        (&json!([]), &json!("redeemed")),
        "{third}"
    );

    // The data of the next epoch is not what was anchored: after an hour, that is the breach.
    let reached = third["epoch"].as_u64().ok_or("no epoch")?;
    let more = anchored.buy(&stocked.reseller, &stocked.product, 1, 3)?;
    anchored.proof(&more.purchase.token, &more.purchase.items[0].key_id)?;
    let server = changed(anchored.folder().join("anchor/data"), ".events", reached)?;
    anchored.by_owner(&["rotate", "data-uri", &server.url()])?;
    let (exit, missing) = watch.look(&server.url(), &["--once"])?;
    assert_eq!((exit, &missing["code"]), (2, &json!("data_missing")), "{missing}");
    patience::pass(watch.state.as_ref(), 3_600)?;
    let (exit, ended) = watch.look(&server.url(), &["--every", "1"])?;
    assert_eq!((exit, &ended["code"]), (1, &json!("data_withheld")), "{ended}");
    known_breach(&watch, &data, &other.code, reached + 1)?;
    // With the right data, the watch goes on.
    let (exit, again) = watch.look(&data, &["--once"])?;
    assert_eq!(exit, 0, "{again}");
    assert!(again["epoch"].as_u64() > Some(reached), "{again}");

    // A proof of none of one's codes.
    watch.files[0].1 = file("others.txt", &other.code)?;
    watch.state = folder.path().join("another").display().to_string();
    let (exit, stranger) = watch.look(&data, &["--once"])?;
    assert_eq!((exit, &stranger["code"]), (1, &json!("key_id")), "{stranger}");
    Ok(())
}

/// What does not cover the breach that is known does not hold either.
fn known_breach(watch: &Watch<'_>, data: &str, code: &str, breach: u64) -> Result<()> {
    let [codes, _, receipt] = watch.files.clone();
    let path = receipt.1.clone();
    let (exit, receipts) = watch.look_at(&[codes, receipt], data, &["--once"])?;
    assert_eq!((exit, &receipts["code"]), (1, &json!("audit_breach")), "{receipts}");
    let place = ["--data", data, "--state", &watch.state];
    let kept = watch
        .verifier
        .run(&[&["receipt", "--receipt", &path, "--code", code], &place[..]].concat())?;
    assert_eq!((kept.exit, kept.code()), (1, "audit_breach"), "{}", kept.json);
    let report = watch.verifier.file("report.json", "")?.display().to_string();
    let since = breach.to_string();
    let audit = [&["audit", "--since", &since, "--report", &report], &place[..]].concat();
    let later = watch.verifier.run(&audit)?;
    assert_eq!((later.exit, later.code()), (1, "audit_breach"), "{}", later.json);
    let record: Value = serde_json::from_slice(&fs::read(&report)?)?;
    assert_eq!(record["breach"]["epoch"], breach, "{record}");
    Ok(())
}

/// The epoch of a proof's event of that kind.
fn epoch_of(bundle: &str, kind: &str) -> Result<u64> {
    let bundle: Value = serde_json::from_str(bundle)?;
    let events = bundle["events"].as_array().ok_or("no events")?;
    let event = events.iter().find(|event| event["kind"] == kind);
    Ok(event.and_then(|event| event["epoch"].as_u64()).ok_or("no epoch")?)
}

/// Serves the published data, in which the files with that ending differ after an epoch.
fn changed(published: PathBuf, ending: &'static str, after: u64) -> Result<Server> {
    Server::start(move |path| {
        let mut bytes = fs::read(published.join(path.trim_start_matches('/'))).ok()?;
        let name = path.rsplit('/').next().and_then(|name| name.strip_suffix(ending));
        let number = name.and_then(|number| number.parse::<u64>().ok());
        if number.is_some_and(|number| number > after) {
            bytes[40] ^= 1;
        }
        Some(bytes)
    })
}
