//! What an audit left behind: up to which epoch a merchant's history was replayed, and by whom.

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
/// The largest record that is read.
const MAX_BYTES: usize = 65_536;

/// An audit's outcome, as a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Record {
    format: String,
    chain_id: u64,
    registry: Address,
    merchant_id: B256,
    /// The last epoch that keeps the rules; 0 is none.
    pub(crate) epoch: u64,
    /// Its hash.
    epoch_hash: B256,
    /// Its block: where the next audit starts to read the chain.
    pub(crate) block: Option<u64>,
    /// When the audit ended, Unix seconds.
    audited_at: u64,
    /// Who audited, where the report was made for others.
    #[serde(skip_serializing_if = "Option::is_none")]
    auditor: Option<String>,
    /// The breach that ended the audit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) breach: Option<BreachRecord>,
    /// Whether somebody handed it over: then the verifier did not see the audit itself.
    #[serde(skip)]
    pub(crate) handed_over: bool,
}

/// A breach, as a file says it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BreachRecord {
    epoch: u64,
    rule: String,
    pub(crate) detail: String,
}

/// What an audit says about one epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cover {
    /// All up to that epoch keeps the rules.
    Covers,
    /// It ends before.
    EndsBefore,
    /// It found a breach.
    Broken,
    /// It is of another history than the chain's.
    OtherHistory,
    /// It reaches an epoch that the chain's word here does not have yet, and so cannot be compared with it.
    AheadOfView,
}

/// What is known of audits here.
#[derive(Debug)]
pub(crate) struct Known {
    /// The record to use.
    pub(crate) record: Option<Record>,
    /// Why the user's own cannot be read.
    pub(crate) damage: Option<String>,
}

impl Record {
    /// An audit that came to `epoch`, whose hash and block are these.
    pub(crate) fn new(identity: &Identity, epoch: u64, epoch_hash: B256, block: Option<u64>, audited_at: u64) -> Self {
        Self {
            format: FORMAT.to_owned(),
            chain_id: identity.chain_id,
            registry: identity.registry,
            merchant_id: identity.merchant_id,
            epoch,
            epoch_hash,
            block,
            audited_at,
            auditor: None,
            breach: None,
            handed_over: false,
        }
    }

    /// With the breach that ended it, in that epoch.
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

    /// The record to use: the one handed over, or the user's own if there is one. A record of one's own that cannot be
    /// read is no reason to leave a key unchecked: what is wrong with it is said instead.
    pub(crate) fn find(args: &MoreArgs, identity: &Identity, inputs: &mut Inputs) -> Result<Known, Failure> {
        let Some(path) = &args.audit else {
            // Without a home folder there are no audits in it.
            let folder = folder(args.state.as_deref(), identity);
            return Ok(
                match folder.map_or(Ok(None), |folder| Self::read_own(&folder, identity)) {
                    Ok(record) => Known { record, damage: None },
                    Err(failure) => Known {
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
        Ok(Known {
            record: Some(Self {
                handed_over: true,
                ..record
            }),
            damage: None,
        })
    }

    /// The user's own record in `folder`, if there is one of that merchant.
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

    /// What it says about `epoch`, where `view` is the chain's word. A breach is passed over only where the hashes show
    /// that it is another history's.
    pub(crate) fn cover(&self, view: &ChainView, epoch: u64) -> Cover {
        let held = view.epochs.get(&self.epoch).map(|held| held.hash);
        match held {
            Some(held) if held != self.epoch_hash => Cover::OtherHistory,
            _ if self.breach.is_some() => Cover::Broken,
            None if self.epoch != 0 => Cover::AheadOfView,
            _ if self.epoch >= epoch => Cover::Covers,
            _ => Cover::EndsBefore,
        }
    }

    /// The same for people.
    pub(crate) fn text(&self, cover: Cover, lang: Lang) -> String {
        let text = match cover {
            Cover::Covers => Text::AuditCovers,
            Cover::EndsBefore => Text::AuditEndsBefore,
            Cover::Broken => Text::AuditBroken,
            Cover::OtherHistory => Text::AuditIgnored,
            Cover::AheadOfView => Text::AuditAhead,
        };
        let (whose, at) = (self.whose(lang), time::utc(self.audited_at));
        lang.fill(text, &[("audit", &whose), ("time", &at), ("epoch", &self.epoch)])
    }

    /// The same for machines.
    pub(crate) fn summary(&self, cover: Cover) -> Value {
        json!({
            "covers": cover == Cover::Covers,
            "otherHistory": cover == Cover::OtherHistory,
            "aheadOfView": cover == Cover::AheadOfView,
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

/// Where audits of that merchant are kept.
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
