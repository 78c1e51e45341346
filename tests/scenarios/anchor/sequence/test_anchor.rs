//! The anchor of one merchant inside the test: a sequencer that can be stopped at a write, and the database, chain and
//! folder from which it continues.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use alloy::providers::ext::AnvilApi;
use alloy::signers::local::PrivateKeySigner;
use shelfproof::store;
use shelfproof_anchor::cut_policy::CutPolicy;
use shelfproof_anchor::history::History;
use shelfproof_anchor::sequence::{Bounds, IntentTerms, Round, Sequencer};
use shelfproof_anchor::step::{BrokenOff, Step, StepObserver};
use shelfproof_anchor::store::epochs::{epoch_get, epoch_progress};
use shelfproof_anchor::store::events::event_append;
use shelfproof_anchor::store::lock::{AnchorLock, lock_try, session_open};
use shelfproof_anchor::submit::{ReadBack, Signals, Submitter};
use shelfproof_anchor::tx::{Account, IntentLog, Sender};
use shelfproof_tests::anvil;
use shelfproof_tests::event_writer::{BEGIN_MS, EventWriter};
use shelfproof_tests::merchant_chain::{Merchant, MerchantChain, anchorer};
use shelfproof_tests::postgres::{Durability, Postgres};
use shelfproof_tests::{Result, sample_rows};
use shelfproof_verifier::B256;
use shelfproof_verifier::audit::LightEpoch;
use shelfproof_verifier::delta::delta_path;
use shelfproof_verifier::epoch;
use shelfproof_verifier::history::EMPTY;
use sqlx::PgConnection;
use sqlx::postgres::PgConnectOptions;
use tempfile::TempDir;

use super::failed::Failed;

/// The number of rounds after which an epoch must be final.
const ROUNDS_MAX: u32 = 30;

/// The time between two rounds. After it, a transaction that was sent and is in no block is sent again.
const ROUND_MS: u64 = 20_000;

const POLICY: CutPolicy = CutPolicy {
    every_ms: 0,
    events_max: 1 << 20,
    margin_ms: 0,
};

/// How a write goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing is written.
    Failed,
    /// It is written, but the answer is lost.
    FailedButPersisted,
    /// It is written, and then the program ends.
    KilledAfter,
}

/// Where the public reads the epochs' data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Public {
    /// In the folder that the anchor publishes.
    Folder,
    At(String),
    AsRegistered,
}

/// An epoch that became final.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finished {
    pub(crate) hash: B256,
    data: Vec<u8>,
}

/// The environment of an anchor, and the anchor while it runs.
pub(crate) struct TestAnchor {
    pub(crate) chain: MerchantChain,
    pub(crate) options: PgConnectOptions,
    pub(crate) bounds: Bounds,
    /// How far the clock advances between two rounds.
    pub(crate) round_ms: u64,
    pub(crate) public: Public,
    /// How often the submitter sent a transaction.
    pub(crate) sends: Arc<AtomicU64>,
    signer: PrivateKeySigner,
    events: EventWriter,
    now_ms: u64,
    broken: Arc<AtomicBool>,
    anchor: Option<Anchor>,
    folder: TempDir,
    _postgres: Postgres,
}

/// The two tasks of an anchor, which a test runs in turn.
struct Anchor {
    sequencer: Sequencer,
    submitter: Submitter,
    history: Arc<History>,
}

/// Fails once at a given write, and counts the transactions that are sent.
#[derive(Clone, Default)]
pub(crate) struct Breaker {
    pub(crate) at: Option<(Step, Fault)>,
    pub(crate) broken: Arc<AtomicBool>,
    pub(crate) sends: Arc<AtomicU64>,
}

impl Breaker {
    fn breaks(&self, step: Step, before: bool) -> std::result::Result<(), BrokenOff> {
        let is_here = self
            .at
            .is_some_and(|(at, fault)| at == step && before == (fault == Fault::Failed));
        if is_here && !self.broken.swap(true, Ordering::SeqCst) {
            return Err(BrokenOff(step));
        }
        Ok(())
    }
}

impl StepObserver for Breaker {
    fn before(&mut self, step: Step) -> std::result::Result<(), BrokenOff> {
        if step == Step::Send {
            self.sends.fetch_add(1, Ordering::SeqCst);
        }
        self.breaks(step, true)
    }

    fn after(&mut self, step: Step, _: Duration) -> std::result::Result<(), BrokenOff> {
        self.breaks(step, false)
    }
}

impl TestAnchor {
    /// On a chain that begins with the events, and makes a block for each transaction.
    pub(crate) async fn new() -> Result<Self> {
        Self::on_chain_since(BEGIN_MS / 1_000).await
    }

    /// On a chain whose first block has that time, Unix seconds.
    pub(crate) async fn on_chain_since(genesis_at_s: u64) -> Result<Self> {
        let settings = anvil::Settings {
            genesis_at_s: Some(genesis_at_s),
            block_time_s: None,
        };
        let postgres = Postgres::start(Durability::None)?;
        let database = postgres.database()?;
        let pool = sample_rows::connect(&postgres, &database)?;
        store::migrate(&pool).await?;
        pool.close().await;
        Ok(Self {
            chain: MerchantChain::start(settings, &Merchant::plain()?).await?,
            options: postgres.connection_url(&database).parse()?,
            bounds: Bounds {
                epochs: 8,
                events: 1_000,
            },
            round_ms: ROUND_MS,
            public: Public::Folder,
            sends: Arc::default(),
            signer: anchorer()?,
            events: EventWriter::default(),
            now_ms: BEGIN_MS,
            broken: Arc::default(),
            anchor: None,
            folder: tempfile::tempdir()?,
            _postgres: postgres,
        })
    }

    /// The anchor's folder.
    pub(crate) fn folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    /// The folder that it publishes.
    pub(crate) fn data(&self) -> String {
        self.folder.path().join("data").display().to_string()
    }

    /// Changes to another folder, as on another machine.
    pub(crate) fn move_out(&mut self) -> Result<()> {
        self.kill();
        self.folder = tempfile::tempdir()?;
        Ok(())
    }

    /// Changes the key that anchors.
    pub(crate) fn sign_as(&mut self, signer: PrivateKeySigner) {
        self.kill();
        self.signer = signer;
    }

    /// Writes the next event of each of those keys.
    pub(crate) async fn write(&mut self, keys: impl IntoIterator<Item = i64>) -> Result<()> {
        let mut connection = self.connect().await?;
        self.events.write(&mut connection, keys).await
    }

    /// Writes the next event of that key, with a wrong predecessor.
    pub(crate) async fn write_unlinked(&mut self, key: i64) -> Result<()> {
        let mut events = self.events.next([key])?;
        for event in &mut events {
            event.event.prev = B256::repeat_byte(9);
        }
        Ok(event_append(&mut self.connect().await?, &events).await?)
    }

    pub(crate) async fn connect(&self) -> Result<PgConnection> {
        Ok(session_open(&self.options).await?)
    }

    /// Cuts, signs and sends an epoch of the waiting events. No block includes the transaction, and the node drops it.
    pub(crate) async fn send_in_vain(&mut self) -> Result<()> {
        let provider = self.chain.provider()?;
        provider.anvil_set_auto_mine(false).await?;
        self.round().await?;
        self.round().await?;
        provider.anvil_drop_all_transactions().await?;
        Ok(provider.anvil_set_auto_mine(true).await?)
    }

    /// Ends the anchor.
    pub(crate) fn kill(&mut self) {
        self.anchor = None;
    }

    /// Runs one round, and starts the anchor first if it is not running.
    pub(crate) async fn round(&mut self) -> std::result::Result<Round, Failed> {
        self.start(None).await?;
        self.step().await
    }

    /// Runs a round of the sequencer alone, as if no node answered.
    pub(crate) async fn round_without_chain(&mut self) -> std::result::Result<Round, Failed> {
        self.start(None).await?;
        self.now_ms += self.round_ms;
        match &mut self.anchor {
            Some(anchor) => Ok(anchor.sequencer.round(self.now_ms).await?),
            None => Err(BrokenOff(Step::Cut).into()),
        }
    }

    /// Runs the submitter before and after the sequencer: first it reads the state of the chain, then it sends what was
    /// stored.
    async fn step(&mut self) -> std::result::Result<Round, Failed> {
        self.now_ms += self.round_ms;
        let Some(Anchor {
            sequencer, submitter, ..
        }) = &mut self.anchor
        else {
            return Err(BrokenOff(Step::Cut).into());
        };
        submitter.round(self.now_ms).await.map_err(Failed::Submit)?;
        let round = sequencer.round(self.now_ms).await?;
        submitter.round(self.now_ms).await.map_err(Failed::Submit)?;
        Ok(round)
    }

    async fn start(&mut self, at: Option<(Step, Fault)>) -> std::result::Result<(), Failed> {
        if self.anchor.is_some() {
            return Ok(());
        }
        let (sequencing, submitting) = (
            self.locked(AnchorLock::Sequencer).await?,
            self.locked(AnchorLock::Submitter).await?,
        );
        let identity = self.chain.identity;
        let history = Arc::new(History::open(self.folder.path(), identity.merchant_id)?);
        let source = self.chain.source().await.map_err(|_| BrokenOff(Step::Send))?;
        let observer = || {
            Box::new(Breaker {
                at,
                broken: Arc::clone(&self.broken),
                sends: Arc::clone(&self.sends),
            })
        };
        let signals = Arc::new(Signals::default());
        let account = Account::new(&source, self.signer.clone());
        let sender = Sender::new(account, IntentLog::Database(submitting), observer());
        let terms = IntentTerms {
            identity,
            sender: self.signer.address(),
            max_fee_wei: None,
        };
        let place = match &self.public {
            Public::Folder => Some(self.data()),
            Public::At(url) => Some(url.clone()),
            Public::AsRegistered => None,
        };
        let read_back = ReadBack::new(Arc::clone(&history), place);
        self.anchor = Some(Anchor {
            sequencer: Sequencer::new(
                sequencing,
                Arc::clone(&history),
                terms,
                POLICY,
                self.bounds,
                Arc::clone(&signals),
                observer(),
            ),
            submitter: Submitter::new(source, sender, signals, read_back),
            history,
        });
        Ok(())
    }

    /// Opens a session with that lock, once the server has noticed that the session before it ended.
    async fn locked(&self, lock: AnchorLock) -> std::result::Result<PgConnection, Failed> {
        let mut session = session_open(&self.options).await?;
        while !lock_try(&mut session, lock).await? {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok(session)
    }

    /// Runs rounds until the next epoch is final, with one failure where `fault` says.
    pub(crate) async fn finish(&mut self, fault: Option<(Step, Fault)>) -> Result<Finished> {
        self.kill();
        self.broken.store(false, Ordering::SeqCst);
        let mut connection = self.connect().await?;
        let number = epoch_progress(&mut connection).await?.finished + 1;
        for _ in 0..ROUNDS_MAX {
            self.start(fault).await?;
            match self.step().await {
                Err(error) if !error.is_broken_off() => return Err(error.into()),
                Err(_) if fault.is_some_and(|(_, fault)| fault == Fault::KilledAfter) => self.kill(),
                Ok(_) | Err(_) => {}
            }
            self.chain.finalise().await?;
            if epoch_progress(&mut connection).await?.finished >= number {
                self.start(None).await?;
                return self.finished(&mut connection, number).await;
            }
        }
        Err(format!("epoch {number} is not final after {ROUNDS_MAX} rounds").into())
    }

    /// Returns the epoch as database, folder and map hold it; they must agree.
    async fn finished(&self, connection: &mut PgConnection, number: u64) -> Result<Finished> {
        let epoch = epoch_get(connection, number).await?.ok_or("the epoch is gone")?;
        let roots = epoch.roots.ok_or("the epoch has no hash")?;
        let history = &self.anchor.as_ref().ok_or("no anchor")?.history;
        assert!(
            history.final_epoch().0 >= number,
            "the map stands at {:?}",
            history.final_epoch()
        );
        let data = fs::read(self.folder.path().join("data").join(epoch::data_path(number)))?;
        assert_eq!(epoch::data_hash(&data), roots.header.data_hash);
        let before = epoch_get(connection, number - 1).await?.and_then(|before| before.roots);
        let root_before = before.map_or(EMPTY, |before| before.header.history_root);
        let delta = fs::read(self.folder.path().join("data").join(delta_path(number)))?;
        let place = epoch.anchored.ok_or("the epoch has no block")?;
        LightEpoch::read(&roots.header, &data, 1)?.follow(&root_before, &delta, place.anchored_at_s)?;
        let logs = self.chain.epochs().await?;
        assert!(
            logs.iter()
                .any(|(block, log)| *block == place.block && log.epochHash == roots.hash)
        );
        Ok(Finished { hash: roots.hash, data })
    }

    pub(crate) fn was_broken_off(&self) -> bool {
        self.broken.load(Ordering::SeqCst)
    }

    /// Returns how many transactions the account that anchors has sent.
    pub(crate) async fn sent(&self) -> Result<u64> {
        self.chain.sent_by(self.signer.address()).await
    }
}
