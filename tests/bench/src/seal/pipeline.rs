//! The parts of an anchor, over a durable database and a chain that mines immediately.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use shelfproof::store;
use shelfproof_anchor::cut_policy::CutPolicy;
use shelfproof_anchor::history::History;
use shelfproof_anchor::sequence::{Bounds, IntentTerms, Sequencer};
use shelfproof_anchor::store::epochs::{epoch_events, epoch_get, epoch_progress};
use shelfproof_anchor::store::events::{NewEvent, event_append};
use shelfproof_anchor::store::lock::session_open;
use shelfproof_anchor::submit::{ReadBack, Signals, Submitter};
use shelfproof_anchor::tx::{Account, IntentLog, Sender};
use shelfproof_verifier::B256;
use shelfproof_verifier::chain::rpc::RpcSource;
use sqlx::PgConnection;

use super::super::shop::disk;
use super::timeline::Timeline;
use shelfproof_tests::anvil;
use shelfproof_tests::event_writer::BEGIN_MS;
use shelfproof_tests::merchant_chain::{Merchant, MerchantChain, anchorer};
use shelfproof_tests::postgres::{Durability, Postgres};
use shelfproof_tests::{Result, sample_rows};

/// The number of events in a transaction: that of a batch of sales.
pub(super) const SALES: usize = 30;

/// The number of events in a transaction that is not measured.
const MANY: usize = 10_000;

/// How often the newest block is read.
const POLL: Duration = Duration::from_millis(1);

/// Cuts an epoch as soon as an event waits.
const POLICY: CutPolicy = CutPolicy {
    every_ms: 0,
    events_max: 1 << 20,
    margin_ms: 0,
};

/// The defaults of the section `[anchor]`.
const BOUNDS: Bounds = Bounds {
    epochs: 64,
    events: 1_000_000,
};

/// Writes events, and takes them through the anchor's steps onto the chain.
pub(super) struct Pipeline {
    // Dropped in this order: the sessions before the database, and both before the chain.
    sequencer: Sequencer,
    submitter: Submitter,
    session: PgConnection,
    postgres: Postgres,
    database: String,
    newest: RpcSource,
    chain: MerchantChain,
}

impl Pipeline {
    /// Builds the pipeline with its cluster on the disk and the history below `folder`; `timeline` observes every
    /// write.
    pub(super) async fn build(folder: &Path, timeline: &Timeline) -> Result<Self> {
        let postgres = Postgres::start_below(&disk(), Durability::Fsync)?;
        let database = postgres.database()?;
        let pool = sample_rows::connect(&postgres, &database)?;
        store::migrate(&pool).await?;
        pool.close().await;
        let options = postgres.connection_url(&database).parse()?;
        // The chain begins with the events, whatever the time is: none may be later than its block.
        let settings = anvil::Settings {
            genesis_at_s: Some(BEGIN_MS / 1_000),
            block_time_s: None,
        };
        let chain = MerchantChain::start(settings, &Merchant::plain()?).await?;
        let history = Arc::new(History::open(&folder.join("anchor"), chain.identity.merchant_id)?);
        let (source, signals) = (chain.source().await?, Arc::new(Signals::default()));
        let account = Account::new(&source, anchorer()?);
        let terms = IntentTerms {
            identity: chain.identity,
            sender: account.address(),
            max_fee_wei: None,
        };
        let log = IntentLog::Database(session_open(&options).await?);
        let sender = Sender::new(account, log, Box::new(timeline.clone()));
        let data = folder.join("anchor/data").display().to_string();
        let read_back = ReadBack::new(Arc::clone(&history), Some(data));
        Ok(Self {
            sequencer: Sequencer::new(
                session_open(&options).await?,
                history,
                terms,
                POLICY,
                BOUNDS,
                Arc::clone(&signals),
                Box::new(timeline.clone()),
            ),
            submitter: Submitter::new(source, sender, signals, read_back),
            session: session_open(&options).await?,
            postgres,
            database,
            newest: chain.source().await?,
            chain,
        })
    }

    /// Writes the events of the keys that exist before the measurement, and analyses the tables as autovacuum would.
    pub(super) async fn load(&mut self, events: &[NewEvent]) -> Result<()> {
        self.append(events, MANY).await?;
        self.postgres
            .psql(&self.database, "VACUUM (ANALYZE) attest.events")
            .map(drop)
    }

    /// Writes events in transactions of the size that sales have.
    pub(super) async fn write(&mut self, events: &[NewEvent]) -> Result<()> {
        self.append(events, SALES).await
    }

    async fn append(&mut self, events: &[NewEvent], each: usize) -> Result<()> {
        for events in events.chunks(each) {
            event_append(&mut self.session, events).await?;
        }
        // Writes the rows to the disk before the measurement instead of during it.
        self.postgres.psql(&self.database, "CHECKPOINT").map(drop)
    }

    /// Makes an epoch of all waiting events, and waits until the newest block contains it.
    pub(super) async fn post(&mut self) -> Result<()> {
        self.submitter.round(BEGIN_MS).await?;
        while self.sequencer.round(BEGIN_MS).await?.again {}
        self.submitter.round(BEGIN_MS).await?;
        let number = epoch_progress(&mut self.session).await?.newest;
        while self.newest.newest_epoch().await?.0 < number {
            tokio::time::sleep(POLL).await;
        }
        Ok(())
    }

    /// Makes that epoch final, and checks that it led to that root of the history map. Returns the seconds that this
    /// took.
    pub(super) async fn finish(&mut self, root: B256) -> Result<f64> {
        self.chain.finalise().await?;
        let start = Instant::now();
        self.submitter.round(BEGIN_MS).await?;
        self.sequencer.round(BEGIN_MS).await?;
        let took_s = start.elapsed().as_secs_f64();
        let progress = epoch_progress(&mut self.session).await?;
        let epoch = epoch_get(&mut self.session, progress.finished).await?;
        let roots = epoch.and_then(|epoch| epoch.roots).ok_or("no epoch is final")?;
        if progress.finished == progress.newest && roots.header.history_root == root {
            Ok(took_s)
        } else {
            Err(format!(
                "epoch {} is not final, or came to another root than the map",
                progress.newest
            )
            .into())
        }
    }

    /// Reads the rows of the last epoch again, and returns the seconds that this took.
    pub(super) async fn read_again(&mut self) -> Result<f64> {
        let number = epoch_progress(&mut self.session).await?.newest;
        let start = Instant::now();
        epoch_events(&mut self.session, number).await?;
        Ok(start.elapsed().as_secs_f64())
    }
}
