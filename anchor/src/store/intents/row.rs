//! Rows of `intents` with those of `variants`, and the names that both have in the database.

use alloy_primitives::{Address, B256};
use sqlx::FromRow;

use super::{BlockAt, Call, Closed, Intent, NewIntent, Outcome, Purpose, Variant};
use crate::store::StoreError;

const FINAL: &str = "final";
const FAILED: &str = "failed";
const SUPERSEDED: &str = "superseded";

impl Purpose {
    /// The purpose as the database and the log write it, without the epoch.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AnchorEpoch(_) => "anchor_epoch",
            Self::Deploy => "deploy",
            Self::Register => "register",
            Self::SetAnchorer => "set_anchorer",
            Self::AddReceiptSigner => "add_receipt_signer",
            Self::EndReceiptSigner => "end_receipt_signer",
            Self::SetDataUri => "set_data_uri",
        }
    }

    #[must_use]
    pub const fn epoch(self) -> Option<u64> {
        match self {
            Self::AnchorEpoch(number) => Some(number),
            _ => None,
        }
    }

    fn from_columns(name: &str, epoch: Option<i64>) -> Option<Self> {
        if let Some(number) = epoch {
            return (name == "anchor_epoch").then_some(Self::AnchorEpoch(number.cast_unsigned()));
        }
        let all = [
            Self::Deploy,
            Self::Register,
            Self::SetAnchorer,
            Self::AddReceiptSigner,
            Self::EndReceiptSigner,
            Self::SetDataUri,
        ];
        all.into_iter().find(|purpose| purpose.name() == name)
    }
}

impl Outcome {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Final(_) => FINAL,
            Self::Failed => FAILED,
            Self::Superseded => SUPERSEDED,
        }
    }
}

#[derive(FromRow)]
pub(super) struct Row {
    id: i64,
    purpose: String,
    epoch: Option<i64>,
    chain_id: i64,
    sender: Vec<u8>,
    target: Option<Vec<u8>>,
    call_data: Vec<u8>,
    deadline_s: Option<i64>,
    max_fee_wei: Option<i64>,
    created_at_ms: i64,
    nonce: Option<i64>,
    outcome: Option<String>,
    block: Option<i64>,
    block_time_s: Option<i64>,
    closed_at_ms: Option<i64>,
    #[sqlx(flatten)]
    variant: VariantColumns,
}

/// All NULL for an intent without a variant.
#[derive(FromRow)]
struct VariantColumns {
    variant: Option<i32>,
    gas_limit: Option<i64>,
    variant_max_fee_wei: Option<i64>,
    priority_fee_wei: Option<i64>,
    hash: Option<Vec<u8>>,
    raw: Option<Vec<u8>>,
    signed_at_ms: Option<i64>,
}

/// The intents of rows that are sorted by intent and variant.
pub(super) fn into_intents(rows: Vec<Row>) -> Result<Vec<Intent>, StoreError> {
    let mut intents: Vec<Intent> = Vec::new();
    for mut row in rows {
        let id = row.id.cast_unsigned();
        let damaged = || StoreError::Inconsistent {
            table: "intents",
            number: id,
        };
        let has_variant = row.variant.variant.is_some();
        let variant = row.variant.take();
        if intents.last().is_none_or(|last| last.id != id) {
            intents.push(row.into_intent().ok_or_else(damaged)?);
        }
        if let Some(intent) = intents.last_mut().filter(|_| has_variant) {
            intent.variants.push(variant.ok_or_else(damaged)?);
        }
    }
    Ok(intents)
}

impl Row {
    fn into_intent(self) -> Option<Intent> {
        let closed = match (&self.outcome, self.closed_at_ms) {
            (None, None) => None,
            (Some(_), Some(at_ms)) => Some(Closed {
                outcome: self.outcome()?,
                at_ms: at_ms.cast_unsigned(),
            }),
            _ => return None,
        };
        let target = match &self.target {
            Some(target) => Some(Address::try_from(&**target).ok()?),
            None => None,
        };
        let content = NewIntent {
            purpose: Purpose::from_columns(&self.purpose, self.epoch)?,
            call: Call {
                chain_id: self.chain_id.cast_unsigned(),
                sender: Address::try_from(&*self.sender).ok()?,
                target,
                data: self.call_data.into(),
            },
            deadline_s: self.deadline_s.map(i64::cast_unsigned),
            max_fee_wei: self.max_fee_wei.map(i64::cast_unsigned),
            created_at_ms: self.created_at_ms.cast_unsigned(),
        };
        Some(Intent {
            nonce: self.nonce.map(i64::cast_unsigned),
            closed,
            ..Intent::new(self.id.cast_unsigned(), content)
        })
    }

    fn outcome(&self) -> Option<Outcome> {
        match self.outcome.as_deref()? {
            FINAL => Some(Outcome::Final(BlockAt {
                number: self.block?.cast_unsigned(),
                time_s: self.block_time_s?.cast_unsigned(),
            })),
            FAILED => Some(Outcome::Failed),
            SUPERSEDED => Some(Outcome::Superseded),
            _ => None,
        }
    }
}

impl VariantColumns {
    /// `None` where a column is NULL or damaged.
    fn take(&mut self) -> Option<Variant> {
        Some(Variant {
            number: self.variant?.cast_unsigned(),
            gas_limit: self.gas_limit?.cast_unsigned(),
            max_fee_wei: self.variant_max_fee_wei?.cast_unsigned(),
            priority_fee_wei: self.priority_fee_wei?.cast_unsigned(),
            hash: B256::try_from(self.hash.as_deref()?).ok()?,
            raw: self.raw.take()?.into(),
            signed_at_ms: self.signed_at_ms?.cast_unsigned(),
        })
    }
}
