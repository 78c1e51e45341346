//! Which orders a list shows.

use crate::domain::id::{AccountId, ProductId};
use crate::domain::search::OrderTerm;

/// Which orders a list shows: those that meet all of what is given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OrderFilter {
    /// The name of their state, see [`known_state`](super::known_state).
    pub state: Option<&'static str>,
    /// A product that they have a line for. Without a state, only orders that got keys.
    pub product: Option<ProductId>,
    /// Who placed them.
    pub account: Option<AccountId>,
    /// Placed then or later, Unix milliseconds.
    pub from_ms: Option<u64>,
    /// Placed before then, Unix milliseconds.
    pub until_ms: Option<u64>,
    pub search: Option<OrderTerm>,
}
