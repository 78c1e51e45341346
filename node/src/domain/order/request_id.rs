//! An order's id, derived from its request.

use sha2::{Digest, Sha256};
use uuid::Builder;

use super::Customer;
use crate::domain::id::OrderId;

/// Hashed before a request, so that an order's id is the hash of nothing else.
const ORDER_DOMAIN: &[u8] = b"shelfproof-order-id-v1:";

impl OrderId {
    /// The id of a customer's request: the first 16 bytes of a SHA-256 over the customer and the idempotency key, with
    /// the bits that mark a UUID of version 8. The same request has the same id, on every node and before any look-up.
    #[must_use]
    pub fn of_request(customer: &Customer, idempotency_key: &str) -> Self {
        let (kind, scope): (&[u8], &[u8]) = match customer {
            Customer::Account(account) => (b"account", account.0.as_bytes()),
            Customer::Guest(contact) => (b"guest", contact.as_slice()),
        };
        let mut hash = Sha256::new_with_prefix(ORDER_DOMAIN);
        for part in [kind, scope, idempotency_key.as_bytes()] {
            // A length before each part keeps parts apart; none is longer than a header.
            hash.update(u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
            hash.update(part);
        }
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&hash.finalize()[..16]);
        Self(Builder::from_custom_bytes(bytes).into_uuid())
    }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::B256;

    use super::*;
    use crate::domain::id::AccountId;

    #[test]
    fn an_order_s_id_is_its_request_s() {
        let (one, other) = (AccountId::new(1, [1; 10]), AccountId::new(1, [2; 10]));
        let account = |account, key| OrderId::of_request(&Customer::Account(account), key);
        let id = account(one, "a");
        assert_eq!(id, account(one, "a"));
        assert_eq!(
            (id.0.get_version_num(), id.0.get_variant()),
            (8, uuid::Variant::RFC4122)
        );
        assert_eq!(id.to_string().parse(), Ok(id));
        let mut scope = [0; 32];
        scope[..16].copy_from_slice(one.0.as_bytes());
        for different in [
            account(one, "b"),
            account(other, "a"),
            OrderId::of_request(&Customer::Guest(B256::from(scope)), "a"),
        ] {
            assert_ne!(id, different);
        }
    }
}
