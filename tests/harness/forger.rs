//! The forger: a web server that answers with forged proof bundles, and buyers who check them with `shelfproof-verify`.
//!
//! It starts from two honest bundles of one merchant, which any two customers have. A forgery changes one place in one
//! way, and names the protocol's code with which it must be refused. That code follows from the protocol's order of
//! checks, not from the verifier's answers. To add a forgery, put it into the module of the place that it changes.
//!
//! Two more things are forged: the shop's deltas (`deltas`), against light audits, and the file of trusted epochs
//! (`trusted`), against somebody who checks an honest bundle without a node.

use alloy_primitives::{B256, keccak256};
use k256::ecdsa::SigningKey;
use shelfproof_verifier::Code;
use shelfproof_verifier::bundle::Bundle;
use shelfproof_verifier::event::Kind;

use crate::Result;
use crate::anchored_shop::Secret;
use crate::vectors::Case;

mod bench;
mod buyer;
mod deltas;
mod fields;
mod forging_shop;
mod form;
mod headers;
mod history;
mod identity;
mod inclusion;
mod key;
mod masks;
mod opening;
mod order;
mod paths;
mod promises;
mod receipts;
mod refused;
mod trial;
mod trusted;
mod worlds;

pub use deltas::{ForgedDelta, forge_deltas};
pub use forging_shop::ForgingShop;
pub use refused::of_vectors;
pub use trial::{Outcome, Tried, try_all, try_deltas, try_trusted};
pub use trusted::{ForgedTrusted, forge_trusted};

use bench::Bench;

/// A forged bundle, which must be refused.
#[derive(Clone, Debug)]
pub struct Forgery {
    /// The name of the forgery: `group/kind`, of letters, digits, `.` and `-`.
    pub name: String,
    /// The code that the victim types.
    pub code: String,
    /// The nonce and name that the victim types; `None` asks as anybody.
    pub secret: Option<Secret>,
    /// The file that the shop hands out.
    pub bundle: Vec<u8>,
    /// The code with which it must be refused, or which says that the question cannot be decided.
    pub expected: Code,
}

/// A bundle that holds, and what its buyer types.
#[derive(Clone, Debug)]
pub struct Honest {
    pub code: String,
    /// The buyer's nonce and name.
    pub secret: Secret,
    /// The bundle that the shop hands out.
    pub bundle: Bundle,
}

/// The honest bundles from which forgeries are made, and the forger's keys.
#[derive(Clone, Debug)]
pub struct Material {
    victim: Honest,
    other: Honest,
    seed: B256,
    receipt_key: Option<SigningKey>,
}

impl Honest {
    /// Parses a bundle as it was handed out.
    ///
    /// # Errors
    /// If it is not a bundle.
    pub fn new(code: &str, secret: &Secret, file: &[u8]) -> Result<Self> {
        Ok(Self {
            code: code.to_owned(),
            secret: secret.clone(),
            bundle: Bundle::parse(file)?,
        })
    }

    /// Reads a case of the vectors that holds.
    ///
    /// # Errors
    /// If it names no buyer, or its bundle cannot be parsed.
    pub fn of_case(case: &Case) -> Result<Self> {
        let (nonce, tag) = case.nonce.zip(case.tag.clone()).ok_or("a case without a buyer")?;
        Self::new(&case.code, &Secret { nonce, tag }, case.bundle.to_string().as_bytes())
    }

    /// Whether it is of a key that was generated, activated and sold, with one receipt, and opens the sale in both
    /// places.
    fn is_of_a_sale(&self) -> bool {
        let kinds = self.bundle.events.iter().map(|included| included.event.kind);
        let (Some(sale), [receipt]) = (self.bundle.events.get(bench::SALE), &self.bundle.receipts[..]) else {
            return false;
        };
        kinds.take(3).eq([Kind::Generated, Kind::Activated, Kind::Sold])
            && sale.opening.is_some()
            && receipt.opening.is_some()
            && receipt.event == sale.event
    }
}

impl Material {
    /// Takes two buyers' bundles of one merchant, each with one receipt whose promise was kept: `victim` of a key with
    /// no event after its sale, `other` of another sold key. The forger derives its own keys from `seed`.
    ///
    /// With `receipt_key`, the forger is the merchant, and can sign promises that it does not keep. That key must then
    /// have been registered when the victim's key was generated, and the victim's history must stay that of the latest
    /// epoch until all forgeries are tried.
    ///
    /// # Errors
    /// If the bundles do not have that form.
    pub fn new(victim: Honest, other: Honest, seed: B256, receipt_key: Option<B256>) -> Result<Self> {
        if !victim.is_of_a_sale() || !other.is_of_a_sale() || victim.bundle.events.len() != 3 {
            return Err("the forger needs the bundles of a key that is sold, and of another that was sold".into());
        }
        if victim.bundle.identity != other.bundle.identity || victim.bundle.key_id == other.bundle.key_id {
            return Err("the forger needs two keys of one merchant".into());
        }
        if victim.secret == other.secret {
            return Err("the forger needs two buyers".into());
        }
        let receipt_key = receipt_key.map(|key| SigningKey::from_slice(key.as_slice()));
        Ok(Self {
            victim,
            other,
            seed,
            receipt_key: receipt_key.transpose()?,
        })
    }

    /// The buyer whose bundle is forged.
    #[must_use]
    pub const fn victim(&self) -> &Honest {
        &self.victim
    }

    /// Returns a secret word; each purpose has a different one.
    fn word(&self, purpose: &str) -> B256 {
        keccak256([self.seed.as_slice(), purpose.as_bytes()].concat())
    }
}

/// Makes every forgery that the bundles allow. A lone event, for example, has no path to change.
///
/// # Errors
/// If a bundle lacks a place that every bundle has.
pub fn forge(material: &Material) -> Result<Vec<Forgery>> {
    let mut bench = Bench::new(material);
    form::forge(bench.group("form"))?;
    fields::forge_numbers(bench.group("numbers"))?;
    fields::forge_hex(bench.group("hex"))?;
    fields::forge_missing(bench.group("missing"))?;
    fields::forge_covers(bench.group("covers"))?;
    fields::forge_types(bench.group("types"))?;
    identity::forge(bench.group("identity"))?;
    key::forge(bench.group("key"))?;
    headers::forge(bench.group("headers"));
    worlds::forge(bench.group("worlds"))?;
    inclusion::forge(bench.group("inclusion"));
    order::forge(bench.group("order"));
    history::forge(bench.group("history"));
    opening::forge(bench.group("opening"))?;
    buyer::forge(bench.group("buyer"));
    receipts::forge(bench.group("receipts"))?;
    masks::forge(bench.group("masks"));
    if let Some(key) = &material.receipt_key {
        promises::forge(bench.group("promises"), key)?;
    }
    Ok(bench.made())
}

/// The code for a path of that length that does not lead to the root, in an epoch with that number of events.
fn of_path(length: usize, events: u64) -> Code {
    let depths = [events.ilog2(), (2 * events - 1).ilog2()];
    if depths.iter().any(|depth| *depth as usize == length) {
        Code::Inclusion
    } else {
        Code::Malformed
    }
}
