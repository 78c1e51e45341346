//! `ready.json`: where all of it is, for programs that want to try it. It stands as long as the demo serves.

use std::fs;
use std::io;
use std::path::PathBuf;

use serde_json::json;
use shelfproof_base::keyfile::disk;

use super::acts::Serving;
use super::place::Place;
use shelfproof_tests::Result;

/// Its name.
const FILE: &str = "ready.json";

/// Buyers that it names, by the state of their keys.
const BUYERS: [(&str, usize); 3] = [("sold", 12), ("redeemed", 3), ("refunded", 1)];

/// Writes it whole, its owner's alone, for it holds keys.
pub(super) fn write(place: &Place, serving: &Serving) -> Result<PathBuf> {
    let (shop, witnesses) = (serving.shop(), serving.witnesses());
    let of = |(state, count)| {
        witnesses
            .iter()
            .filter(move |witness| witness.state == state)
            .take(count)
    };
    let buyers: Vec<_> = BUYERS
        .into_iter()
        .flat_map(of)
        .map(|witness| {
            let sold = &witness.sold;
            json!({
                "code": sold.item.code,
                "order": sold.order,
                "nonce": sold.secret.nonce,
                "tag": sold.secret.tag,
                "bundle": witness.bundle(),
                "state": witness.state,
            })
        })
        .collect();
    let ready = json!({
        "http": format!("http://{}", shop.address),
        "rpc": shop.rpc,
        "chainId": shop.identity.chain_id,
        "registry": shop.identity.registry,
        "merchantId": shop.identity.merchant_id,
        "dataUrl": shop.data_uri,
        "adminKey": shop.admin,
        "buyers": buyers,
    });
    let path = place.join(FILE);
    disk::replace(&path, serde_json::to_string_pretty(&ready)?.as_bytes())?;
    Ok(path)
}

/// Takes it away, where it is there.
pub(super) fn remove(place: &Place) -> Result<()> {
    match fs::remove_file(place.join(FILE)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}
