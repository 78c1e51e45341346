//! The full audit: every epoch from the first, with a history map on disk that the next run goes on with.

use std::panic::resume_unwind;
use std::path::Path;

use serde_json::{Map, json};
use shelfproof_verifier::B256;
use shelfproof_verifier::audit::{self, Breach, BreachProof, EventsByKey, OtherEvent};
use shelfproof_verifier::chain::AnchoredEpoch;
use shelfproof_verifier::chain::rpc::Scan;
use shelfproof_verifier::event::HashedEvent;
use shelfproof_verifier::history::Head;
use shelfproof_verifier::map::{Map as HistoryMap, MapError};
use shelfproof_verifier::vocabulary::audit_record::AuditRecord;

use super::progress::Progress;
use super::record::{self, OwnKind};
use super::{Audit, Broken, Since, Step, search};
use crate::cause::Cause;
use crate::report::{Failure, Report, Tone};
use crate::sentences::{NotProved, Text};
use crate::{facts, store, time};

/// Replays the epochs that the last run did not.
pub(super) fn run(audit: &Audit<'_>) -> Result<Report, Failure> {
    let map = open_map(&audit.folder)?;
    audit.online.runtime.block_on(FullAudit { audit }.run(map))
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
}

impl FullAudit<'_> {
    async fn run(&self, map: HistoryMap) -> Result<Report, Failure> {
        let Audit { args, online, .. } = self.audit;
        let at = &online.at;
        let (done, hash) = map.epoch();
        let (latest, _) = online.source.latest_epoch(at).await?;
        self.check_map(done, hash, latest).await?;
        self.audit.see(done, latest)?;
        let old = record::read_own(&self.audit.folder, OwnKind::Full, &online.source.identity()).ok();
        let known = old
            .flatten()
            .filter(|record| record.to <= done)
            .and_then(|record| record.block);
        let mut last_block = known;
        let scan = online.scan(done + 1, args.from_block).await?;
        let mut scan = scan.with_headers(&self.audit.data);
        let mut progress = Progress::new(done, latest, self.audit.json, self.audit.lang);
        let ended = self.walk(&mut scan, map, &mut last_block, &mut progress).await;
        let events = progress.finish();
        let (map, broken) = ended?;
        let Some((epoch, broken)) = broken else {
            return self.kept(&map, done, last_block, events);
        };
        let record = AuditRecord {
            breach: Some(record::found(epoch.header.number, &broken.breach)),
            ..self.audit.record(1, map.epoch(), last_block)
        };
        self.audit.keep(record)?;
        Err(self.audit.broken(&epoch, broken).await?)
    }

    /// Takes one epoch after the other into the map, up to the first that breaks a rule. While the map takes one in, the
    /// next is read: two epochs' data are in memory at most.
    async fn walk(
        &self,
        scan: &mut Scan<'_>,
        mut map: HistoryMap,
        last_block: &mut Option<u64>,
        progress: &mut Progress,
    ) -> Result<(HistoryMap, Option<(AnchoredEpoch, Broken)>), Failure> {
        let mut read = self.read_next(scan, map.epoch().1).await;
        while let Some((epoch, content)) = read? {
            let step;
            ((map, step), read) = tokio::join!(take_in(map, epoch, content), self.read_next(scan, epoch.hash));
            match step? {
                Step::Kept(events) => {
                    *last_block = Some(epoch.block);
                    progress.advance(epoch.header.number, events);
                }
                Step::Broken(broken) => return Ok((map, Some((epoch, broken)))),
            }
        }
        Ok((map, None))
    }

    /// Reads the epoch after the one with that hash; `None` after the last.
    async fn read_next(
        &self,
        scan: &mut Scan<'_>,
        parent: B256,
    ) -> Result<Option<(AnchoredEpoch, Result<Content, Breach>)>, Failure> {
        let Some(epoch) = scan.next().await? else {
            return Ok(None);
        };
        let content = match self.audit.fetch(&epoch, &parent).await? {
            Ok(bytes) => {
                let header = epoch.header;
                let read = move || {
                    let events = audit::read_epoch(&header, &bytes, search::threads());
                    Content { bytes, events }
                };
                Ok(beside(read).await)
            }
            Err(breach) => Err(breach),
        };
        Ok(Some((epoch, content)))
    }

    /// Checks that the map on disk belongs to the chain's history.
    async fn check_map(&self, done: u64, hash: B256, latest: u64) -> Result<(), Failure> {
        if done == 0 {
            return Ok(());
        }
        if done > latest {
            let detail = format!(
                "{}: the map stands at epoch {done}, and the latest final epoch is {latest}",
                self.audit.folder.display()
            );
            return Err(Failure::new(Cause::MapAhead, detail));
        }
        let (held, _) = self.audit.online.source.epoch(done, &self.audit.online.at).await?;
        if held == hash {
            return Ok(());
        }
        self.audit.online.confirm(done, held, None).await?;
        let folder = self.audit.folder.display();
        let detail = format!("{folder}: the map's epoch {done} has the hash {hash}, the chain's has {held}");
        Err(Failure::new(Cause::MapDiffers, detail))
    }

    fn kept(&self, map: &HistoryMap, before: u64, last_block: Option<u64>, events: u64) -> Result<Report, Failure> {
        let record = self.audit.record(1, map.epoch(), last_block);
        self.audit.keep(record)?;
        let (epoch, hash) = map.epoch();
        let (lang, as_of_s) = (self.audit.lang, self.audit.online.at.time_s);
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
                (lang.text(Text::FolderLabel), self.audit.folder.display().to_string()),
            ],
            not_proved: NotProved::AFTER_AUDIT.to_vec(),
            json: Map::from_iter([
                ("epoch".to_owned(), json!(epoch)),
                ("epochHash".to_owned(), json!(hash)),
                ("replayedEpochs".to_owned(), json!(epoch - before)),
                ("replayedEvents".to_owned(), json!(events)),
                ("keys".to_owned(), json!(map.len())),
                ("asOf".to_owned(), json!(as_of_s)),
                ("state".to_owned(), json!(self.audit.folder.display().to_string())),
            ]),
            ..Report::default()
        })
    }
}

/// Why an epoch was not taken into the map.
enum NotTaken {
    Breach {
        breach: Breach,
        /// No epoch before this one holds the event that the breach contradicts.
        other_from: u64,
    },
    Map(MapError),
}

impl From<MapError> for NotTaken {
    fn from(error: MapError) -> Self {
        Self::Map(error)
    }
}

impl From<Breach> for NotTaken {
    fn from(breach: Breach) -> Self {
        Self::Breach { breach, other_from: 1 }
    }
}

/// An epoch's data, which has the anchored hash.
struct Content {
    bytes: Vec<u8>,
    /// Its events, or the rule that they break by themselves.
    events: Result<Vec<HashedEvent>, Breach>,
}

/// Takes an epoch into the map, on another thread. The content is a breach where the data is withheld.
async fn take_in(
    mut map: HistoryMap,
    epoch: AnchoredEpoch,
    content: Result<Content, Breach>,
) -> (HistoryMap, Result<Step, Failure>) {
    let content = match content {
        Ok(content) => content,
        Err(breach) => return (map, Ok(Step::Broken(Broken::new(breach, Vec::new())))),
    };
    beside(move || {
        let Content { bytes, events } = content;
        let step = match replay(&mut map, &epoch, &bytes, events) {
            Ok(events) => Ok(Step::Kept(events)),
            Err(NotTaken::Breach { breach, other_from }) => Ok(Step::Broken(Broken {
                other_from: Since::Epoch(other_from),
                ..Broken::new(breach, bytes)
            })),
            Err(NotTaken::Map(error)) => Err(map_failed(&error)),
        };
        (map, step)
    })
    .await
}

/// Runs `work` on a thread of its own, beside what else there is to do.
async fn beside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let done = tokio::task::spawn_blocking(work).await;
    // It is not cancelled: it panicked, which goes on here as it would without the thread.
    done.unwrap_or_else(|error| resume_unwind(error.into_panic()))
}

/// Checks an epoch, and takes it into the map. Returns the number of its events.
fn replay(
    map: &mut HistoryMap,
    epoch: &AnchoredEpoch,
    bytes: &[u8],
    events: Result<Vec<HashedEvent>, Breach>,
) -> Result<usize, NotTaken> {
    let header = &epoch.header;
    if let Some(key) = map.crowded(&audit::key_ids_in(bytes))? {
        return Err(Breach::key_ids(header.number, &key).into());
    }
    let events = events?;
    let by_key = EventsByKey::new(events.iter().map(|hashed| hashed.event.key_id));
    let followed = map.follow(by_key.keys(), |range, heads| {
        let keys = &by_key.keys()[range.clone()];
        audit::advance(&events[by_key.of(range)], heads, header.number, epoch.anchored_at_s).map_err(|breach| {
            NotTaken::Breach {
                other_from: first_epoch(&breach, keys, heads),
                breach,
            }
        })
    })?;
    audit::check_history_root(header, &followed.plan.root())?;
    // A crash before the commit repeats this epoch in the next run; a crash after it continues with the next epoch.
    map.commit(followed.plan, header.number, epoch.hash)?;
    Ok(events.len())
}

/// The first epoch that may hold the event that a breach contradicts: that of the key's head if it is the head itself.
fn first_epoch(breach: &Breach, keys: &[B256], heads: &[Option<Head>]) -> u64 {
    let head = |proof: &BreachProof| {
        let index = keys.binary_search(&proof.event.key_id).ok()?;
        let head = heads.get(index).copied().flatten()?;
        (proof.other == OtherEvent::Version(head.version)).then_some(head.epoch)
    };
    breach.proof.as_deref().and_then(head).unwrap_or(1)
}
