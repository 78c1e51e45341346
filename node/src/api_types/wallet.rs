//! Credit as the API shows it.

use serde::Serialize;
use utoipa::ToSchema;

use super::{Amount, Currency};
use crate::domain::money::Money;

/// The remaining credit in one currency.
#[derive(Serialize, ToSchema)]
#[schema(as = Credit)]
pub(crate) struct ShownCredit {
    /// The balance, a decimal string.
    #[schema(value_type = Amount)]
    balance: String,
    /// ISO 4217.
    #[schema(value_type = Currency)]
    currency: &'static str,
}

impl From<Money> for ShownCredit {
    fn from(balance: Money) -> Self {
        Self {
            balance: balance.decimal(),
            currency: balance.currency.code(),
        }
    }
}
