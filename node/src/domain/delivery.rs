//! What an order delivers, and what a request for one is answered with, the first time and at each repeat.
//!
//! The answer is made of what never changes: the order's own columns, the sold events of its items, and the signature of
//! the batch that placed it. So a repeat gets the same bytes, whatever became of the order meanwhile.

use alloy_primitives::{Address, B256, U256};
use shelfproof_verifier::chain::Identity;
use shelfproof_verifier::event::{KeyEvent, Opening};
use shelfproof_verifier::receipt::{Promise, Receipt, promise_hash};
use shelfproof_verifier::vocabulary::typed_data::SIGNATURE_BYTES;
use shelfproof_verifier::vrf;

use super::goods::{Goods, WrappedKey};
use super::id::{BatchId, OrderId, ProductId};
use super::key::Head;
use super::money::Money;
use super::order::RefusalReason;
use super::sale::Question;

/// What a receipt promises of a sale beside its event: the buyer that the body names, and no cover, since a shop has no
/// bond yet. Returned are the promise's `buyer`, `cover` and `token`.
#[must_use]
pub fn sale_terms(buyer: Option<B256>) -> (B256, U256, Address) {
    (buyer.unwrap_or_default(), U256::ZERO, Address::ZERO)
}

/// The hash of the promise of a sale, which is what is signed.
#[must_use]
pub fn sale_promise(sale: &KeyEvent, buyer: Option<B256>) -> B256 {
    let (buyer, cover, token) = sale_terms(buyer);
    promise_hash(&sale.hash(), &buyer, &cover, &token)
}

/// One delivered key as the database holds it, encrypted, with its receipt.
#[derive(Clone, Debug)]
pub struct SoldItem {
    /// Its number in the order, from 1; see [`Order::line_of`](super::order::Order::line_of).
    pub item: u32,
    /// The key in its present state.
    pub head: Head,
    /// The sale.
    pub sale: KeyEvent,
    pub opening: Opening,
    /// Whom the sale's body names.
    pub buyer: Option<B256>,
    /// The receipt's deadline, Unix seconds.
    pub anchor_by_s: u64,
    /// The receipt's path, from the promise's hash to the root that was signed.
    pub path: Vec<B256>,
    pub signature: [u8; SIGNATURE_BYTES],
    /// Whether the batch that placed the order delivered it: such items are the first answer.
    pub is_first_answer: bool,
    /// The number of the batch of orders that sold it.
    pub sale_batch: i64,
    /// Whether a final epoch holds the sale.
    pub is_final: bool,
    /// The import that brought the key.
    pub batch: BatchId,
    /// What its goods are encrypted with.
    pub wrapped: WrappedKey,
    pub sealed: Vec<u8>,
    /// That the key's id is the code's.
    pub vrf_proof: vrf::Proof,
}

/// One delivered key.
#[derive(Clone, Debug)]
pub struct Item {
    /// Its number in the order, from 1. It never changes.
    pub item: u32,
    /// The line of the order that it belongs to, from 1.
    pub line: i16,
    pub product: ProductId,
    pub goods: Goods,
    /// The signed promise that this sale will be anchored.
    pub receipt: Receipt,
}

/// An order that was paid and delivered.
#[derive(Clone, Debug)]
pub struct Delivered {
    pub order: OrderId,
    /// When it was placed, Unix milliseconds.
    pub created_at_ms: u64,
    pub total: Money,
    /// By their numbers.
    pub items: Vec<Item>,
}

/// An order that was placed and waits for its payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reserved {
    pub order: OrderId,
    /// When it was placed, and until when it can be paid, Unix milliseconds.
    pub created_at_ms: u64,
    pub expires_at_ms: u64,
    pub total: Money,
}

/// The answer to a request for an order that is to be paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReserveOutcome {
    /// It waits for its payment, or waited when it was placed.
    Reserved(Reserved),
    /// It was not placed, and nothing was written.
    Refused(RefusalReason),
}

/// What became of a paid order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    /// All of its keys are delivered.
    Delivered { items: usize },
    /// A person decides about it.
    InReview(Question),
    /// There was nothing to do: the payment was received before, or the order was delivered or paid back.
    Unchanged,
}

/// The answer to a request for an order.
#[derive(Clone, Debug)]
pub enum OrderOutcome {
    /// It was paid and delivered.
    Delivered(Delivered),
    /// It got no key and was not charged.
    Refused {
        order: OrderId,
        reason: RefusalReason,
        /// When it was refused, Unix milliseconds.
        created_at_ms: u64,
    },
}

impl SoldItem {
    /// The receipt that was handed out with the key by the merchant of that identity.
    #[must_use]
    pub fn receipt(&self, identity: &Identity) -> Receipt {
        let (buyer, cover, token) = sale_terms(self.buyer);
        Receipt {
            identity: *identity,
            vrf_proof: self.vrf_proof,
            promise: Promise {
                event: self.sale,
                opening: Some(self.opening.clone()),
                buyer,
                cover,
                token,
                anchor_by_s: self.anchor_by_s,
                path: self.path.clone(),
                signature: self.signature,
            },
        }
    }
}
