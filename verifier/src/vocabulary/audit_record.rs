//! The result of an audit, as a file that a verdict takes.
//!
//! File `shelfproof-audit-v1`: `format`, `chainId`, `registry`, `merchantId`, `from` and `to` (the first and the last
//! epoch that keep the rules; `to` is the one before `from` if none does), `hash` (of `to`), `asOf` (Unix seconds) and
//! `breach` (null, or `epoch` and `word`). Beside them may stand `block` (that of `to`) and `auditor` (a name), which
//! other implementations need not know.

use alloy_primitives::B256;
use serde_json::{Value, json};

use crate::Refusal;
use crate::chain::Identity;
use crate::json::{self, Node};

const FORMAT: &str = "shelfproof-audit-v1";

/// The largest file.
pub const MAX_BYTES: usize = 65_536;
/// The longest word of a breach.
const MAX_WORD_CHARS: usize = 64;
/// The longest name of an auditor.
const MAX_AUDITOR_CHARS: usize = 200;

/// What an audit found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRecord {
    /// Whose history was audited.
    pub identity: Identity,
    /// The first epoch that was audited: 1 in a full audit.
    pub from: u64,
    /// The last epoch that keeps the rules; `from - 1` if none does.
    pub to: u64,
    /// That epoch's hash; zero for epoch 0.
    pub hash: B256,
    /// Time of the newest final block that the audit saw, Unix seconds.
    pub as_of_s: u64,
    /// The breach that ended the audit.
    pub breach: Option<FoundBreach>,
    /// The block of `to`, from which a later audit reads the chain.
    pub block: Option<u64>,
    /// Who audited, if the record was made for others.
    pub auditor: Option<String>,
}

/// A breach that an audit found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundBreach {
    /// The epoch that breaks a rule.
    pub epoch: u64,
    /// The rule's name, such as `history_mismatch`; other implementations may have more than this one.
    pub word: String,
}

impl AuditRecord {
    /// The record as a file.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let breach = |found: &FoundBreach| json!({"epoch": found.epoch, "word": found.word});
        let mut file = json!({
            "format": FORMAT,
            "chainId": self.identity.chain_id,
            "registry": self.identity.registry,
            "merchantId": self.identity.merchant_id,
            "from": self.from,
            "to": self.to,
            "hash": self.hash,
            "asOf": self.as_of_s,
            "breach": self.breach.as_ref().map(breach),
        });
        if let Some(block) = self.block {
            file["block"] = block.into();
        }
        if let Some(auditor) = &self.auditor {
            file["auditor"] = auditor.as_str().into();
        }
        file
    }

    /// Reads a file.
    ///
    /// # Errors
    /// `malformed`, with the first place that breaks a rule.
    pub fn parse(bytes: &[u8]) -> Result<Self, Refusal> {
        if bytes.len() > MAX_BYTES {
            return Err(Refusal::malformed(format!("an audit has at most {MAX_BYTES} bytes")));
        }
        let value = json::parse(bytes)?;
        let file = Node::root(&value, "audit");
        file.field("format")?.exactly(FORMAT)?;
        let identity = Identity::from_fields(&file)?;
        let from_node = file.field("from")?;
        let from = from_node.number()?;
        if from == 0 {
            return Err(from_node.must("1 or more"));
        }
        let to_node = file.field("to")?;
        let to = to_node.number()?;
        if to < from - 1 {
            return Err(to_node.must("the epoch before `from`, or a later one"));
        }
        let breach = file.field("breach")?;
        Ok(Self {
            identity,
            from,
            to,
            hash: file.field("hash")?.word()?,
            as_of_s: file.field("asOf")?.number()?,
            breach: (!breach.is_null()).then(|| found(&breach, from)).transpose()?,
            block: file.optional("block").map(|block| block.number()).transpose()?,
            auditor: file.optional("auditor").map(|name| auditor(&name)).transpose()?,
        })
    }
}

fn found(breach: &Node<'_>, from: u64) -> Result<FoundBreach, Refusal> {
    let number = breach.field("epoch")?;
    let epoch = number.number()?;
    if epoch < from {
        return Err(number.must("an epoch that was audited"));
    }
    let node = breach.field("word")?;
    let word = node.text()?;
    let is_word = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    if !is_word || word.len() > MAX_WORD_CHARS {
        return Err(node.must(&format!("1 to {MAX_WORD_CHARS} characters of a–z and _")));
    }
    Ok(FoundBreach {
        epoch,
        word: word.to_owned(),
    })
}

fn auditor(node: &Node<'_>) -> Result<String, Refusal> {
    let name = node.text()?;
    if name.is_empty() || name.chars().count() > MAX_AUDITOR_CHARS {
        return Err(node.must(&format!("1 to {MAX_AUDITOR_CHARS} characters")));
    }
    Ok(name.to_owned())
}
