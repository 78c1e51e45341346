//! `ready.json`: addresses, keys and buyers of the running demo, for other programs. The file exists while the demo
//! serves.

use std::fs;
use std::io;
use std::path::PathBuf;

use serde_json::json;
use shelfproof_base::keyfile::disk;

use super::acts::Serving;
use super::place::Place;
use shelfproof_tests::Result;

const FILE: &str = "ready.json";

/// How many buyers it lists for each state of a key.
const BUYERS: [(&str, usize); 3] = [("sold", 12), ("redeemed", 3), ("refunded", 1)];

/// Writes the file atomically. Only its owner can read it, because it contains API keys and codes.
pub(super) fn write(place: &Place, serving: &Serving) -> Result<PathBuf> {
    let (shop, checked_buyers) = (serving.shop(), serving.checked_buyers());
    let of = |(state, count)| {
        checked_buyers
            .iter()
            .filter(move |buyer| buyer.state == state)
            .take(count)
    };
    let buyers: Vec<_> = BUYERS
        .into_iter()
        .flat_map(of)
        .map(|buyer| {
            let sold = &buyer.sold;
            json!({
                "code": sold.item.code,
                "order": sold.order,
                "nonce": sold.secret.nonce,
                "tag": sold.secret.tag,
                "bundle": buyer.bundle(),
                "state": buyer.state,
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

/// Removes the file if it is there.
pub(super) fn remove(place: &Place) -> Result<()> {
    match fs::remove_file(place.join(FILE)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}
