//! Use cases: one a file, one transaction each. A flow opens the transaction and commits it; stores borrow it.

pub mod activate;
pub mod add_coupon;
pub mod add_payment;
pub mod bind_gateway;
pub mod cancel_order;
pub mod change_product;
pub mod check;
pub mod claim_payments;
pub mod claim_repayments;
mod clock;
pub mod create_account;
pub mod create_api_key;
pub mod create_product;
pub mod decide_review;
pub mod end_coupon;
pub mod expire_orders;
pub mod finish_repayment;
pub mod import;
pub mod keep_page;
mod low_stock;
pub mod migrate;
pub mod nudge_task;
pub mod prove;
pub mod query;
pub mod redeem;
pub mod refund;
pub mod remember_guest;
pub mod revoke_api_key;
pub mod revoke_order_token;
pub mod rotate_master;
mod step;
pub mod top_up_credit;
pub mod trim_outbox;
pub mod void;
pub mod withdraw_batch;

use crate::domain::money::NotMoney;
use crate::domain::name::NotName;
pub use shelfproof_anchor::store::events::EventError;

pub use crate::store::StoreError;
pub use clock::ClockError;
pub use step::StepError;

/// Why a use case did not do what was asked. Nothing was changed then.
#[derive(Debug, thiserror::Error)]
pub enum FlowError {
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A field breaks a rule; `field` is its name in the API.
    #[error("{field}: {detail}")]
    Invalid { field: &'static str, detail: String },
    /// `noun` is what kind of thing is missing, such as a product; `name` its id or name.
    #[error("there is no {noun} {name}")]
    Missing { noun: &'static str, name: String },
    #[error("{name} names more than one {noun}; give its id")]
    Ambiguous { noun: &'static str, name: String },
    /// Another of the same name is there.
    #[error("{field}: there is already a {noun} of that name: {name}")]
    Taken {
        noun: &'static str,
        field: &'static str,
        name: String,
    },
    /// Somebody changed it since the version that the change was made for.
    #[error("the {noun} was changed meanwhile and has version {version} now: look at it, and change that version")]
    Stale {
        noun: &'static str,
        /// Its version now.
        version: i32,
    },
    /// The same name was given to something else before.
    #[error("{field}: {name} was used before for something else: {detail}")]
    Reused {
        field: &'static str,
        name: String,
        /// What it was used for.
        detail: String,
    },
}

impl From<sqlx::Error> for FlowError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

impl FlowError {
    pub(crate) fn missing(noun: &'static str, name: &(impl ToString + ?Sized)) -> Self {
        Self::Missing {
            noun,
            name: name.to_string(),
        }
    }

    /// That a field breaks that rule.
    pub(crate) fn invalid<E: std::fmt::Display>(field: &'static str) -> impl FnOnce(E) -> Self {
        move |rule| Self::Invalid {
            field,
            detail: rule.to_string(),
        }
    }

    /// That a field holds no name.
    pub fn not_name(field: &'static str) -> impl FnOnce(NotName) -> Self {
        move |error| Self::Invalid {
            field,
            detail: error.to_string(),
        }
    }

    /// That a field holds no amount.
    pub fn not_money(field: &'static str) -> impl FnOnce(NotMoney) -> Self {
        move |error| Self::Invalid {
            field,
            detail: error.to_string(),
        }
    }
}

/// A time as the database holds it.
fn stored_ms(at_ms: u64) -> i64 {
    i64::try_from(at_ms).unwrap_or(i64::MAX)
}
