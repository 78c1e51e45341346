//! The file `shelfproof-trusted-epochs-v1`: a view of the chain, written by somebody whom the verifier's user trusts,
//! for checks without a node.

use std::collections::BTreeMap;
use std::convert::Infallible;

use alloy_primitives::B256;
use serde_json::json;

use super::{Anchored, ChainView, Identity, Needs, RootSource, SignerSpan};
use crate::Refusal;
use crate::json::{self, Node};

/// The format's name.
const FORMAT: &str = "shelfproof-trusted-epochs-v1";

/// The largest file, enough for over a hundred thousand epochs. Reading one takes up to twenty times its size in
/// memory.
pub const MAX_BYTES: usize = 1 << 24;

/// A merchant's epochs, receipt keys and VRF key, as the file's author saw them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedEpochs(ChainView);

impl TrustedEpochs {
    /// The file's content from a view of the chain, which must have every epoch from its first to its latest.
    #[must_use]
    pub const fn new(view: ChainView) -> Self {
        Self(view)
    }

    /// Reads a file.
    ///
    /// # Errors
    /// `malformed`, with the first place that breaks a rule. Epochs may start anywhere, and must be listed without
    /// gaps, since a missing one would look like one that does not exist. Blocks follow each other, so times do too.
    pub fn parse(bytes: &[u8]) -> Result<Self, Refusal> {
        if bytes.len() > MAX_BYTES {
            return Err(Refusal::malformed(format!(
                "a trusted-epochs file has at most {MAX_BYTES} bytes"
            )));
        }
        let value = json::parse(bytes)?;
        let file = Node::root(&value, "trusted");
        file.field("format")?.exactly(FORMAT)?;
        let listed = file.field("epochs")?.items(|epoch| anchored(&epoch))?;
        let first = listed.first().map_or(1, |(number, _)| *number);
        if first == 0 {
            return Err(Refusal::malformed("trusted.epochs must start at 1 or later"));
        }
        for (expected, (number, _)) in (first..).zip(&listed) {
            if *number != expected {
                return Err(Refusal::malformed(format!(
                    "trusted.epochs must list epoch {expected} before {number}"
                )));
            }
        }
        let as_of_s = file.field("asOf")?.number()?;
        let runs_back = |pair: &&[(u64, Anchored)]| pair[0].1.anchored_at_s > pair[1].1.anchored_at_s;
        if let Some(pair) = listed.windows(2).find(runs_back) {
            let (before, number) = (pair[0].0, pair[1].0);
            return Err(Refusal::malformed(format!(
                "trusted.epochs must not anchor epoch {number} before epoch {before}"
            )));
        }
        if listed.last().is_some_and(|(_, last)| last.anchored_at_s > as_of_s) {
            return Err(Refusal::malformed(
                "trusted.asOf must not lie before the last epoch's anchoredAt",
            ));
        }
        Ok(Self(ChainView {
            identity: Identity::from_fields(&file)?,
            vrf_public_key: file.field("vrfPublicKey")?.word()?,
            receipt_signers: file.field("receiptSigners")?.items(|span| signer_span(&span))?,
            as_of_s,
            first,
            latest: listed.last().map_or(0, |(number, _)| *number),
            epochs: listed.into_iter().collect(),
        }))
    }

    /// The file's view of the chain.
    #[must_use]
    pub const fn as_view(&self) -> &ChainView {
        &self.0
    }

    /// The file, as compact JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        let view = &self.0;
        let span = |span: &SignerSpan| json!({"address": span.address, "from": span.from_s, "until": span.until_s});
        json!({
            "format": FORMAT,
            "chainId": view.identity.chain_id,
            "registry": view.identity.registry,
            "merchantId": view.identity.merchant_id,
            "vrfPublicKey": view.vrf_public_key,
            "receiptSigners": view.receipt_signers.iter().map(span).collect::<Vec<_>>(),
            "asOf": view.as_of_s,
            "epochs": epochs_json(&view.epochs),
        })
        .to_string()
    }
}

impl RootSource for TrustedEpochs {
    type Error = Infallible;

    async fn view(&self, _: &Needs) -> Result<ChainView, Infallible> {
        Ok(self.0.clone())
    }
}

fn anchored(node: &Node<'_>) -> Result<(u64, Anchored), Refusal> {
    let number = node.field("number")?.number()?;
    let hash: B256 = node.field("hash")?.word()?;
    let anchored_at_s = node.field("anchoredAt")?.number()?;
    let block = node.optional("block").map(|block| block.number()).transpose()?;
    Ok((
        number,
        Anchored {
            hash,
            anchored_at_s,
            block,
        },
    ))
}

fn signer_span(node: &Node<'_>) -> Result<SignerSpan, Refusal> {
    Ok(SignerSpan {
        address: node.field("address")?.address()?,
        from_s: node.field("from")?.number()?,
        until_s: node.field("until")?.number()?,
    })
}

fn epochs_json(epochs: &BTreeMap<u64, Anchored>) -> Vec<serde_json::Value> {
    let epoch = |(number, anchored): (&u64, &Anchored)| {
        let mut json = json!({"number": number, "hash": anchored.hash, "anchoredAt": anchored.anchored_at_s});
        if let Some(block) = anchored.block {
            json["block"] = block.into();
        }
        json
    };
    epochs.iter().map(epoch).collect()
}
