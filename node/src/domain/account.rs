//! Who calls the API, and what each may do.

use super::id::{AccountId, OrderId};

/// The longest name of an account, characters.
pub const MAX_NAME: usize = 100;

/// What an account may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Runs the shop: products, batches, refunds. Sees no code.
    Admin,
    /// Buys from its prepaid credit, and holds what it bought.
    Reseller,
}

impl Role {
    /// The role as files and the database write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Reseller => "reseller",
        }
    }

    /// The role of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Admin, Self::Reseller]
            .into_iter()
            .find(|role| role.name() == name)
    }
}

/// Who calls the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// What it may do.
    pub role: Role,
    /// Its name, the only one of the shop.
    pub name: String,
    /// When it was made, Unix milliseconds.
    pub created_at_ms: i64,
}

/// Who sent a request, as its token showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// The holder of an API key.
    Account {
        /// Whose key it is.
        id: AccountId,
        /// What that account may do.
        role: Role,
    },
    /// The holder of one order's token.
    Buyer(OrderId),
}
