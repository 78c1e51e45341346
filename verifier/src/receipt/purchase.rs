//! Protocol §4: what a buyer's client checks the moment it is handed a code.

use alloy_primitives::{Address, B256};

use super::Receipt;
use crate::chain::{ChainView, Identity};
use crate::vocabulary::body::{Body, Sold};
use crate::{Code, Refusal, buyer, code, vrf};

/// The furthest that a sale's time may be from now, either way, milliseconds.
pub const MAX_CLOCK_MS: u64 = 600_000;

/// What the buyer agreed to.
#[derive(Clone, Debug)]
pub struct Terms<'a> {
    /// The code, as the buyer was given or typed it.
    pub code: &'a str,
    /// The buyer's secret, from the nonce that its own side made.
    pub secret: Option<B256>,
    /// Which merchant the buyer bought from.
    pub expected: Identity,
    /// The product, as the sale's body names it.
    pub product: Option<&'a str>,
    /// The price, a decimal string.
    pub price: Option<&'a str>,
    /// The currency.
    pub currency: Option<&'a str>,
    /// The time now, Unix milliseconds, where the purchase is now; `None` looks at an older receipt.
    pub now_ms: Option<u64>,
}

/// A receipt that counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// Who signed it.
    pub signer: Address,
    /// Whether the sale was shown to be the buyer's.
    pub yours: bool,
}

/// Checks a receipt against what the buyer agreed to and against the merchant's keys.
///
/// # Errors
/// The first code that does not hold, in the protocol's order; `receipt_terms` covers product, price and time too.
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
    receipt.promise.check_terms(&event.key_id)?;
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

/// The opened body against the buyer's own name and the terms.
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
    let agreed = [
        ("product", terms.product, sold.product),
        ("price", terms.price, sold.price),
        ("currency", terms.currency, sold.currency),
    ];
    for (name, wanted, said) in agreed {
        if wanted.is_some() && said.as_deref() != wanted {
            return Err(Refusal::new(
                Code::ReceiptTerms,
                format!("the sale's {name} is not what you agreed to"),
            ));
        }
    }
    Ok(())
}
