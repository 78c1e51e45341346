//! Gives an account a key to call the API with.

use sqlx::PgPool;

use super::{FlowError, stored_ms};
use crate::domain::api_key::ApiKey;
use crate::domain::id::AccountId;
use crate::store::api_key::api_key_insert;

/// Keeps the key's hash as the account's. The token itself is nowhere but in the caller's hands.
///
/// # Errors
/// `Missing` where there is no such account.
pub async fn create_api_key(pool: &PgPool, key: &ApiKey, account: AccountId, now_ms: u64) -> Result<(), FlowError> {
    api_key_insert(pool, key, account, stored_ms(now_ms))
        .await
        .map_err(|error| {
            if error.constraint() == Some("api_keys_account_id_fkey") {
                return FlowError::Missing {
                    noun: "account",
                    name: account.to_string(),
                };
            }
            error.into()
        })
}
