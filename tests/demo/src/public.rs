//! The parts that anybody can check: epochs, their data, an audit and a mirror.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use alloy_primitives::B256;
use serde_json::Value;
use shelfproof_verifier::epoch::{data_path, decode_data};
use shelfproof_verifier::event::Kind;

use super::checks::expect;
use super::order::Sold;
use super::place::Place;
use super::printer::Printer;
use super::shop::OpenShop;
use super::verify::Stranger;
use shelfproof_tests::Result;
use shelfproof_tests::anchored_shop::{Proving, follow};
use shelfproof_tests::client::{Answer, Client};
use shelfproof_tests::vector_chain::block_on;

/// How long events may take to reach a final epoch.
const BOUND: Duration = Duration::from_mins(2);

/// What the prover says before the merchant's first epoch is final.
const NOTHING_FINAL: &str = "nothing_final";

/// The pause between two polls.
const POLL: Duration = Duration::from_millis(200);

/// Waits until the last event of that key is of that kind, in an epoch whose block is final. Returns the epoch's
/// number.
///
/// Events that were committed before that one are in the same epoch or an earlier one.
pub(super) fn wait_for(shop: &OpenShop, key: &B256, kind: Kind) -> Result<u64> {
    let end = Instant::now() + BOUND;
    loop {
        let proved = proved(shop.prover, key)?;
        if let Some((epoch, last)) = &proved
            && last == kind.name()
        {
            return Ok(*epoch);
        }
        if Instant::now() > end {
            return Err(format!(
                "{key} is not {} in a final epoch after {BOUND:?}: {proved:?}",
                kind.name()
            )
            .into());
        }
        thread::sleep(POLL);
    }
}

/// The newest epoch that the prover can prove, and the kind of that key's last event in it. `None` while no epoch is
/// final, or the key has no event in one: the clients may have bought everything before that.
fn proved(prover: SocketAddr, key: &B256) -> Result<Option<(u64, String)>> {
    let answer = ask(prover, &format!("/v1/keys/{key}"))?;
    if answer.status == 404 && answer.json()?["code"] == NOTHING_FINAL {
        return Ok(None);
    }
    let history: Value = answer.expect(200)?;
    let last = history["events"].as_array().and_then(|events| events.last());
    let kind = last.and_then(|last| last["kind"].as_str());
    let epoch = history["history"]["epoch"].as_u64();
    Ok(epoch.zip(kind.map(str::to_owned)))
}

/// The keys that are on sale according to the published data of the first `epochs` epochs, in the order of their ids.
pub(super) fn on_sale(shop: &OpenShop, epochs: u64) -> Result<Vec<B256>> {
    let mut last = BTreeMap::new();
    for number in 1..=epochs {
        let answer = get(shop.address, &format!("/data/{}", data_path(number)))?;
        for event in decode_data(&answer).map_err(|error| format!("epoch {number}: {error:?}"))? {
            last.insert(event.key_id, event.kind);
        }
    }
    let on_sale = last.into_iter().filter(|(_, kind)| *kind == Kind::Activated);
    Ok(on_sale.map(|(key, _)| key).collect())
}

/// Lets an auditor, who has only the chain and the published data, replay everything. The counts of epochs, keys and
/// events must be those in `wanted`.
pub(super) fn audit(shop: &OpenShop, stranger: &Stranger, wanted: [u64; 3], printer: &Printer) -> Result<()> {
    printer.act(
        "An auditor replays everything from public data",
        "审计者仅凭公开数据重放全部历史",
    );
    let said = stranger.json(&["audit", "--data", &shop.data_uri], 0)?;
    let figure = |field: &str| said[field].as_u64().ok_or_else(|| format!("no {field} in {said}"));
    let [epochs, keys, events] = wanted;
    expect("epochs audited", figure("epoch")?, epochs)?;
    expect("keys audited", figure("keys")?, keys)?;
    expect("events replayed", figure("replayedEvents")?, events)?;
    let sentence = said["sentence"].as_str().unwrap_or_default();
    printer.print(&format!("{epochs} epochs, {events} events of {keys} keys."));
    printer.print_wrapped(sentence);
    printer.print("每一条事件、每一个历史根都与链上一致。");
    Ok(())
}

/// Checks that a mirror, built from the chain and the published data alone, proves the same histories byte for byte.
pub(super) fn mirror(
    shop: &OpenShop,
    place: &Place,
    checked: &[&Sold],
    epoch: u64,
    printer: &Printer,
) -> Result<Proving> {
    printer.act(
        "A mirror, built from public data, serves the same proofs",
        "镜像仅凭公开数据提供同样的证明",
    );
    let mirror = follow(
        &shop.identity,
        &shop.rpc,
        &place.join("mirror"),
        &place.join("mirror.log"),
    )?;
    mirror.wait_for_epoch(epoch)?;
    for sold in checked {
        let path = format!("/v1/keys/{}", sold.item.key_id);
        if get(shop.prover, &path)? != get(mirror.address, &path)? {
            return Err(format!(
                "the mirror proves another history of {} than the shop",
                sold.item.key_id
            )
            .into());
        }
    }
    printer.print(&format!(
        "{} histories at http://{}: the same bytes as the shop's own",
        checked.len(),
        mirror.address
    ));
    Ok(mirror)
}

pub(super) fn get(address: SocketAddr, path: &str) -> Result<Vec<u8>> {
    let answer = ask(address, path)?;
    if answer.status == 200 {
        return Ok(answer.body.to_vec());
    }
    Err(format!("{path}: {} {}", answer.status, answer.text()).into())
}

fn ask(address: SocketAddr, path: &str) -> Result<Answer> {
    let mut client = Client::new(address, "")?;
    Ok(block_on(client.get(path))??)
}
