//! Ether for the account that anchors, on a chain that gives it to whoever asks: anvil.

use alloy_primitives::Address;
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};
use shelfproof_base::client::{HttpError, client, read_bounded};
use shelfproof_base::web::parse_url;

/// What the account has after it: 100 ether, in wei, as JSON-RPC writes numbers.
const BALANCE: &str = "0x56bc75e2d63100000";

/// The longest answer.
const ANSWER_MAX_BYTES: usize = 64 << 10;

/// An account that got nothing.
#[derive(Debug, thiserror::Error)]
pub enum FundError {
    /// The chain does not answer.
    #[error("anvil: {0}")]
    Http(#[from] HttpError),
    /// It answers with something else than was expected.
    #[error("anvil gives the anchoring account no ether: {0}")]
    Refused(String),
}

/// Sets the account's balance.
///
/// # Errors
/// Where the chain does not answer, or is none of anvil's.
pub async fn fund(rpc: &str, account: Address) -> Result<(), FundError> {
    let url = parse_url(rpc).map_err(HttpError::from)?;
    let call = json!({"jsonrpc": "2.0", "id": 1, "method": "anvil_setBalance", "params": [account, BALANCE]});
    let request = client(&url, 0)?.post(url).header(CONTENT_TYPE, "application/json");
    let response = request.body(call.to_string()).send().await;
    let answer = read_bounded(response.map_err(HttpError::from_reqwest)?, ANSWER_MAX_BYTES).await?;
    match serde_json::from_slice::<Value>(&answer) {
        Ok(answer) if answer.get("error").is_none() => Ok(()),
        _ => Err(FundError::Refused(String::from_utf8_lossy(&answer).into_owned())),
    }
}
