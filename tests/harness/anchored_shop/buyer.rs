//! Buyers whose orders carry a commitment to a secret.

use alloy_primitives::{B256, keccak256};
use serde_json::{Value, json};
use shelfproof_verifier::buyer;

use super::AnchoredShop;
use crate::Result;
use crate::shop::{Purchase, Reseller};
use crate::vector_chain::block_on;

/// What a buyer types: a nonce of the buyer's own, and a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secret {
    /// Made by the buyer's side.
    pub nonce: B256,
    /// An address, a phone number.
    pub tag: String,
}

/// A purchase, and whose it is.
#[derive(Clone, Debug)]
pub struct Bought {
    /// The order.
    pub purchase: Purchase,
    /// The buyer's.
    pub secret: Secret,
}

impl Secret {
    /// The secret of the buyer of that number.
    #[must_use]
    pub fn of(number: usize) -> Self {
        Self {
            nonce: keccak256(number.to_be_bytes()),
            tag: format!("buyer-{number}@example.com"),
        }
    }

    /// What the shop is told of it.
    #[must_use]
    pub fn commitment(&self) -> B256 {
        buyer::commitment(&buyer::secret(&self.nonce, &self.tag))
    }
}

impl AnchoredShop {
    /// Buys keys of one product, as the buyer of that number.
    ///
    /// # Errors
    /// The shop's answer, if it is no delivery.
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

    /// Posts to the node; the answer, which must be a success.
    ///
    /// # Errors
    /// The answer, if it is none.
    pub fn post(&self, token: &str, path: &str, body: &Value) -> Result<Value> {
        let mut client = self.shop.client(token)?;
        block_on(client.post(path, body.to_string()))??.expect(200)
    }
}
