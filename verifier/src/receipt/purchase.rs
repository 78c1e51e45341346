//! Protocol §4: what a buyer's client checks when it gets a code.

use alloy_primitives::{Address, B256};

use super::{Receipt, terms as compare};
use crate::chain::{ChainView, Identity};
use crate::vocabulary::body::{Body, Sold};
use crate::{Code, Refusal, buyer, code, vrf};

/// How far a sale's time may be from now, in either direction, milliseconds.
pub const MAX_CLOCK_MS: u64 = 600_000;

/// What the buyer agreed to. An optional term that is `None` is not compared.
#[derive(Clone, Debug)]
pub struct Terms<'a> {
    /// The code, as the buyer got or typed it.
    pub code: &'a str,
    /// The buyer's secret ([`crate::buyer::secret`]).
    pub secret: Option<B256>,
    /// The merchant that the buyer bought from.
    pub expected: Identity,
    /// The product: the id or the name in the sale's body.
    pub product: Option<&'a str>,
    /// The price, in any spelling of the same decimal number.
    pub price: Option<&'a str>,
    /// The currency, in either case.
    pub currency: Option<&'a str>,
    /// The time of the purchase, Unix milliseconds; `None` for an older receipt.
    pub now_ms: Option<u64>,
}

/// A receipt that was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// The receipt key that signed it.
    pub signer: Address,
    /// Whether the sale was proved to be the buyer's.
    pub yours: bool,
}

/// Checks a receipt against the buyer's terms and the merchant's keys.
///
/// # Errors
/// The first check that fails, in the protocol's order. A product, price, currency or time that differs is
/// `receipt_terms`.
pub fn check_purchase(receipt: &Receipt, terms: &Terms<'_>, view: &ChainView) -> Result<Checked, Refusal> {
    let alpha = code::alpha(terms.code)?;
    if receipt.identity != terms.expected || view.identity != terms.expected {
        return Err(Refusal::new(
            Code::WrongMerchant,
            "the receipt is of another chain, registry or merchant",
        ));
    }
    let event = &receipt.promise.event;
    let key = vrf::PublicKey::from_bytes(&view.vrf_public_key);
    if key.and_then(|key| key.verify(&alpha, &receipt.vrf_proof)) != Some(event.key_id) {
        return Err(Refusal::new(Code::KeyId, "the receipt is not for this code"));
    }
    if receipt
        .promise
        .opening
        .as_ref()
        .is_some_and(|opening| !opening.opens(event))
    {
        return Err(Refusal::new(
            Code::Payload,
            "the opened body is not what the sale commits to",
        ));
    }
    check_body(receipt, terms)?;
    receipt
        .promise
        .check_terms(&event.key_id, receipt.promise.opening.as_ref())?;
    if terms
        .now_ms
        .is_some_and(|now_ms| event.at_ms.abs_diff(now_ms) > MAX_CLOCK_MS)
    {
        return Err(Refusal::new(
            Code::ReceiptTerms,
            "the sale's time is more than ten minutes from now",
        ));
    }
    let signer = receipt
        .promise
        .check_signature(&terms.expected, &view.receipt_signers)?;
    Ok(Checked {
        signer,
        yours: terms.secret.is_some(),
    })
}

/// Checks the opened body against the buyer's secret and terms.
fn check_body(receipt: &Receipt, terms: &Terms<'_>) -> Result<(), Refusal> {
    let Some(opening) = &receipt.promise.opening else {
        let is_asked =
            terms.secret.is_some() || [terms.product, terms.price, terms.currency].iter().any(Option::is_some);
        if !is_asked {
            return Ok(());
        }
        return Err(Refusal::new(
            Code::BodyWithheld,
            "the receipt does not open the sale's body",
        ));
    };
    let sold = Sold::parse(&opening.body)?;
    if let Some(secret) = terms.secret
        && sold.buyer != Some(buyer::commitment(&secret))
    {
        return Err(Refusal::new(Code::NotYourSale, "the receipt's sale is another buyer's"));
    }
    let said = |typed: Option<&str>, said: &Option<_>, is_same: fn(&str, &str) -> bool| {
        typed.is_none_or(|typed| said.as_deref().is_some_and(|said| is_same(typed, said)))
    };
    let agreed = [
        (
            "product",
            terms.product.is_none_or(|typed| compare::is_product(typed, &sold)),
        ),
        ("price", said(terms.price, &sold.price, compare::is_price)),
        ("currency", said(terms.currency, &sold.currency, compare::is_currency)),
    ];
    match agreed.into_iter().find(|(_, is_same)| !is_same) {
        Some((name, _)) => Err(Refusal::new(
            Code::ReceiptTerms,
            format!("the sale's {name} is not what you agreed to"),
        )),
        None => Ok(()),
    }
}
