//! Puts money from outside into an account's wallet.

use sqlx::PgPool;

use super::{FlowError, stored_ms};
use crate::domain::account::Role;
use crate::domain::id::AccountId;
use crate::domain::message::Fact;
use crate::domain::money::Money;
use crate::domain::name;
use crate::domain::wallet::{Cause, MAX_REFERENCE, TopUp, Transfer};
use crate::store::account::account_get;
use crate::store::outbox::outbox_insert;
use crate::store::transfer::{transfer_find_top_up, transfer_insert};
use crate::store::wallet::wallet_lock_top_up;

/// A top-up, and whether it was booked before, so that this call moved no money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Booked {
    pub top_up: TopUp,
    pub was_booked: bool,
}

/// Tops up the credit of a reseller, once for each `reference`: a repeat of the same changes nothing, and says so.
///
/// # Errors
/// `Invalid` for an amount of nothing, a reference that is none, or an account that buys nothing; `Missing` where there
/// is no such account; `Reused` where the reference named another top-up.
pub async fn top_up_credit(
    pool: &PgPool,
    account: AccountId,
    amount: Money,
    reference: &str,
    now_ms: u64,
) -> Result<Booked, FlowError> {
    let asked = TopUp {
        account,
        amount,
        reference: name::parse(reference, MAX_REFERENCE).map_err(FlowError::not_name("reference"))?,
        at_ms: stored_ms(now_ms),
    };
    if amount.minor <= 0 {
        return Err(invalid("amount", "a top-up is of more than nothing"));
    }
    let mut transaction = pool.begin().await?;
    let owner = account_get(&mut *transaction, account).await?;
    let owner = owner.ok_or_else(|| FlowError::Missing {
        noun: "account",
        name: account.to_string(),
    })?;
    if owner.role != Role::Reseller {
        return Err(invalid("account", "only a reseller has credit"));
    }
    let wallets = wallet_lock_top_up(&mut transaction, account, amount.currency).await?;
    let transfer = Transfer {
        cause: Cause::TopUp {
            reference: &asked.reference,
        },
        from: wallets.external,
        to: wallets.credit,
        amount_minor: amount.minor,
        at_ms: asked.at_ms,
    };
    if transfer_insert(&mut transaction, &transfer).await? {
        let fact = Fact::CreditAdded {
            account,
            amount,
            reference: &asked.reference,
        };
        outbox_insert(&mut transaction, &fact).await?;
        // A crash before this leaves nothing; one after it, and the repeat finds the row.
        transaction.commit().await?;
        return Ok(Booked {
            top_up: asked,
            was_booked: false,
        });
    }
    let before = transfer_find_top_up(&mut *transaction, &asked.reference).await?;
    transaction.rollback().await?;
    match before {
        Some(before) if (before.account, before.amount) == (asked.account, asked.amount) => Ok(Booked {
            top_up: before,
            was_booked: true,
        }),
        _ => Err(FlowError::Reused {
            field: "reference",
            name: asked.reference,
            detail: "a top-up of another account or amount".to_owned(),
        }),
    }
}

fn invalid(field: &'static str, detail: &str) -> FlowError {
    FlowError::Invalid {
        field,
        detail: detail.to_owned(),
    }
}
