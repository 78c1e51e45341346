//! The full audit: every epoch from the first, with a history map on disk that the next run goes on with.

use std::path::{Path, PathBuf};

use serde_json::{Map, json};
use shelfproof_verifier::B256;
use shelfproof_verifier::audit::{self, Breach};
use shelfproof_verifier::chain::AnchoredEpoch;
use shelfproof_verifier::map::{Map as HistoryMap, MapError};

use super::progress::Progress;
use super::record::{self, AuditRecord};
use super::{Audit, Step, search};
use crate::cause::Cause;
use crate::report::{Failure, Report, Tone};
use crate::sentences::{NotProved, Text};
use crate::{facts, store, time};

/// Replays the epochs that the last run did not.
pub(super) fn run(audit: &Audit<'_>) -> Result<Report, Failure> {
    let folder = record::folder(audit.args.state.as_deref(), &audit.online.source.identity())?;
    let map = open_map(&folder)?;
    let full = FullAudit { audit, folder };
    audit.online.runtime.block_on(full.run(map))
}

fn open_map(folder: &Path) -> Result<HistoryMap, Failure> {
    let path = folder.join("map");
    std::fs::create_dir_all(folder).map_err(|error| store::failed(folder, &error))?;
    HistoryMap::open(&path).map_err(|error| map_failed(&error))
}

fn map_failed(error: &MapError) -> Failure {
    Failure::new(Cause::Storage, error.to_string())
}

struct FullAudit<'a> {
    audit: &'a Audit<'a>,
    folder: PathBuf,
}

impl FullAudit<'_> {
    async fn run(&self, mut map: HistoryMap) -> Result<Report, Failure> {
        let Audit { args, online, at, .. } = self.audit;
        let (done, hash) = map.epoch();
        let (latest, _) = online.source.latest_epoch(at).await?;
        self.check_map(done, hash, latest).await?;
        let old = AuditRecord::read_own(&self.folder, &online.source.identity())?;
        // A crash leaves the map ahead of the record, so the record's block may be too early to start from, never too
        // late.
        let known = old
            .filter(|record| record.epoch <= done)
            .and_then(|record| record.block);
        let mut last_block = known;
        let from_block = known.unwrap_or(args.from_block);
        let mut scan = online.source.scan(done + 1, from_block, *at).await?;
        let mut progress = Progress::new(done, latest, self.audit.json, self.audit.lang);
        while let Some(epoch) = scan.next().await? {
            match self.step(&mut map, &epoch).await {
                Ok(Step::Kept(events)) => {
                    last_block = Some(epoch.block);
                    progress.advance(epoch.header.number, events);
                }
                Ok(Step::Broken(breach, bytes)) => {
                    progress.finish();
                    let record = self.record(&map, last_block).with_breach(epoch.header.number, &breach);
                    record.write_own(&self.folder)?;
                    return Err(self.audit.broken(record, &epoch, breach, &bytes).await?);
                }
                Err(failure) => {
                    progress.finish();
                    return Err(failure);
                }
            }
        }
        self.kept(&map, done, last_block, progress.finish())
    }

    /// Checks that the map on disk belongs to the chain's history.
    async fn check_map(&self, done: u64, hash: B256, latest: u64) -> Result<(), Failure> {
        if done == 0 {
            return Ok(());
        }
        if done > latest {
            let detail = format!(
                "{}: the map stands at epoch {done}, and the latest final epoch is {latest}",
                self.folder.display()
            );
            return Err(Failure::new(Cause::MapAhead, detail));
        }
        let (held, _) = self.audit.online.source.epoch(done, &self.audit.at).await?;
        if held == hash {
            return Ok(());
        }
        let folder = self.folder.display();
        let detail = format!("{folder}: the map's epoch {done} has the hash {hash}, the chain's has {held}");
        Err(Failure::new(Cause::MapDiffers, detail))
    }

    async fn step(&self, map: &mut HistoryMap, epoch: &AnchoredEpoch) -> Result<Step, Failure> {
        let bytes = match self.audit.fetch(epoch, &map.epoch().1).await? {
            Ok(bytes) => bytes,
            Err(breach) => return Ok(Step::Broken(breach, Vec::new())),
        };
        match replay(map, epoch, &bytes) {
            Ok(Ok(events)) => Ok(Step::Kept(events)),
            Ok(Err(breach)) => Ok(Step::Broken(breach, bytes)),
            Err(error) => Err(map_failed(&error)),
        }
    }

    fn record(&self, map: &HistoryMap, last_block: Option<u64>) -> AuditRecord {
        AuditRecord::new(&self.audit.online.source.identity(), 1, map.epoch(), last_block)
    }

    fn kept(&self, map: &HistoryMap, before: u64, last_block: Option<u64>, events: u64) -> Result<Report, Failure> {
        let record = self.record(map, last_block);
        record.write_own(&self.folder)?;
        self.audit.write_report(record)?;
        let (epoch, hash) = map.epoch();
        let (lang, as_of_s) = (self.audit.lang, self.audit.at.time_s);
        let sentence = if epoch == 0 {
            Text::NothingAnchored
        } else {
            Text::AllKept
        };
        let replayed = match epoch - before {
            0 if epoch > 0 => lang.text(Text::NothingNew).to_owned(),
            epochs => lang.fill(Text::Replayed, &[("epochs", &epochs), ("events", &events)]),
        };
        let range = lang.fill(Text::Audited, &[("epoch", &epoch), ("time", &time::utc(as_of_s))]);
        Ok(Report {
            verdict: format!("holds {epoch} epochs"),
            tone: Tone::Good,
            sentence: lang.text(sentence).to_owned(),
            warnings: facts::chain_behind(as_of_s, lang).into_iter().collect(),
            facts: vec![
                (lang.text(Text::AuditedLabel), range),
                (lang.text(Text::ReplayedLabel), replayed),
                (lang.text(Text::KeysLabel), map.len().to_string()),
                (lang.text(Text::LastHashLabel), hash.to_string()),
                (lang.text(Text::FolderLabel), self.folder.display().to_string()),
            ],
            not_proved: vec![
                NotProved::UnloggedSales,
                NotProved::CodeWorks,
                NotProved::SoldElsewhere,
                NotProved::LookAlikes,
                NotProved::NodeBelieved,
            ],
            json: Map::from_iter([
                ("epoch".to_owned(), json!(epoch)),
                ("epochHash".to_owned(), json!(hash)),
                ("replayedEpochs".to_owned(), json!(epoch - before)),
                ("replayedEvents".to_owned(), json!(events)),
                ("keys".to_owned(), json!(map.len())),
                ("asOf".to_owned(), json!(as_of_s)),
                ("state".to_owned(), json!(self.folder.display().to_string())),
            ]),
            ..Report::default()
        })
    }
}

/// Checks an epoch whose data has the anchored hash, and takes it into the map. Returns the number of its events, or
/// the breach.
fn replay(map: &mut HistoryMap, epoch: &AnchoredEpoch, bytes: &[u8]) -> Result<Result<usize, Breach>, MapError> {
    let header = &epoch.header;
    if let Some(key) = map.crowded(&audit::key_ids_in(bytes))? {
        return Ok(Err(Breach::key_ids(header.number, &key)));
    }
    let events = match audit::read_epoch(header, bytes, search::threads()) {
        Ok(events) => events,
        Err(breach) => return Ok(Err(breach)),
    };
    let heads = map.heads(&audit::keys_of(&events))?;
    let updates = match audit::advance(&events, &heads, header.number, epoch.anchored_at_s) {
        Ok(updates) => updates,
        Err(breach) => return Ok(Err(breach)),
    };
    let plan = map.plan(&updates)?;
    if let Err(breach) = audit::check_history_root(header, &plan.root()) {
        return Ok(Err(breach));
    }
    // A crash before the commit repeats this epoch in the next run; a crash after it continues with the next epoch.
    map.commit(plan, header.number, epoch.hash)?;
    Ok(Ok(events.len()))
}
