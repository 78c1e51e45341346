//! A merchant's account at a payment gateway, as the database knows it.

use super::money::{Currency, Money};

/// An account, which keeps its protocol and currency for good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewayAccount {
    pub id: i32,
    /// As the configuration names it.
    pub name: String,
    /// The protocol.
    pub kind: String,
    /// What it collects.
    pub currency: Currency,
}

/// An account in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedGateway {
    pub account: GatewayAccount,
    /// What its gateway collected, less what was paid back through it.
    pub collected: Money,
}
