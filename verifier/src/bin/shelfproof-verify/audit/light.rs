//! The light audit: the epochs after one that the user names, with the shop's deltas in the place of a history map. It
//! keeps nothing on disk, and at most one epoch's data and delta in memory.

use std::fmt::Display;

use serde_json::{Map, json};
use shelfproof_verifier::audit::{LightEpoch, NotFollowed};
use shelfproof_verifier::chain::AnchoredEpoch;
use shelfproof_verifier::chain::rpc::Scan;
use shelfproof_verifier::history::EMPTY;
use shelfproof_verifier::published::Missing;
use shelfproof_verifier::{B256, Code, Refusal};

use super::progress::Progress;
use super::record::AuditRecord;
use super::{Audit, Step, search};
use crate::cause::Cause;
use crate::report::{Failure, Report, Tone};
use crate::sentences::{NotProved, Text};
use crate::{facts, time};

/// Audits the epochs after `since`.
pub(super) fn run(audit: &Audit<'_>, since: u64) -> Result<Report, Failure> {
    let light = LightAudit { audit, since };
    audit.online.runtime.block_on(light.run())
}

struct LightAudit<'a> {
    audit: &'a Audit<'a>,
    since: u64,
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

impl LightAudit<'_> {
    async fn run(&self) -> Result<Report, Failure> {
        let Audit { args, online, at, .. } = self.audit;
        let mut scan = online.source.scan(self.since.max(1), args.from_block, *at).await?;
        let mut reached = self.checkpoint(&mut scan).await?;
        let mut progress = Progress::new(self.since, scan.latest(), self.audit.json, self.audit.lang);
        while let Some(epoch) = scan.next().await? {
            match self.step(&reached, &epoch).await {
                Ok(Step::Kept(events)) => {
                    reached = Reached::of(&epoch);
                    progress.advance(reached.number, events);
                }
                Ok(Step::Broken(breach, bytes)) => {
                    progress.finish();
                    let record = self.record(&reached).with_breach(epoch.header.number, &breach);
                    return Err(self.audit.broken(record, &epoch, breach, &bytes).await?);
                }
                Err(failure) => {
                    progress.finish();
                    return Err(failure);
                }
            }
        }
        self.kept(&reached, progress.finish())
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
            Err(breach) => return Ok(Step::Broken(breach, Vec::new())),
        };
        let light = match LightEpoch::read(&epoch.header, &bytes, search::threads()) {
            Ok(light) => light,
            Err(breach) => return Ok(Step::Broken(breach, bytes)),
        };
        let delta = match self.audit.data.fetch_delta(number, light.keys()).await {
            Ok(delta) => delta,
            Err(Missing::Answered(why)) => return Err(Failure::new(Cause::DeltaUnusable, why)),
            Err(missing) => return Err(missing.into()),
        };
        match light.follow(&before.root, &delta, epoch.anchored_at_s) {
            Ok(()) => Ok(Step::Kept(light.events())),
            Err(NotFollowed::Breach(breach)) => Ok(Step::Broken(breach, bytes)),
            Err(NotFollowed::Delta(error)) => {
                let why = format!("the delta of epoch {number}: {error}");
                Err(Failure::new(Cause::DeltaUnusable, why))
            }
        }
    }

    fn record(&self, reached: &Reached) -> AuditRecord {
        let identity = self.audit.online.source.identity();
        let last = (reached.number, reached.hash);
        AuditRecord::new(&identity, self.since.saturating_add(1), last, reached.block)
    }

    fn kept(&self, reached: &Reached, events: u64) -> Result<Report, Failure> {
        self.audit.write_report(self.record(reached))?;
        let (lang, as_of_s, since, epoch) = (self.audit.lang, self.audit.at.time_s, self.since, reached.number);
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
        let mut not_proved = vec![
            NotProved::UnloggedSales,
            NotProved::CodeWorks,
            NotProved::SoldElsewhere,
            NotProved::LookAlikes,
            NotProved::NodeBelieved,
        ];
        not_proved.extend((since > 0).then_some(NotProved::BeforeAudit));
        Ok(Report {
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
        })
    }
}
