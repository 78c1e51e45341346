//! Gives ether to the anchoring account, which anvil does for any account on request.

use std::time::Duration;

use alloy_primitives::Address;
use serde_json::{Value, json};
use shelfproof_base::client::{Bounds, Client, HttpError, Reach};
use shelfproof_base::web::parse_url;

/// 100 ether, in wei, as JSON-RPC writes numbers.
const BALANCE: &str = "0x56bc75e2d63100000";

const BOUNDS: Bounds = Bounds {
    bytes: 64 << 10,
    time: Duration::from_secs(30),
};

/// Why the account's balance was not set.
#[derive(Debug, thiserror::Error)]
pub enum FundError {
    #[error("anvil: {0}")]
    Http(#[from] HttpError),
    #[error("anvil gives the anchoring account no ether: {0}")]
    Refused(String),
}

/// Sets the account's balance to 100 ether, through the anvil node at `rpc`.
///
/// # Errors
/// If the node does not answer, or is not anvil.
pub async fn fund(rpc: &str, account: Address) -> Result<(), FundError> {
    let url = parse_url(rpc).map_err(HttpError::from)?;
    let call = json!({"jsonrpc": "2.0", "id": 1, "method": "anvil_setBalance", "params": [account, BALANCE]});
    let client = Client::new(&url, Reach::Any, 0)?;
    let answer = client
        .post_json(&url, call.to_string().into_bytes(), BOUNDS)
        .await?
        .body;
    match serde_json::from_slice::<Value>(&answer) {
        Ok(answer) if answer.get("error").is_none() => Ok(()),
        _ => Err(FundError::Refused(String::from_utf8_lossy(&answer).into_owned())),
    }
}
