//! The audits that a verdict can use: the user's own, which are kept in a folder, and those that others handed over.

use std::fmt::Display;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use shelfproof_verifier::audit::Breach;
use shelfproof_verifier::breach::Rule;
use shelfproof_verifier::chain::{Anchored, ChainView, Identity};
use shelfproof_verifier::verdict::Coverage;
use shelfproof_verifier::vocabulary::audit_record::{AuditRecord, FoundBreach, MAX_BYTES};
use shelfproof_verifier::{Code, Refusal};

use crate::args::{Lang, MoreArgs};
use crate::cause::Cause;
use crate::input::Inputs;
use crate::pins::Names;
use crate::report::Failure;
use crate::sentences::Text;
use crate::source::Online;
use crate::{store, time};

/// Which of the user's own audits a record is of. Each kind has one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OwnKind {
    /// The full audit.
    Full,
    /// The audits since an epoch.
    Light,
}

impl OwnKind {
    const ALL: [Self; 2] = [Self::Full, Self::Light];

    fn path(self, folder: &Path) -> PathBuf {
        folder.join(match self {
            Self::Full => "audit.json",
            Self::Light => "audit-since.json",
        })
    }

    /// The file of what such an audit waits for.
    pub(super) fn waiting(self, folder: &Path) -> PathBuf {
        folder.join(match self {
            Self::Full => "waiting.json",
            Self::Light => "waiting-since.json",
        })
    }
}

/// Who made an audit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Maker {
    /// The user.
    Own,
    /// Somebody who handed the record over: the verifier did not see that audit.
    Given,
    /// An auditor whom the user trusts, who said so on the chain.
    Trusted,
}

/// The audits that a verdict can use.
#[derive(Debug, Default)]
pub(crate) struct KnownAudits {
    pub(crate) records: Vec<AuditRecord>,
    /// Who made each of them, in the same order.
    pub(crate) makers: Vec<Maker>,
    /// Why records of the user's own cannot be read.
    pub(crate) damage: Vec<String>,
}

impl KnownAudits {
    /// Finds the user's own audits of that merchant, and reads those that the command line names. If one of the user's
    /// own cannot be read, the key is checked without it, and the answer says so.
    pub(crate) fn find(args: &MoreArgs, identity: &Identity, inputs: &mut Inputs) -> Result<Self, Failure> {
        let mut known = Self::own(args.state.as_deref(), identity);
        for path in &args.audit {
            let bytes = inputs.read(path, "--audit", MAX_BYTES)?;
            let record = AuditRecord::parse(&bytes)
                .map_err(|refusal| Failure::new(Cause::Input, format!("--audit: {}", refusal.detail)))?;
            if record.identity != *identity {
                let why = "--audit: it is of another chain, registry or merchant";
                return Err(Failure::new(Cause::Input, why));
            }
            known.extend(Some(record), Maker::Given);
        }
        Ok(known)
    }

    /// Finds the user's own audits of that merchant. A user without a home folder has none.
    pub(crate) fn own(state: Option<&Path>, identity: &Identity) -> Self {
        let mut known = Self::default();
        let Ok(folder) = folder(state, identity) else {
            return known;
        };
        for kind in OwnKind::ALL {
            match read_own(&folder, kind, identity) {
                Ok(record) => known.extend(record, Maker::Own),
                Err(failure) => known.damage.push(failure.detail),
            }
        }
        known
    }

    /// Adds what the auditors that the user trusts said on the chain, as of the final block that the view is of. The
    /// epochs of which they spoke come into the view, as the registry holds them.
    pub(crate) fn add_attested(&mut self, online: &Online, names: &Names, view: &mut ChainView) -> Result<(), Failure> {
        let auditors = names.auditors()?;
        if auditors.is_empty() {
            return Ok(());
        }
        let (source, at) = (&online.source, &online.at);
        online.runtime.block_on(async {
            for (name, address) in auditors {
                let (to, as_of_s) = online.audited(address).await?;
                if to == 0 {
                    continue;
                }
                let (hash, anchored_at_s) = source.epoch_up_to(view.latest, to, at).await?;
                online.confirm(to, hash, Some(anchored_at_s)).await?;
                let block = None;
                view.epochs.entry(to).or_insert(Anchored {
                    hash,
                    anchored_at_s,
                    block,
                });
                let record = AuditRecord {
                    identity: view.identity,
                    from: 1,
                    to,
                    hash,
                    as_of_s,
                    breach: None,
                    block,
                    auditor: Some(name),
                };
                self.extend(Some(record), Maker::Trusted);
            }
            Ok(())
        })
    }

    fn extend(&mut self, record: Option<AuditRecord>, maker: Maker) {
        self.makers.extend(record.as_ref().map(|_| maker));
        self.records.extend(record);
    }

    /// Each record with its maker.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&AuditRecord, Maker)> {
        self.records.iter().zip(self.makers.iter().copied())
    }
}

/// The breach that an audit found in that epoch.
pub(super) fn found(epoch: u64, breach: &Breach) -> FoundBreach {
    FoundBreach {
        epoch,
        word: breach.rule.as_str().to_owned(),
    }
}

/// Reads the user's own record of that kind; `None` if there is none of that merchant.
pub(super) fn read_own(folder: &Path, kind: OwnKind, identity: &Identity) -> Result<Option<AuditRecord>, Failure> {
    let path = kind.path(folder);
    let Some(bytes) = store::read(&path)? else {
        return Ok(None);
    };
    let record = AuditRecord::parse(&bytes).map_err(|refusal| store::failed(&path, &refusal.detail))?;
    Ok((record.identity == *identity).then_some(record))
}

/// Writes the user's own record of that kind. A breach that an earlier audit found stays known until an audit covers
/// its epoch: then the data that was withheld has come. A light audit counts the key ids of each epoch by itself, so it
/// says nothing about `key_ids` that a full one found. A record that cannot be read is written anew.
pub(super) fn write_own(folder: &Path, kind: OwnKind, record: &AuditRecord) -> Result<(), Failure> {
    for old_kind in OwnKind::ALL {
        let Ok(Some(old)) = read_own(folder, old_kind, &record.identity) else {
            continue;
        };
        let Some(breach) = &old.breach else { continue };
        let is_covered = (record.from..=record.to).contains(&breach.epoch);
        let is_older = record.breach.as_ref().is_none_or(|new| new.epoch > breach.epoch);
        let is_judged = kind == OwnKind::Full || breach.word != Rule::KeyIds.as_str();
        if is_covered && is_judged && old_kind != kind {
            write(&old_kind.path(folder), &AuditRecord { breach: None, ..old })?;
        } else if !is_covered && is_older && old_kind == kind {
            return Ok(());
        }
    }
    write(&kind.path(folder), record)
}

/// Whether the user's own light audit covers the epochs from `from` to `to`.
pub(crate) fn is_covered(folder: &Path, identity: &Identity, from: u64, to: u64) -> bool {
    let light = read_own(folder, OwnKind::Light, identity).ok().flatten();
    light.is_some_and(|record| record.from <= from && to <= record.to)
}

/// The record of the user's own audits that found the earliest breach, as far as their records can be read.
pub(super) fn broken(folder: &Path, identity: &Identity) -> Option<AuditRecord> {
    let read = |kind| read_own(folder, kind, identity).ok().flatten();
    let records = OwnKind::ALL.into_iter().filter_map(read);
    let broken = records.filter(|record| record.breach.is_some());
    broken.min_by_key(|record| record.breach.as_ref().map(|breach| breach.epoch))
}

/// Refuses a merchant of whom the user's own audits know a breach.
pub(crate) fn refuse_known(folder: &Path, identity: &Identity) -> Result<(), Failure> {
    let Some(breach) = broken(folder, identity).and_then(|record| record.breach) else {
        return Ok(());
    };
    let detail = format!("an audit found {} in epoch {}", breach.word, breach.epoch);
    Err(Refusal::new(Code::AuditBreach, detail).into())
}

/// Writes a record as a file.
pub(super) fn write(path: &Path, record: &AuditRecord) -> Result<(), Failure> {
    let json = serde_json::to_vec_pretty(&record.to_json()).map_err(|error| store::failed(path, &error))?;
    store::replace(path, &json)
}

/// What an audit says about a history, in words.
pub(crate) fn text(record: &AuditRecord, maker: Maker, cover: Coverage, lang: Lang) -> String {
    let text = match cover {
        Coverage::Covers => Text::AuditCovers,
        // A verdict with an audit that found a breach is refused, and shows no audits.
        Coverage::EndsBefore | Coverage::Broken => Text::AuditEndsBefore,
        Coverage::BeginsAfter => Text::AuditBeginsAfter,
        Coverage::OtherHistory => Text::AuditIgnored,
        Coverage::NotCompared => Text::AuditAhead,
    };
    let (whose, at) = (name(record, maker, lang), time::utc(record.as_of_s));
    let values: [(&str, &dyn Display); 4] = [
        ("audit", &whose),
        ("time", &at),
        ("from", &record.from),
        ("epoch", &record.to),
    ];
    lang.fill(text, &values)
}

/// The same in JSON.
pub(crate) fn summary(record: &AuditRecord, maker: Maker, cover: Coverage) -> Value {
    let mut json = record.to_json();
    json["own"] = (maker == Maker::Own).into();
    json["attested"] = (maker == Maker::Trusted).into();
    json["covers"] = (cover == Coverage::Covers).into();
    json["otherHistory"] = (cover == Coverage::OtherHistory).into();
    json["notCompared"] = json!(cover == Coverage::NotCompared);
    json
}

fn name(record: &AuditRecord, maker: Maker, lang: Lang) -> String {
    let text = match maker {
        Maker::Own => return lang.text(Text::AuditOwn).to_owned(),
        Maker::Given => Text::AuditBy,
        Maker::Trusted => Text::AuditAttested,
    };
    let auditor = record.auditor.as_deref().unwrap_or(lang.text(Text::AuditorUnnamed));
    lang.fill(text, &[("auditor", &auditor)])
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

#[cfg(test)]
mod tests {
    use shelfproof_verifier::{Address, B256};

    use super::*;

    const IDENTITY: Identity = Identity {
        chain_id: 1,
        registry: Address::repeat_byte(1),
        merchant_id: B256::repeat_byte(2),
    };

    fn audit(from: u64, to: u64, breach: Option<u64>) -> AuditRecord {
        AuditRecord {
            identity: IDENTITY,
            from,
            to,
            hash: B256::repeat_byte(3),
            as_of_s: 4,
            breach: breach.map(|epoch| FoundBreach {
                epoch,
                word: "clock".to_owned(),
            }),
            block: None,
            auditor: None,
        }
    }

    #[test]
    fn a_breach_stays_known_until_an_audit_covers_its_epoch() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let write = |kind, record: AuditRecord| write_own(folder, kind, &record).unwrap();
        let known = || {
            broken(folder, &IDENTITY)
                .and_then(|record| record.breach)
                .map(|breach| breach.epoch)
        };
        let read = |kind| read_own(folder, kind, &IDENTITY).unwrap();
        write(OwnKind::Light, audit(3, 4, Some(5)));
        assert_eq!(known(), Some(5));
        // An audit of later epochs, or that ends before it, does not take it away.
        write(OwnKind::Light, audit(7, 9, None));
        write(OwnKind::Light, audit(1, 4, None));
        write(OwnKind::Full, audit(1, 4, None));
        write(OwnKind::Light, audit(7, 8, Some(9)));
        assert_eq!((known(), read(OwnKind::Light)), (Some(5), Some(audit(3, 4, Some(5)))));
        // An earlier breach is the one to know.
        write(OwnKind::Light, audit(2, 2, Some(3)));
        assert_eq!(known(), Some(3));
        // One of the other kind that gets past it does.
        write(OwnKind::Full, audit(1, 6, None));
        assert_eq!((known(), read(OwnKind::Light)), (None, Some(audit(2, 2, None))));
        write(OwnKind::Full, audit(1, 6, Some(7)));
        write(OwnKind::Light, audit(7, 9, None));
        assert_eq!((known(), read(OwnKind::Full)), (None, Some(audit(1, 6, None))));
        // What only a full audit counts, only a full audit takes away.
        let mut crowded = audit(1, 6, Some(7));
        crowded.breach.as_mut().unwrap().word = "key_ids".to_owned();
        write(OwnKind::Full, crowded);
        write(OwnKind::Light, audit(7, 9, None));
        assert_eq!((known(), read(OwnKind::Light)), (Some(7), Some(audit(7, 9, None))));
        write(OwnKind::Full, audit(1, 9, None));
        assert_eq!(known(), None);
        // A record of another merchant, or one that is damaged, is written anew.
        std::fs::write(folder.join("audit.json"), "{").unwrap();
        assert_eq!(known(), None);
        write(OwnKind::Full, audit(1, 1, None));
        assert_eq!(read(OwnKind::Full), Some(audit(1, 1, None)));
        let other = Identity {
            chain_id: 2,
            ..IDENTITY
        };
        assert_eq!(read_own(folder, OwnKind::Full, &other).unwrap(), None);
    }
}
