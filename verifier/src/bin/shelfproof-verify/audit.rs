//! `audit`: replays what a shop anchored, from the chain and its published data: everything, with a history map on disk
//! (`full`), or what came since one epoch, with the shop's deltas (`light`).

mod attest;
pub(crate) mod data;
mod evidence;
mod full;
mod light;
mod progress;
pub(crate) mod record;
pub(crate) mod search;
mod waiting;

use std::collections::BTreeSet;
use std::path::PathBuf;

use shelfproof_verifier::audit::Breach;
use shelfproof_verifier::chain::AnchoredEpoch;
use shelfproof_verifier::event::RawEvent;
use shelfproof_verifier::published::{Data, Missing};
use shelfproof_verifier::vocabulary::audit_record::AuditRecord;
use shelfproof_verifier::{B256, Code, Refusal};

use crate::args::{AuditArgs, Lang};
use crate::cause::Cause;
use crate::context::Context;
use crate::report::{Failure, Report};
use crate::source::Online;
use crate::{store, time};

use attest::Auditor;
use record::OwnKind;

/// Audits as the command line says.
pub(crate) fn run(args: &AuditArgs, context: &Context) -> Result<Report, Failure> {
    // A key that does not open is known before the work.
    let auditor = Auditor::open(&args.attest)?;
    let online = Online::open(&args.source, &context.names())?;
    with(args, &online, context, |audit| {
        let mut report = match args.since {
            None => full::run(audit),
            Some(since) => light::run(audit, since),
        }?;
        if let Some(auditor) = auditor {
            audit.online.runtime.block_on(auditor.attest(audit, &mut report))?;
        }
        Ok(report)
    })
}

/// Audits what came after an epoch over a node that is connected already, and returns how far it came, with the events
/// of those keys.
pub(crate) fn watch(args: &AuditArgs, online: &Online, context: &Context, keys: &BTreeSet<B256>) -> Watched {
    let since = args.since.unwrap_or_default();
    let watched = with(args, online, context, |audit| {
        let watched = light::watch(audit, since, keys);
        match watched.end {
            // What one node alone said is not followed.
            Err(failure) if failure.cause == Cause::RpcDisagree => Err(failure),
            end => Ok(Watched {
                end: end.map_err(Failure::naming_from_block),
                ..watched
            }),
        }
    });
    watched.unwrap_or_else(|failure| Watched {
        end: Err(failure),
        to: since,
        events: Vec::new(),
    })
}

/// How far an audit for `watch` came.
#[derive(Debug)]
pub(crate) struct Watched {
    /// Why it could not go on; all is audited otherwise.
    pub(crate) end: Result<(), Failure>,
    /// The last epoch that keeps the rules.
    pub(crate) to: u64,
    /// What happened to the keys up to that epoch.
    pub(crate) events: Vec<KeptEvent>,
}

/// An event of an epoch that keeps the rules.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeptEvent {
    /// The epoch's number.
    pub(crate) epoch: u64,
    pub(crate) event: RawEvent,
}

/// Opens what an audit needs, and does the work.
fn with<T>(
    args: &AuditArgs,
    online: &Online,
    context: &Context,
    work: impl FnOnce(&Audit<'_>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let data = data::open(&args.data)?;
    online.runtime.block_on(online.source.vrf_public_key())?;
    let folder = record::folder(args.state.as_deref(), &online.source.identity())?;
    let audit = Audit {
        args,
        folder,
        online,
        data,
        lang: context.lang(),
        json: context.json(),
    };
    let answer = work(&audit);
    online.keep_seen()?;
    answer.map_err(Failure::naming_from_block)
}

/// What full and light audits share.
struct Audit<'a> {
    args: &'a AuditArgs,
    /// Where its record, its map and what it waits for are kept.
    folder: PathBuf,
    online: &'a Online,
    data: Data,
    lang: Lang,
    json: bool,
}

/// The result of one epoch.
enum Step {
    /// It keeps the rules; the number of its events.
    Kept(usize),
    /// It breaks one.
    Broken(Broken),
}

/// An epoch that breaks a rule.
struct Broken {
    breach: Breach,
    /// The epoch's data, if it matches its hash.
    bytes: Vec<u8>,
    /// From where on to look for the event that the breach contradicts.
    other_from: Since,
}

/// From where on to look for an event.
#[derive(Clone, Copy)]
enum Since {
    /// It is in no epoch before this one.
    Epoch(u64),
    /// It happened then, Unix milliseconds: where the shop kept the rules, it is in an epoch since.
    Time(u64),
}

impl Broken {
    const fn new(breach: Breach, bytes: Vec<u8>) -> Self {
        Self {
            breach,
            bytes,
            other_from: Since::Epoch(1),
        }
    }
}

impl Audit<'_> {
    /// Reads an epoch's data, after comparing the epoch with what was seen before and its parent; the breach if it is
    /// withheld.
    async fn fetch(&self, epoch: &AnchoredEpoch, parent: &B256) -> Result<Result<Vec<u8>, Breach>, Failure> {
        let header = &epoch.header;
        self.online.see(header.number, epoch.hash).await?;
        if header.parent != *parent {
            if let Some(before) = header.number.checked_sub(1).filter(|before| *before > 0) {
                self.online.confirm(before, *parent, None).await?;
            }
            let why = format!(
                "epoch {} names {} as the epoch before, which is {parent}",
                header.number, header.parent
            );
            return Err(Refusal::new(Code::EpochUnknown, why).into());
        }
        let missing = match self.data.fetch(header).await {
            Ok(bytes) => return Ok(Ok(bytes)),
            Err(missing @ (Missing::Unknown(_) | Missing::CopyDiffers(_))) => return Err(missing.into()),
            Err(missing) => missing,
        };
        let named = self.online.data_uri().await?;
        if !self.data.is_at(&named) {
            return Err(waiting::of_mirror(missing, &named));
        }
        waiting::judge(&self.waiting(), epoch, missing, time::now_s()).map(Err)
    }

    /// An audit from the epoch `from` up to `last`, of which it has number and hash, in that block.
    fn record(&self, from: u64, last: (u64, B256), block: Option<u64>) -> AuditRecord {
        let (to, hash) = last;
        AuditRecord {
            identity: self.online.source.identity(),
            from,
            to,
            hash,
            as_of_s: self.online.at.time_s,
            breach: None,
            block,
            auditor: None,
        }
    }

    fn kind(&self) -> OwnKind {
        if self.args.since.is_none() {
            OwnKind::Full
        } else {
            OwnKind::Light
        }
    }

    /// The file of what it waits for.
    fn waiting(&self) -> PathBuf {
        self.kind().waiting(&self.folder)
    }

    /// Remembers that the epochs up to `latest` are final, of which those up to `done` are audited.
    fn see(&self, done: u64, latest: u64) -> Result<(), Failure> {
        waiting::see(&self.waiting(), done, latest, time::now_s())
    }

    /// Keeps what the audit found, for later verdicts, and writes the report. A known breach that a sound audit does
    /// not cover is what both say.
    fn keep(&self, record: AuditRecord) -> Result<(), Failure> {
        record::write_own(&self.folder, self.kind(), &record)?;
        if record.breach.is_none() {
            self.see(record.to, record.to)?;
        }
        let is_sound = record.breach.is_none();
        if let Some(path) = &self.args.report {
            let known = record::broken(&self.folder, &record.identity).filter(|_| is_sound);
            let auditor = self.args.auditor.clone();
            let shown = known.unwrap_or(record);
            record::write(path, &AuditRecord { auditor, ..shown })?;
        }
        if is_sound {
            record::refuse_known(&self.folder, &self.online.source.identity())?;
        }
        Ok(())
    }

    /// Writes the evidence of a breach, and makes the failure.
    async fn broken(&self, epoch: &AnchoredEpoch, broken: Broken) -> Result<Failure, Failure> {
        let report = evidence::collect(self.online, &self.data, self.args.from_block, epoch, &broken).await;
        let breach = broken.breach;
        let evidence = report.to_json();
        let mut detail = breach.detail;
        if let Some(path) = &self.args.evidence {
            let text = serde_json::to_vec_pretty(&evidence).map_err(|error| store::failed(path, &error))?;
            store::replace(path, &text)?;
            detail = format!("{detail} (evidence: {})", path.display());
        }
        Ok(Failure::new(Cause::Breach(breach.rule), detail)
            .with("epoch", epoch.header.number)
            .with("evidence", evidence))
    }
}
