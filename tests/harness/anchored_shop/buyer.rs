//! Buyers whose orders carry a commitment to a secret.

use alloy_primitives::{B256, keccak256};
use serde_json::{Value, json};
use shelfproof_verifier::buyer;

use super::AnchoredShop;
use crate::Result;
use crate::shop::{Purchase, Reseller};
use crate::vector_chain::block_on;

/// The secret of a buyer: a nonce and a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secret {
    /// A random value that the buyer's program made.
    pub nonce: B256,
    /// The buyer's name: an address, a phone number.
    pub tag: String,
}

/// A purchase, and the secret of its buyer.
#[derive(Clone, Debug)]
pub struct Bought {
    /// The order.
    pub purchase: Purchase,
    /// The buyer's secret.
    pub secret: Secret,
}

impl Secret {
    /// Returns the secret of the buyer with that number.
    #[must_use]
    pub fn of(number: usize) -> Self {
        Self {
            nonce: keccak256(number.to_be_bytes()),
            tag: format!("buyer-{number}@example.com"),
        }
    }

    /// Returns the commitment that the shop gets.
    #[must_use]
    pub fn commitment(&self) -> B256 {
        buyer::commitment(&buyer::secret(&self.nonce, &self.tag))
    }
}

impl AnchoredShop {
    /// Buys keys of one product, as the buyer with that number.
    ///
    /// # Errors
    /// The shop's answer, if it is not a delivery.
    pub fn buy(&self, reseller: &Reseller, product: &str, quantity: u32, buyer: usize) -> Result<Bought> {
        let secret = Secret::of(buyer);
        let body = json!({
            "lines": [{"product": product, "quantity": quantity}],
            "buyer": secret.commitment(),
        });
        let mut client = self.shop.client(&reseller.token)?;
        let answer = block_on(client.order(&format!("buyer-{buyer}"), body.to_string()))??;
        Ok(Bought {
            purchase: Purchase::read(&answer)?,
            secret,
        })
    }

    /// Sends a POST request to the node. Returns the answer, which must be a success.
    ///
    /// # Errors
    /// The answer, if it is not a success.
    pub fn post(&self, token: &str, path: &str, body: &Value) -> Result<Value> {
        let mut client = self.shop.client(token)?;
        block_on(client.post(path, body.to_string()))??.expect(200)
    }
}
