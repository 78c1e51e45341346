//! Order tokens, and hashes of what guests say of themselves.
//!
//! A token is derived from the order's id and the token's generation, so that a repeated answer is the same to the
//! byte and no table holds them.

use alloy_primitives::{B256, hex};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::domain::id::OrderId;
use crate::domain::order_token::OrderToken;

const DOMAIN: &[u8] = b"shelfproof-order-token-v1";
const PREFIX: &str = "spo_";

/// The key that order tokens are derived with: HMAC-SHA256.
pub(super) struct TokenKey(Hmac<Sha256>);

impl TokenKey {
    pub(super) fn new(key: &[u8; 32]) -> Self {
        // A key of this length is one block's part: HMAC takes any.
        let mut block = Zeroizing::new(hmac::digest::Key::<Hmac<Sha256>>::default());
        block[..key.len()].copy_from_slice(key);
        Self(Hmac::new(&block))
    }

    pub(super) fn check(&self, text: &str) -> Option<OrderToken> {
        let (order, rest) = text.strip_prefix(PREFIX)?.split_once('_')?;
        let (generation, _) = rest.split_once('_')?;
        let token = OrderToken {
            order: OrderId(Uuid::try_parse(order).ok()?),
            generation: generation.parse().ok()?,
        };
        // The whole text, so that no other spelling of the id, the generation or the code passes.
        let expected = Zeroizing::new(self.text(token));
        bool::from(expected.as_bytes().ct_eq(text.as_bytes())).then_some(token)
    }

    /// A keyed hash of those parts under a name of its own, which no other use of the key has.
    pub(super) fn hash(&self, domain: &[u8], parts: &[&[u8]]) -> B256 {
        let mut mac = self.0.clone().chain_update(domain);
        for part in parts {
            // A length before each part keeps them apart.
            mac.update(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
            mac.update(part);
        }
        B256::from_slice(&mac.finalize().into_bytes())
    }

    pub(super) fn text(&self, token: OrderToken) -> String {
        let mac = self.0.clone().chain_update(DOMAIN);
        let mac = mac.chain_update(token.order.0.as_bytes());
        let mac = mac.chain_update(token.generation.to_be_bytes());
        let mac = hex::encode(mac.finalize().into_bytes());
        format!("{PREFIX}{}_{}_{mac}", token.order.0.simple(), token.generation)
    }
}
