//! Binds the name of an account at a gateway to its protocol and currency, once, and opens its wallets.

use sqlx::PgPool;

use super::FlowError;
use crate::domain::gateway_account::GatewayAccount;
use crate::domain::money::Currency;
use crate::store::gateway_account::gateway_account_bind;

/// The account of that name; it is made unless it is there.
///
/// # Errors
/// `Reused` where the name belongs to an account with another protocol or currency: what was collected through that one is
/// in its currency, and its payments are asked about by its protocol.
pub async fn bind_gateway(
    pool: &PgPool,
    name: &str,
    kind: &str,
    currency: Currency,
) -> Result<GatewayAccount, FlowError> {
    let mut transaction = pool.begin().await?;
    let account = gateway_account_bind(&mut transaction, name, kind, currency).await?;
    if account.kind != kind || account.currency != currency {
        return Err(FlowError::Reused {
            field: "gateways",
            name: account.name,
            detail: format!(
                "an account of the kind {} that collects {}, and not {kind} and {}; give the new account another name",
                account.kind,
                account.currency.code(),
                currency.code()
            ),
        });
    }
    transaction.commit().await?;
    Ok(account)
}
