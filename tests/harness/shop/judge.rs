//! Checks receipts with the verifier's library and the shop's public keys, as a buyer's client does.

use std::collections::BTreeMap;
use std::thread;

use alloy_primitives::{Address, B256};
use serde_json::Value;
use shelfproof_verifier::chain::{ChainView, Identity, SignerSpan};
use shelfproof_verifier::receipt::{Receipt, Terms, check_purchase};

use super::{CURRENCY, Item, PRICE, Purchase, public_key};
use crate::Result;

/// The merchant whose receipts are checked.
#[derive(Clone, Debug)]
pub struct Judge {
    view: ChainView,
}

impl Judge {
    /// Takes the merchant and the public keys that `admin keyring init` printed.
    ///
    /// # Errors
    /// If it printed other keys.
    pub(super) fn new(identity: Identity, keys: &Value) -> Result<Self> {
        let signer = SignerSpan {
            address: public_key(keys, "receipt-1")?.parse::<Address>()?,
            from_s: 1,
            until_s: 0,
        };
        Ok(Self {
            view: ChainView {
                identity,
                vrf_public_key: public_key(keys, "vrf")?.parse::<B256>()?,
                receipt_signers: vec![signer],
                as_of_s: 0,
                first: 1,
                latest: 0,
                epochs: BTreeMap::new(),
            },
        })
    }

    /// Checks that the item's receipt is valid for its code and that price.
    ///
    /// # Errors
    /// The verifier's refusal.
    pub fn check_item(&self, item: &Item, price: &str, currency: &str) -> Result<()> {
        let receipt = Receipt::parse(item.receipt.to_string().as_bytes())?;
        let terms = Terms {
            code: &item.code,
            secret: None,
            expected: self.view.identity,
            product: Some(&item.product),
            price: Some(price),
            currency: Some(currency),
            now_ms: None,
        };
        check_purchase(&receipt, &terms, &self.view)?;
        if receipt.promise.event.key_id.to_string() == item.key_id {
            Ok(())
        } else {
            Err(format!("item {} names another key than its receipt", item.item).into())
        }
    }

    /// Checks every receipt of an order at the usual price.
    ///
    /// # Errors
    /// The verifier's first refusal.
    pub fn check(&self, purchase: &Purchase) -> Result<()> {
        purchase.items.iter().try_for_each(|item| self.check_usual(item))
    }

    /// Checks one receipt of every `every`th order of many answers, on two threads, and returns all codes that they
    /// delivered.
    ///
    /// # Errors
    /// An answer that is no purchase, or the first refusal.
    pub fn check_some(&self, bodies: &[&[u8]], every: usize) -> Result<Vec<String>> {
        let check = |bodies: &[&[u8]]| -> std::result::Result<Vec<String>, String> {
            let mut codes = Vec::new();
            for (number, body) in bodies.iter().enumerate() {
                let purchase: Purchase = serde_json::from_slice(body).map_err(|error| error.to_string())?;
                if number.is_multiple_of(every) {
                    // Another item of each order, so that all places in an order are checked.
                    let item = purchase.items.get(number / every % purchase.items.len().max(1));
                    let item = item.ok_or_else(|| format!("order {} has no item", purchase.order))?;
                    self.check_usual(item)
                        .map_err(|error| format!("order {}: {error}", purchase.order))?;
                }
                codes.extend(purchase.codes().map(str::to_owned));
            }
            Ok(codes)
        };
        let (one, other) = bodies.split_at(bodies.len() / 2);
        thread::scope(|scope| {
            let other = scope.spawn(|| check(other));
            let mut codes = check(one)?;
            codes.extend(other.join().map_err(|_| "the checking thread panicked")??);
            Ok(codes)
        })
    }

    fn check_usual(&self, item: &Item) -> Result<()> {
        self.check_item(item, PRICE, CURRENCY)
    }
}
