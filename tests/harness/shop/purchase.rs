//! The answer to a delivered order.

use serde::Deserialize;
use serde_json::Value;

use crate::Result;
use crate::client::Answer;

/// A delivered order.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Purchase {
    /// The order's id.
    pub order: String,
    /// The order's state, `delivered`.
    pub state: String,
    /// When it was created, in Unix milliseconds.
    pub created_at: u64,
    /// The price of the whole order.
    pub total: String,
    pub currency: String,
    /// The order's own token.
    pub token: String,
    /// The keys.
    pub items: Vec<Item>,
}

/// One key of an order.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    /// The number in the order, from 1.
    pub item: u32,
    /// The number of the order's line that bought it, from 1.
    pub line: u32,
    pub product: String,
    pub code: String,
    pub key_id: String,
    /// The `shelfproof-receipt-v1` file.
    pub receipt: Value,
}

impl Purchase {
    /// Reads an answer that must be a delivery.
    ///
    /// # Errors
    /// The answer, if it is not a delivery.
    pub fn read(answer: &Answer) -> Result<Self> {
        Ok(serde_json::from_value(answer.expect(201)?)?)
    }

    /// The codes, in the order of the items.
    pub fn codes(&self) -> impl Iterator<Item = &str> {
        self.items.iter().map(|item| item.code.as_str())
    }
}
