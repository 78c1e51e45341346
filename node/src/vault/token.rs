//! Order tokens: derived from the order's id, so that a repeated answer is the same to the byte and no table holds them.

use alloy_primitives::hex;
use hmac::{Hmac, Mac};
use secrecy::SecretString;
use sha2::Sha256;
use subtle::ConstantTimeEq;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::domain::id::OrderId;

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

    pub(super) fn token(&self, order: OrderId) -> SecretString {
        self.text(order).into()
    }

    pub(super) fn check(&self, token: &str) -> Option<OrderId> {
        let (order, _) = token.strip_prefix(PREFIX)?.split_once('_')?;
        let order = OrderId(Uuid::try_parse(order).ok()?);
        // The whole text, so that no other spelling of the id or the code passes.
        let expected = Zeroizing::new(self.text(order));
        bool::from(expected.as_bytes().ct_eq(token.as_bytes())).then_some(order)
    }

    fn text(&self, order: OrderId) -> String {
        let mac = self.0.clone().chain_update(DOMAIN).chain_update(order.0.as_bytes());
        let mac = hex::encode(mac.finalize().into_bytes());
        format!("{PREFIX}{}_{mac}", order.0.simple())
    }
}
