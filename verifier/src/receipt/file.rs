//! The file `shelfproof-receipt-v1`: one receipt, as the buyer gets it with the code.

use alloy_primitives::hex;
use serde_json::json;

use super::Promise;
use crate::bundle::{self, MAX_BYTES};
use crate::chain::Identity;
use crate::json::{self, Node};
use crate::{Refusal, vrf};

/// The format's name.
const FORMAT: &str = "shelfproof-receipt-v1";

/// A receipt file, well formed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Who promises.
    pub identity: Identity,
    /// That the event's key id is the code's.
    pub vrf_proof: vrf::Proof,
    /// What is promised.
    pub promise: Promise,
}

impl Receipt {
    /// Reads a receipt file.
    ///
    /// # Errors
    /// `malformed`, with the first place that breaks a rule.
    pub fn parse(bytes: &[u8]) -> Result<Self, Refusal> {
        if bytes.len() > MAX_BYTES {
            return Err(Refusal::malformed(format!("a receipt has at most {MAX_BYTES} bytes")));
        }
        let value = json::parse(bytes)?;
        let file = Node::root(&value, "receipt");
        file.field("format")?.exactly(FORMAT)?;
        Ok(Self {
            identity: Identity::from_fields(&file)?,
            vrf_proof: file.field("vrfProof")?.bytes()?,
            promise: bundle::promise(&file)?,
        })
    }

    /// The receipt as a compact JSON file.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut file = bundle::promise_json(&self.promise);
        file["format"] = json!(FORMAT);
        file["chainId"] = self.identity.chain_id.into();
        file["registry"] = json!(self.identity.registry);
        file["merchantId"] = json!(self.identity.merchant_id);
        file["vrfProof"] = json!(hex::encode_prefixed(self.vrf_proof));
        file.to_string()
    }
}
