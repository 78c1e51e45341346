//! The baselines of the history map.

use std::path::Path;
use std::time::Instant;

use nomt::hasher::Sha2Hasher;
use nomt::{IoUringPermission, KeyReadWrite, Nomt, Options, SessionParams};
use shelfproof_verifier::B256;

use super::super::idle::wait_until_idle;
use super::super::map::{Updates, rate};
use super::UPDATES;
use shelfproof_tests::Result;

/// `nomt` where the kernel allows it, otherwise leaves without a tree.
pub(super) enum Baseline {
    /// A trie with the same roots as ours.
    Nomt(Box<Nomt<Sha2Hasher>>),
    /// Leaves written one by one, without a root.
    Leaves(fjall::Database, fjall::Keyspace),
}

impl Baseline {
    pub(super) fn open(dir: &Path, keys: u64) -> Result<Self> {
        if !matches!(nomt::check_iou_permissions(), IoUringPermission::Allowed) {
            let database = fjall::Database::builder(dir)
                .manual_journal_persist(true)
                // As ours: of several workers one spins.
                .worker_threads(1)
                .open()?;
            let leaves = database.keyspace("leaves", fjall::KeyspaceCreateOptions::default)?;
            return Ok(Self::Leaves(database, leaves));
        }
        let mut options = Options::new();
        options.path(dir);
        options.commit_concurrency(2);
        // A page of the trie holds six levels. That is about 0.2 pages per key at this size, in a table that is at most
        // half full.
        options.hashtable_buckets(u32::try_from(keys / 2)?);
        options.page_cache_size(1024);
        options.leaf_cache_size(512);
        options.page_cache_upper_levels(2);
        options.prepopulate_page_cache(true);
        Ok(Self::Nomt(Box::new(Nomt::open(options)?)))
    }

    pub(super) fn write(&mut self, updates: &Updates) -> Result<()> {
        match self {
            Self::Nomt(nomt) => {
                let value = |head: &shelfproof_verifier::history::Head| {
                    KeyReadWrite::Write(Some([&head.version.to_be_bytes()[..], head.hash.as_slice()].concat()))
                };
                let session = nomt.begin_session(SessionParams::default());
                let writes = updates.iter().map(|(key, head)| (key.0, value(head))).collect();
                session.finish(writes)?.commit(nomt)?;
            }
            Self::Leaves(database, leaves) => {
                let mut batch = database.batch().durability(Some(fjall::PersistMode::SyncAll));
                for (key, head) in updates {
                    let value = [&head.version.to_be_bytes()[..], head.hash.as_slice()].concat();
                    batch.insert(leaves, key.as_slice(), value);
                }
                batch.commit()?;
            }
        }
        Ok(())
    }

    /// Returns the updates per second.
    pub(super) fn timed(&mut self, updates: &Updates) -> Result<f64> {
        wait_until_idle()?;
        let start = Instant::now();
        self.write(updates)?;
        Ok(rate(updates.len(), start))
    }

    /// Checks that the baseline computed the same root as our map, if it computes one.
    pub(super) fn agrees_with(&self, root: B256) -> Result<()> {
        match self {
            Self::Nomt(nomt) if nomt.root().into_inner() != root.0 => Err("nomt came to another root".into()),
            _ => Ok(()),
        }
    }

    /// Describes the settings that the figures depend on.
    pub(super) fn settings(&self) -> String {
        match self {
            Self::Nomt(_) => format!(
                "{UPDATES} updates, 80 % to existing keys, their heads found; baseline nomt 1.0.5, SHA-256, 2 commit workers, page cache 1 GiB"
            ),
            Self::Leaves(..) => {
                format!(
                    "{UPDATES} updates, 80 % to existing keys, their heads found; baseline fjall 3, the leaves alone, without a root"
                )
            }
        }
    }
}
