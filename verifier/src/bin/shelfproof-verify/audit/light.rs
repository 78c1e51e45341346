//! The light audit: the epochs after one that the user names, with the shop's deltas in the place of a history map. It
//! keeps no map, and at most one epoch's data and delta in memory; on disk, only what it found.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::fmt::Display;

use serde_json::{Map, json};
use shelfproof_verifier::audit::{Breach, BreachProof, LightEpoch, NotFollowed, OtherEvent};
use shelfproof_verifier::chain::AnchoredEpoch;
use shelfproof_verifier::chain::rpc::Scan;
use shelfproof_verifier::history::EMPTY;
use shelfproof_verifier::published::Missing;
use shelfproof_verifier::vocabulary::audit_record::AuditRecord;
use shelfproof_verifier::{B256, Code, Refusal};

use super::progress::Progress;
use super::record::{self, OwnKind};
use super::{Audit, Broken, KeptEvent, Since, Step, Watched, search};
use crate::cause::{CANNOT_TELL, Cause};
use crate::report::{Failure, Report, Tone};
use crate::sentences::{NotProved, Text};
use crate::{facts, time};

/// Audits the epochs after `since`.
pub(super) fn run(audit: &Audit<'_>, since: u64) -> Result<Report, Failure> {
    let keys = BTreeSet::new();
    let light = LightAudit::new(audit, since, &keys);
    audit.online.runtime.block_on(light.run())
}

/// As [`run`], with the events of those keys, and also how far it came if it could not go on.
pub(super) fn watch(audit: &Audit<'_>, since: u64, keys: &BTreeSet<B256>) -> Watched {
    let light = LightAudit::new(audit, since, keys);
    let end = audit.online.runtime.block_on(light.run()).map(drop);
    Watched {
        end,
        to: light.to.get(),
        events: light.found.into_inner(),
    }
}

struct LightAudit<'a> {
    audit: &'a Audit<'a>,
    since: u64,
    /// The keys whose events are wanted, and those that were found.
    keys: &'a BTreeSet<B256>,
    found: RefCell<Vec<KeptEvent>>,
    /// The last epoch that keeps the rules.
    to: Cell<u64>,
}

/// The epoch that the audit has come to.
#[derive(Clone, Copy)]
struct Reached {
    number: u64,
    hash: B256,
    /// The history root after it.
    root: B256,
    /// Its block; `None` before the first epoch.
    block: Option<u64>,
}

impl Reached {
    /// The beginning of every history.
    const NOTHING: Self = Self {
        number: 0,
        hash: B256::ZERO,
        root: EMPTY,
        block: None,
    };

    const fn of(epoch: &AnchoredEpoch) -> Self {
        Self {
            number: epoch.header.number,
            hash: epoch.hash,
            root: epoch.header.history_root,
            block: Some(epoch.block),
        }
    }
}

/// How far an audit has come.
struct Walked {
    /// The first epoch that its record covers.
    from: u64,
    reached: Reached,
}

impl<'a> LightAudit<'a> {
    fn new(audit: &'a Audit<'a>, since: u64, keys: &'a BTreeSet<B256>) -> Self {
        Self {
            audit,
            since,
            keys,
            found: RefCell::default(),
            to: Cell::new(since),
        }
    }

    async fn run(&self) -> Result<Report, Failure> {
        let Audit { args, online, .. } = self.audit;
        let identity = online.source.identity();
        let old = record::read_own(&self.audit.folder, OwnKind::Light, &identity)
            .ok()
            .flatten();
        let scan = online.scan(self.since.max(1), args.from_block).await?;
        let mut scan = scan.with_headers(&self.audit.data);
        let reached = self.checkpoint(&mut scan).await?;
        let mut walked = Walked {
            from: first(old.as_ref(), self.since.saturating_add(1), &reached),
            reached,
        };
        self.audit.see(self.since, scan.latest())?;
        let mut progress = Progress::new(self.since, scan.latest(), self.audit.json, self.audit.lang);
        let ended = self.walk(&mut scan, old.as_ref(), &mut walked, &mut progress).await;
        let events = progress.finish();
        let Walked { from, reached } = walked;
        let record = self.record(from, &reached);
        match ended {
            Ok(None) => {
                self.audit.keep(record)?;
                Ok(self.kept(&reached, events))
            }
            Ok(Some((epoch, broken))) => {
                let breach = Some(record::found(epoch.header.number, &broken.breach));
                self.audit.keep(AuditRecord { breach, ..record })?;
                Err(self.audit.broken(&epoch, broken).await?)
            }
            Err(failure) => {
                if failure.cause.exit() == CANNOT_TELL && failure.cause != Cause::RpcDisagree {
                    self.keep_part(old.as_ref(), &record)?;
                }
                Err(failure)
            }
        }
    }

    /// Audits one epoch after the other, up to the first that breaks a rule.
    async fn walk(
        &self,
        scan: &mut Scan<'_>,
        old: Option<&AuditRecord>,
        walked: &mut Walked,
        progress: &mut Progress,
    ) -> Result<Option<(AnchoredEpoch, Broken)>, Failure> {
        while let Some(epoch) = scan.next().await? {
            match self.step(&walked.reached, &epoch).await? {
                Step::Kept(events) => {
                    walked.reached = Reached::of(&epoch);
                    if !self.keys.is_empty() {
                        walked.from = first(old, walked.from, &walked.reached);
                    }
                    self.to.set(epoch.header.number);
                    progress.advance(epoch.header.number, events);
                }
                Step::Broken(broken) => return Ok(Some((epoch, broken))),
            }
        }
        Ok(None)
    }

    /// Keeps how far an audit came that could not go on, unless the last one covers all of that.
    fn keep_part(&self, old: Option<&AuditRecord>, record: &AuditRecord) -> Result<(), Failure> {
        let holds = |old: &AuditRecord| old.breach.is_none() && old.from <= record.from && record.to <= old.to;
        if record.to == self.since || old.is_some_and(holds) {
            return Ok(());
        }
        record::write_own(&self.audit.folder, OwnKind::Light, record)
    }

    /// The epoch that the audit starts after, whose header the registry's hash confirms.
    async fn checkpoint(&self, scan: &mut Scan<'_>) -> Result<Reached, Failure> {
        if self.since == 0 {
            return Ok(Reached::NOTHING);
        }
        if let Some(epoch) = scan.next().await? {
            return Ok(Reached::of(&epoch));
        }
        let (since, latest) = (self.since, scan.latest());
        let why = format!("--since {since}: the latest final epoch is {latest}");
        Err(Refusal::new(Code::EpochNotFinal, why).into())
    }

    async fn step(&self, before: &Reached, epoch: &AnchoredEpoch) -> Result<Step, Failure> {
        let number = epoch.header.number;
        let bytes = match self.audit.fetch(epoch, &before.hash).await? {
            Ok(bytes) => bytes,
            Err(breach) => return Ok(Step::Broken(Broken::new(breach, Vec::new()))),
        };
        let light = match LightEpoch::read(&epoch.header, &bytes, search::threads()) {
            Ok(light) => light,
            Err(breach) => return Ok(Step::Broken(Broken::new(breach, bytes))),
        };
        let delta = match self.audit.data.fetch_delta(number, light.keys()).await {
            Ok(delta) => delta,
            Err(Missing::Answered(why)) => return Err(Failure::new(Cause::DeltaUnusable, why)),
            Err(missing) => return Err(missing.into()),
        };
        match light.follow(&before.root, &delta, epoch.anchored_at_s) {
            Ok(()) => {
                let events = self.keys.iter().flat_map(|key| light.events_of(key));
                let kept = events.map(|event| KeptEvent {
                    epoch: number,
                    event: *event,
                });
                self.found.borrow_mut().extend(kept);
                Ok(Step::Kept(light.events()))
            }
            Err(NotFollowed::Breach(breach)) => Ok(Step::Broken(Broken {
                other_from: other_from(&breach, &light, &before.root, &delta),
                ..Broken::new(breach, bytes)
            })),
            Err(NotFollowed::Delta(error)) => {
                let why = format!("the delta of epoch {number}: {error}");
                Err(Failure::new(Cause::DeltaUnusable, why))
            }
        }
    }

    fn record(&self, from: u64, reached: &Reached) -> AuditRecord {
        self.audit.record(from, (reached.number, reached.hash), reached.block)
    }

    fn kept(&self, reached: &Reached, events: u64) -> Report {
        let (lang, as_of_s, since, epoch) = (self.audit.lang, self.audit.online.at.time_s, self.since, reached.number);
        let epochs = epoch - since;
        let from = since.saturating_add(1);
        let sentence = if epochs == 0 {
            lang.fill(Text::NothingSince, &[("since", &since)])
        } else {
            lang.fill(Text::KeptSince, &[("since", &since), ("epoch", &epoch)])
        };
        let mut facts = Vec::new();
        if epochs > 0 {
            let as_of = time::utc(as_of_s);
            let values: [(&str, &dyn Display); 3] = [("from", &from), ("epoch", &epoch), ("time", &as_of)];
            facts.push((lang.text(Text::AuditedLabel), lang.fill(Text::AuditedSince, &values)));
        }
        let replayed = lang.fill(Text::Replayed, &[("epochs", &epochs), ("events", &events)]);
        facts.push((lang.text(Text::ReplayedLabel), replayed));
        facts.push((lang.text(Text::LastHashLabel), reached.hash.to_string()));
        let mut not_proved = NotProved::AFTER_AUDIT.to_vec();
        not_proved.extend((since > 0).then_some(NotProved::BeforeAudit));
        Report {
            verdict: format!("holds {epochs} epochs since {since}"),
            tone: Tone::Good,
            sentence,
            warnings: facts::chain_behind(as_of_s, lang).into_iter().collect(),
            facts,
            not_proved,
            json: Map::from_iter([
                ("from".to_owned(), json!(from)),
                ("epoch".to_owned(), json!(epoch)),
                ("epochHash".to_owned(), json!(reached.hash)),
                ("replayedEpochs".to_owned(), json!(epochs)),
                ("replayedEvents".to_owned(), json!(events)),
                ("asOf".to_owned(), json!(as_of_s)),
            ]),
            ..Report::default()
        }
    }
}

/// From where on to look for the event that a breach contradicts: since its time, if it is the key's newest before.
fn other_from(breach: &Breach, light: &LightEpoch, root_before: &B256, delta: &[u8]) -> Since {
    let time = |proof: &BreachProof| {
        let (version, at_ms) = light.newest_before(root_before, delta, &proof.event.key_id)?;
        (proof.other == OtherEvent::Version(version)).then_some(Since::Time(at_ms))
    };
    breach.proof.as_deref().and_then(time).unwrap_or(Since::Epoch(1))
}

/// The first epoch that the record covers, which begins at `from` so far: that of the last light audit, if this one has
/// come to where that one ended.
fn first(old: Option<&AuditRecord>, from: u64, reached: &Reached) -> u64 {
    let goes_on = |old: &&AuditRecord| {
        let keeps = old.breach.as_ref().is_none_or(|breach| breach.epoch > old.to);
        keeps && old.from < from && (old.to, old.hash) == (reached.number, reached.hash)
    };
    old.filter(goes_on).map_or(from, |old| old.from)
}
