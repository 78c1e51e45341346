//! The record of an audit, the file `shelfproof-audit-v1`: up to which epoch a merchant's history was replayed, and by
//! whom.

use std::fmt::Display;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use shelfproof_verifier::audit::Breach;
use shelfproof_verifier::chain::{ChainView, Identity};
use shelfproof_verifier::{Address, B256};

use crate::args::{Lang, MoreArgs};
use crate::cause::Cause;
use crate::input::Inputs;
use crate::report::Failure;
use crate::sentences::Text;
use crate::{store, time};

const FORMAT: &str = "shelfproof-audit-v1";
/// The largest record.
const MAX_BYTES: usize = 65_536;

/// The result of an audit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuditRecord {
    format: String,
    chain_id: u64,
    registry: Address,
    merchant_id: B256,
    /// The first epoch that was audited: 1, or the one after that of `audit --since`.
    from: u64,
    /// The last epoch that keeps the rules; the one before `from` if there is none.
    pub(crate) epoch: u64,
    /// That epoch's hash.
    epoch_hash: B256,
    /// That epoch's block, from which the next audit reads the chain.
    pub(crate) block: Option<u64>,
    /// When the audit ended, Unix seconds.
    audited_at: u64,
    /// Who audited, if the record was made for others.
    #[serde(skip_serializing_if = "Option::is_none")]
    auditor: Option<String>,
    /// The breach that ended the audit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) breach: Option<BreachRecord>,
    /// Whether somebody else handed the record over: the verifier did not see that audit.
    #[serde(skip)]
    pub(crate) handed_over: bool,
}

/// A breach in a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BreachRecord {
    epoch: u64,
    rule: String,
    pub(crate) detail: String,
}

/// What an audit says about a history that ends with one epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coverage {
    /// All epochs up to that one keep the rules.
    Covers,
    /// The audit ends before that epoch.
    EndsBefore,
    /// The audit begins after that epoch.
    BeginsAfter,
    /// The audit found a breach.
    Broken,
    /// The audit is of another history than the chain's.
    OtherHistory,
    /// The audit ends with an epoch that the chain's view does not have, so the hashes cannot be compared.
    AheadOfView,
}

/// The audit that a verdict can use.
#[derive(Debug)]
pub(crate) struct KnownAudit {
    /// The record, if there is one.
    pub(crate) record: Option<AuditRecord>,
    /// Why the user's own record cannot be read.
    pub(crate) damage: Option<String>,
}

impl AuditRecord {
    /// An audit from the epoch `from` up to `last`, of which it has number and hash, in that block.
    pub(crate) fn new(identity: &Identity, from: u64, last: (u64, B256), block: Option<u64>) -> Self {
        let (epoch, epoch_hash) = last;
        Self {
            format: FORMAT.to_owned(),
            chain_id: identity.chain_id,
            registry: identity.registry,
            merchant_id: identity.merchant_id,
            from,
            epoch,
            epoch_hash,
            block,
            audited_at: time::now_s(),
            auditor: None,
            breach: None,
            handed_over: false,
        }
    }

    /// With the breach that ended the audit, in that epoch.
    pub(crate) fn with_breach(mut self, epoch: u64, breach: &Breach) -> Self {
        self.breach = Some(BreachRecord {
            epoch,
            rule: breach.rule.as_str().to_owned(),
            detail: breach.detail.clone(),
        });
        self
    }

    /// With its auditor's name.
    pub(crate) fn by(mut self, auditor: Option<String>) -> Self {
        self.auditor = auditor;
        self
    }

    /// Finds the record to use: the one that the command line names, or the user's own. If the user's own cannot be
    /// read, the key is checked without it, and the answer says so.
    pub(crate) fn find(args: &MoreArgs, identity: &Identity, inputs: &mut Inputs) -> Result<KnownAudit, Failure> {
        let Some(path) = &args.audit else {
            // A user without a home folder has no records.
            let folder = folder(args.state.as_deref(), identity);
            return Ok(
                match folder.map_or(Ok(None), |folder| Self::read_own(&folder, identity)) {
                    Ok(record) => KnownAudit { record, damage: None },
                    Err(failure) => KnownAudit {
                        record: None,
                        damage: Some(failure.detail),
                    },
                },
            );
        };
        let bytes = inputs.read(path, "--audit", MAX_BYTES)?;
        let record: Self = serde_json::from_slice(&bytes)
            .map_err(|error| Failure::new(Cause::Input, format!("--audit: no audit report: {error}")))?;
        if record.format != FORMAT || record.identity() != *identity {
            return Err(Failure::new(Cause::Input, "--audit: no audit report of this merchant"));
        }
        Ok(KnownAudit {
            record: Some(Self {
                handed_over: true,
                ..record
            }),
            damage: None,
        })
    }

    /// Reads the user's own record in `folder`; `None` if there is none of that merchant.
    pub(crate) fn read_own(folder: &Path, identity: &Identity) -> Result<Option<Self>, Failure> {
        let path = folder.join("audit.json");
        let Some(bytes) = store::read(&path)? else {
            return Ok(None);
        };
        let record: Self = serde_json::from_slice(&bytes).map_err(|error| store::failed(&path, &error))?;
        Ok((record.format == FORMAT && record.identity() == *identity).then_some(record))
    }

    /// Writes the user's own record.
    pub(crate) fn write_own(&self, folder: &Path) -> Result<(), Failure> {
        self.write(&folder.join("audit.json"))
    }

    /// Writes the record as a file.
    pub(crate) fn write(&self, path: &Path) -> Result<(), Failure> {
        let json = serde_json::to_vec_pretty(self).map_err(|error| store::failed(path, &error))?;
        store::replace(path, &json)
    }

    /// What the record says about a history that ends with `epoch`. A breach is ignored only if the hashes prove that
    /// it is in another history than the chain's.
    pub(crate) fn coverage(&self, view: &ChainView, epoch: u64) -> Coverage {
        let held = view.epochs.get(&self.epoch).map(|held| held.hash);
        match held {
            Some(held) if held != self.epoch_hash => Coverage::OtherHistory,
            _ if self.breach.is_some() => Coverage::Broken,
            None if self.epoch > view.latest => Coverage::AheadOfView,
            _ if self.epoch < epoch => Coverage::EndsBefore,
            _ if self.from > epoch => Coverage::BeginsAfter,
            _ => Coverage::Covers,
        }
    }

    /// The coverage in words.
    pub(crate) fn text(&self, cover: Coverage, lang: Lang) -> String {
        let text = match cover {
            Coverage::Covers => Text::AuditCovers,
            Coverage::EndsBefore => Text::AuditEndsBefore,
            Coverage::BeginsAfter => Text::AuditBeginsAfter,
            Coverage::Broken => Text::AuditBroken,
            Coverage::OtherHistory => Text::AuditIgnored,
            Coverage::AheadOfView => Text::AuditAhead,
        };
        let (whose, at) = (self.whose(lang), time::utc(self.audited_at));
        let values: [(&str, &dyn Display); 4] = [
            ("audit", &whose),
            ("time", &at),
            ("from", &self.from),
            ("epoch", &self.epoch),
        ];
        lang.fill(text, &values)
    }

    /// The coverage in JSON.
    pub(crate) fn summary(&self, cover: Coverage) -> Value {
        json!({
            "covers": cover == Coverage::Covers,
            "otherHistory": cover == Coverage::OtherHistory,
            "aheadOfView": cover == Coverage::AheadOfView,
            "from": self.from,
            "epoch": self.epoch,
            "epochHash": self.epoch_hash,
            "auditedAt": self.audited_at,
            "own": !self.handed_over,
            "auditor": self.auditor,
            "breach": self.breach.as_ref().map(|b| json!({"epoch": b.epoch, "rule": b.rule, "detail": b.detail})),
        })
    }

    fn whose(&self, lang: Lang) -> String {
        if !self.handed_over {
            return lang.text(Text::AuditOwn).to_owned();
        }
        let auditor = self.auditor.as_deref().unwrap_or(lang.text(Text::AuditorUnnamed));
        lang.fill(Text::AuditBy, &[("auditor", &auditor)])
    }

    const fn identity(&self) -> Identity {
        Identity {
            chain_id: self.chain_id,
            registry: self.registry,
            merchant_id: self.merchant_id,
        }
    }
}

/// The folder for the audits of that merchant.
pub(crate) fn folder(state: Option<&Path>, identity: &Identity) -> Result<PathBuf, Failure> {
    let base = match state {
        Some(folder) => folder.to_owned(),
        None => store::folders()?.data_local_dir().join("audits"),
    };
    Ok(base.join(format!(
        "{}-{:#x}-{:#x}",
        identity.chain_id, identity.registry, identity.merchant_id
    )))
}
