//! `audit`: replays everything that a shop anchored, from the chain and its published data.

pub(crate) mod data;
mod evidence;
mod progress;
pub(crate) mod record;
pub(crate) mod search;

use std::path::{Path, PathBuf};

use serde_json::{Map, json};
use shelfproof_verifier::B256;
use shelfproof_verifier::audit::{self, Breach, WITHHELD_AFTER_S};
use shelfproof_verifier::chain::AnchoredEpoch;
use shelfproof_verifier::chain::rpc::FinalBlock;
use shelfproof_verifier::map::{Map as HistoryMap, MapError};
use shelfproof_verifier::published::{Data, Missing};

use crate::args::{AuditArgs, Lang};
use crate::cause::Cause;
use crate::context::Context;
use crate::report::{Failure, Report, Tone};
use crate::sentences::{NotProved, Text};
use crate::source::Online;
use crate::{facts, store, time};

use progress::Progress;
use record::AuditRecord;

/// Replays the epochs that the last run did not.
pub(crate) fn run(args: &AuditArgs, context: &Context) -> Result<Report, Failure> {
    let data = data::open(&args.data)?;
    let online = Online::open(&args.source, &context.names())?;
    let folder = record::folder(args.state.as_deref(), &online.source.identity())?;
    let at = online.runtime.block_on(async {
        let at = online.source.final_block().await?;
        online.source.vrf_public_key(&at).await?;
        Ok::<_, Failure>(at)
    })?;
    let map = open_map(&folder)?;
    let audit = Audit {
        args,
        online: &online,
        data,
        folder,
        at,
        lang: context.lang(),
        json: context.json(),
    };
    let answer = online.runtime.block_on(audit.run(map));
    answer.map_err(Failure::naming_from_block)
}

fn open_map(folder: &Path) -> Result<HistoryMap, Failure> {
    let path = folder.join("map");
    std::fs::create_dir_all(folder).map_err(|error| store::failed(folder, &error))?;
    HistoryMap::open(&path).map_err(|error| map_failed(&error))
}

fn map_failed(error: &MapError) -> Failure {
    Failure::new(Cause::Storage, error.to_string())
}

struct Audit<'a> {
    args: &'a AuditArgs,
    online: &'a Online,
    data: Data,
    folder: PathBuf,
    at: FinalBlock,
    lang: Lang,
    json: bool,
}

/// The result of one epoch.
enum Step {
    /// It keeps the rules; the number of its events.
    Kept(usize),
    /// It breaks one; the data, if it matches its hash.
    Broken(Breach, Vec<u8>),
}

impl Audit<'_> {
    async fn run(&self, mut map: HistoryMap) -> Result<Report, Failure> {
        let (done, hash) = map.epoch();
        let (latest, _) = self.online.source.latest_epoch(&self.at).await?;
        self.check_map(done, hash, latest).await?;
        let old = AuditRecord::read_own(&self.folder, &self.online.source.identity())?;
        // A crash leaves the map ahead of the record, so the record's block may be too early to start from, never too
        // late.
        let known = old
            .filter(|record| record.epoch <= done)
            .and_then(|record| record.block);
        let mut last_block = known;
        let from_block = known.unwrap_or(self.args.from_block);
        let mut scan = self.online.source.scan(done + 1, from_block, self.at).await?;
        let mut progress = Progress::new(done, latest, self.json, self.lang);
        while let Some(epoch) = scan.next().await? {
            match self.step(&mut map, &epoch).await {
                Ok(Step::Kept(events)) => {
                    last_block = Some(epoch.block);
                    progress.advance(epoch.header.number, events);
                }
                Ok(Step::Broken(breach, bytes)) => {
                    progress.finish();
                    return Err(self.broken(&map, last_block, &epoch, breach, &bytes).await?);
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
        let held = self.online.source.epoch_hash(done, &self.at).await?;
        if held == hash {
            return Ok(());
        }
        let folder = self.folder.display();
        let detail = format!("{folder}: the map's epoch {done} has the hash {hash}, the chain's has {held}");
        Err(Failure::new(Cause::MapDiffers, detail))
    }

    async fn step(&self, map: &mut HistoryMap, epoch: &AnchoredEpoch) -> Result<Step, Failure> {
        let header = &epoch.header;
        let bytes = match self.data.fetch(header).await {
            Ok(bytes) => bytes,
            Err(Missing::Answered(why)) if self.at.time_s.saturating_sub(epoch.anchored_at_s) > WITHHELD_AFTER_S => {
                let mut breach = Breach::withheld(header.number);
                breach.detail = format!("{} ({why})", breach.detail);
                return Ok(Step::Broken(breach, Vec::new()));
            }
            Err(missing) => return Err(missing.into()),
        };
        let events = match audit::read_epoch(header, &bytes, search::threads()) {
            Ok(events) => events,
            Err(breach) => return Ok(Step::Broken(breach, bytes)),
        };
        let heads = map
            .heads(&audit::keys_of(&events))
            .map_err(|error| map_failed(&error))?;
        let updates = match audit::advance(&events, &heads, header.number, epoch.anchored_at_s) {
            Ok(updates) => updates,
            Err(breach) => return Ok(Step::Broken(breach, bytes)),
        };
        let plan = map.plan(&updates).map_err(|error| map_failed(&error))?;
        if let Err(breach) = audit::check_history_root(header, &plan.root()) {
            return Ok(Step::Broken(breach, bytes));
        }
        // A crash before the commit repeats this epoch in the next run; a crash after it continues with the next epoch.
        map.commit(plan, header.number, epoch.hash)
            .map_err(|error| map_failed(&error))?;
        Ok(Step::Kept(events.len()))
    }

    /// Records the breach, writes report and evidence, and makes the failure.
    async fn broken(
        &self,
        map: &HistoryMap,
        last_block: Option<u64>,
        epoch: &AnchoredEpoch,
        breach: Breach,
        bytes: &[u8],
    ) -> Result<Failure, Failure> {
        let number = epoch.header.number;
        let record = self.record(map, last_block).with_breach(number, &breach);
        record.write_own(&self.folder)?;
        self.write_report(record)?;
        let report = evidence::collect(self.online, &self.data, self.args.from_block, epoch, &breach, bytes).await;
        let evidence = report.to_json();
        let mut detail = breach.detail.clone();
        if let Some(path) = &self.args.evidence {
            let text = serde_json::to_vec_pretty(&evidence).map_err(|error| store::failed(path, &error))?;
            store::replace(path, &text)?;
            detail = format!("{detail} (evidence: {})", path.display());
        }
        Ok(Failure::new(Cause::Breach(breach.rule), detail)
            .with("epoch", number)
            .with("evidence", evidence))
    }

    fn record(&self, map: &HistoryMap, last_block: Option<u64>) -> AuditRecord {
        let (epoch, hash) = map.epoch();
        AuditRecord::new(&self.online.source.identity(), epoch, hash, last_block, time::now_s())
    }

    fn write_report(&self, record: AuditRecord) -> Result<(), Failure> {
        let Some(path) = &self.args.report else { return Ok(()) };
        record.by(self.args.auditor.clone()).write(path)
    }

    fn kept(&self, map: &HistoryMap, before: u64, last_block: Option<u64>, events: u64) -> Result<Report, Failure> {
        let record = self.record(map, last_block);
        record.write_own(&self.folder)?;
        self.write_report(record)?;
        let (epoch, hash) = map.epoch();
        let lang = self.lang;
        let sentence = if epoch == 0 {
            Text::NothingAnchored
        } else {
            Text::AllKept
        };
        let replayed = match epoch - before {
            0 if epoch > 0 => lang.text(Text::NothingNew).to_owned(),
            epochs => lang.fill(Text::Replayed, &[("epochs", &epochs), ("events", &events)]),
        };
        Ok(Report {
            verdict: format!("holds {epoch} epochs"),
            tone: Tone::Good,
            sentence: lang.text(sentence).to_owned(),
            warnings: facts::chain_behind(self.at.time_s, lang).into_iter().collect(),
            facts: vec![
                (lang.text(Text::AuditedLabel), self.range_text(epoch)),
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
                ("asOf".to_owned(), json!(self.at.time_s)),
                ("state".to_owned(), json!(self.folder.display().to_string())),
            ]),
            ..Report::default()
        })
    }

    fn range_text(&self, epoch: u64) -> String {
        let as_of = time::utc(self.at.time_s);
        self.lang.fill(Text::Audited, &[("epoch", &epoch), ("time", &as_of)])
    }
}
