//! The anchor as it runs: it waits for the lock, opens its history, answers proofs, and runs its two tasks, sequencer
//! and submitter.
//!
//! Each task has a session with a lock of its own, and both end together: where one session is lost, both are opened
//! again. A task does a round every `anchor.poll_ms`, and at once where the other one signals work. What fails is
//! reported and tried again.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use alloy::signers::local::PrivateKeySigner;
use secrecy::ExposeSecret;
use shelfproof_base::clock::now_ms;
use shelfproof_verifier::chain::rpc::RpcSource;
use sqlx::PgConnection;
use sqlx::postgres::PgConnectOptions;
use tokio::net::TcpListener;
use tokio::sync::{Notify, watch};
use tokio::time::sleep;

mod complete;
mod report;

use crate::config::Config;
use crate::cut_policy::CutPolicy;
use crate::fence::Fence;
use crate::history::{History, HistoryError};
use crate::http;
use crate::journal::Progress;
use crate::metrics;
use crate::sequence::{Bounds, IntentTerms, SequenceError, Sequencer};
use crate::status::Condition;
use crate::store::fence::fence_marks;
use crate::store::lock::{AnchorLock, lock_try, session_open};
use crate::store::merchant::{Merchant, merchant_get};
use crate::submit::{ReadBack, Signals, Submitter};
use crate::tx::{Account, IntentLog, Sender, TxError};
use report::{StatusReporter, StepTimer};

/// The program's name in `pg_stat_activity`.
const APPLICATION: &str = "shelfproof-anchor";

/// The longest pause after something that failed.
const PAUSE_MAX: Duration = Duration::from_secs(30);

const GWEI: u64 = 1_000_000_000;

/// Why an anchor does not run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The database's address is no address, or the database failed before anything began.
    #[error("the database: {0}")]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    History(#[from] HistoryError),
    #[error("the database holds another merchant's events: look at [chain] and database.url")]
    OtherMerchant,
    #[error("anchor.listen {address}: {cause}: choose another port, or end what listens there")]
    Listen { address: SocketAddr, cause: io::Error },
    #[error("answering proofs: {0}")]
    Serve(#[from] io::Error),
    #[error("metrics: {0}")]
    Metrics(String),
    #[error("a thread of this process failed: {0}")]
    Thread(#[from] tokio::task::JoinError),
}

/// Runs the anchor of `config` with the key of `signer` until `stop`. Calls `ready` with the address once proofs are
/// answered there, and `waiting` where another anchor has the lock and this one stands by.
///
/// # Errors
/// If it cannot begin. What fails later is reported in its status, and tried again.
pub async fn run(
    config: Config,
    signer: PrivateKeySigner,
    stop: impl Future<Output = ()> + Send + 'static,
    waiting: impl FnOnce(),
    ready: impl FnOnce(SocketAddr),
) -> Result<(), RunError> {
    let prometheus = metrics::start().map_err(|error| RunError::Metrics(error.to_string()))?;
    let (stopped, stopping) = watch::channel(false);
    tokio::spawn(async move {
        stop.await;
        // Whoever waited for it may be gone already.
        let _ = stopped.send(true);
    });
    if config.sale.journal.is_none() {
        tracing::warn!(
            "sale.journal is not set: stop this program before a backup is restored, since it may anchor an epoch that the \
             right backup lacks"
        );
    }
    let options = PgConnectOptions::from_str(config.database.url.expose_secret())?.application_name(APPLICATION);
    let Some(session) = take_turn(&options, &config, waiting, stopping.clone()).await? else {
        return Ok(());
    };
    let (folder, merchant_id) = (config.anchor.folder.clone(), config.chain.merchant_id);
    let history = tokio::task::spawn_blocking(move || History::open(&folder, merchant_id)).await??;
    let history = Arc::new(history);
    let address = config.anchor.listen;
    let in_listen = |cause| RunError::Listen { address, cause };
    let listener = TcpListener::bind(address).await.map_err(in_listen)?;
    ready(listener.local_addr().map_err(in_listen)?);

    let (reporter, status) = StatusReporter::new(signer.address(), &history);
    let mut until = stopping;
    let served = http::serve(
        Arc::clone(&history),
        config.chain.identity(),
        status,
        prometheus,
        listener,
        async move { drop(until.wait_for(|stopped| *stopped).await) },
    );
    let anchor = Anchor {
        config,
        options,
        signer,
        history,
        reporter,
    };
    tokio::select! {
        ended = served => Ok(ended?),
        // The tasks can be dropped at any point, and the next start continues. Only answers in flight are completed.
        failed = anchor.work(session) => Err(failed),
    }
}

/// A session that holds the lock; `None` where the program was stopped before.
async fn take_turn(
    options: &PgConnectOptions,
    config: &Config,
    waiting: impl FnOnce(),
    mut stopping: watch::Receiver<bool>,
) -> Result<Option<PgConnection>, RunError> {
    let poll = Duration::from_millis(config.anchor.poll_ms);
    let mut session = session_open(options).await?;
    if lock_try(&mut session, AnchorLock::Sequencer).await? {
        return Ok(Some(session));
    }
    waiting();
    loop {
        tokio::select! {
            () = sleep(poll) => {}
            _ = stopping.wait_for(|stopped| *stopped) => return Ok(None),
        }
        match lock_try(&mut session, AnchorLock::Sequencer).await {
            Ok(true) => return Ok(Some(session)),
            Ok(false) => {}
            // The database was restarted, perhaps: whoever works has lost its lock as well.
            Err(error) => {
                tracing::warn!(%error, "the database does not answer");
                if let Ok(again) = session_open(options).await {
                    session = again;
                }
            }
        }
    }
}

/// Why the tasks over one pair of sessions ended.
enum Ended {
    /// A session was lost, or holds what must not be built upon: the next pair goes on.
    Sessions(Condition, String),
    ForGood(RunError),
}

impl<E: Into<SequenceError>> From<E> for Ended {
    fn from(error: E) -> Self {
        let error = error.into();
        Self::Sessions(error.condition(), error.to_string())
    }
}

struct Anchor {
    config: Config,
    options: PgConnectOptions,
    signer: PrivateKeySigner,
    history: Arc<History>,
    reporter: StatusReporter,
}

impl Anchor {
    /// Runs the tasks over a pair of sessions, and over a new pair where one is lost, with a pause that grows. Ends
    /// only if the database is another merchant's, or if a write of the history map failed: what it left can be read
    /// only after a start.
    async fn work(self, session: PgConnection) -> RunError {
        let mut session = Some(session);
        let mut failures = 0;
        loop {
            match self.over_sessions(session.take(), &mut failures).await {
                Ok(never) => match never {},
                Err(Ended::ForGood(error)) => return error,
                Err(Ended::Sessions(condition, detail)) => self.reporter.sessions_ended(condition, detail),
            }
            failures += 1;
            sleep(self.pause(failures)).await;
        }
    }

    async fn over_sessions(&self, session: Option<PgConnection>, failures: &mut u32) -> Result<Infallible, Ended> {
        let mut session = match session {
            Some(session) => session,
            None => self.lock_again().await?,
        };
        let merchant = self.merchant(&mut session).await?;
        let marks = fence_marks(&mut session).await.map_err(SequenceError::from)?;
        if marks.transaction < marks.transaction_min {
            let counter = Fence::Counter {
                database: marks.transaction,
                stored: marks.transaction_min,
            };
            return Err(SequenceError::Counter(counter).into());
        }
        let compared = self.complete(&mut session).await?;
        let signals = Arc::new(Signals::default());
        let sequencer = self.sequencer(session, &signals);
        tokio::select! {
            ended = Box::pin(self.sequence(sequencer, compared, &signals, failures)) => ended,
            ended = Box::pin(self.submit(&merchant, &signals)) => ended,
        }
    }

    /// The rounds of the sequencer, until its session fails, or reaches a database that lacks what the journal has by
    /// now: nodes sell over another one then.
    async fn sequence(
        &self,
        mut sequencer: Sequencer,
        mut compared: Progress,
        signals: &Signals,
        failures: &mut u32,
    ) -> Result<Infallible, Ended> {
        loop {
            if let Err(error) = self.compare(sequencer.connection(), &mut compared).await {
                if error.condition() != Condition::JournalUnreadable {
                    return Err(error.into());
                }
                // The session keeps its lock, so that no stand-by that is told of no journal takes over.
                self.reporter.sequencer(error.condition(), error.to_string());
                self.reporter.store(sequencer.connection()).await;
                *failures += 1;
                sleep(self.pause(*failures)).await;
                continue;
            }
            let round = sequencer.round(now_ms()).await;
            match &round {
                Ok(round) => self.reporter.sequenced(round),
                Err(error) => self.reporter.sequencer(error.condition(), error.to_string()),
            }
            match round {
                Err(SequenceError::History(error @ HistoryError::Lost(_))) => return Err(Ended::ForGood(error.into())),
                Err(error) if error.condition() == Condition::DatabaseUnreachable => return Err(error.into()),
                Err(_) => {
                    self.reporter.store(sequencer.connection()).await;
                    *failures += 1;
                    sleep(self.pause(*failures)).await;
                }
                Ok(round) => {
                    self.reporter.store(sequencer.connection()).await;
                    *failures = 0;
                    if !round.again {
                        self.wait(&signals.outcome_stored).await;
                    }
                }
            }
        }
    }

    /// The rounds of the submitter, until its session fails.
    async fn submit(&self, merchant: &Merchant, signals: &Arc<Signals>) -> Result<Infallible, Ended> {
        let mut session = session_open(&self.options).await?;
        while !lock_try(&mut session, AnchorLock::Submitter).await? {
            // An anchor that just lost its other session still has it, and ends soon.
            self.reporter.submitter(Condition::Standby, String::new());
            sleep(self.poll()).await;
        }
        let mut failures = 0;
        let source = loop {
            match self.connect(merchant).await {
                Ok(source) => break source,
                Err(error) => self.reporter.submitter(error.condition(), error.to_string()),
            }
            failures += 1;
            sleep(self.pause(failures)).await;
        };
        let account = Account::new(&source, self.signer.clone());
        let sender = Sender::new(account, IntentLog::Database(session), Box::new(StepTimer));
        let place = self.config.anchor.read_back_url.as_ref();
        let place = place.map(|place| place.expose_secret().to_owned());
        let read_back = ReadBack::new(Arc::clone(&self.history), place);
        let mut submitter = Submitter::new(source, sender, Arc::clone(signals), read_back);
        loop {
            match submitter.round(now_ms()).await {
                Ok(is_slow) => {
                    failures = 0;
                    self.reporter.submitted(is_slow);
                    self.wait(&signals.intent_stored).await;
                }
                Err(error) => {
                    let (condition, detail) = (error.condition(), error.to_string());
                    if condition == Condition::DatabaseUnreachable {
                        return Err(Ended::Sessions(condition, detail));
                    }
                    self.reporter.submitter(condition, detail);
                    failures += 1;
                    sleep(self.pause(failures)).await;
                }
            }
        }
    }

    fn sequencer(&self, session: PgConnection, signals: &Arc<Signals>) -> Sequencer {
        let anchor = &self.config.anchor;
        let terms = IntentTerms {
            identity: self.config.chain.identity(),
            sender: self.signer.address(),
            max_fee_wei: Some(anchor.max_fee_gwei.saturating_mul(GWEI)),
        };
        let policy = CutPolicy {
            every_ms: anchor.every_s * 1_000,
            events_max: anchor.events_max,
            margin_ms: anchor.margin_s * 1_000,
        };
        let bounds = Bounds {
            epochs: anchor.pending_epochs_max,
            events: anchor.pending_events_max,
        };
        let (history, signals) = (Arc::clone(&self.history), Arc::clone(signals));
        Sequencer::new(session, history, terms, policy, bounds, signals, Box::new(StepTimer))
    }

    /// A new session with the lock, after the old one was lost. Where another anchor has it now, this one stands by.
    async fn lock_again(&self) -> Result<PgConnection, SequenceError> {
        let mut session = session_open(&self.options).await?;
        while !lock_try(&mut session, AnchorLock::Sequencer).await? {
            self.reporter.sequencer(Condition::Standby, String::new());
            sleep(self.poll()).await;
        }
        Ok(session)
    }

    /// The merchant of the database, which must be the configured one: nothing of another's may reach the chain.
    async fn merchant(&self, session: &mut PgConnection) -> Result<Merchant, Ended> {
        loop {
            match merchant_get(&mut *session).await.map_err(SequenceError::from)? {
                Some(merchant) if merchant.identity == self.config.chain.identity() => return Ok(merchant),
                Some(_) => return Err(Ended::ForGood(RunError::OtherMerchant)),
                None => {
                    let detail = "no shop was opened on this database yet: start `shelfproof serve`";
                    self.reporter.sequencer(Condition::Starting, detail.to_owned());
                    sleep(self.poll()).await;
                }
            }
        }
    }

    /// Connects to the node, which must serve the right chain with a registry that holds this shop's VRF key. A node
    /// that is down ends nothing: what is final can be proved without it.
    async fn connect(&self, merchant: &Merchant) -> Result<RpcSource, TxError> {
        let source = self.config.chain.source().await?;
        let held = source.vrf_public_key().await?;
        if held == merchant.vrf_public_key {
            return Ok(source);
        }
        Err(TxError::OtherVrfKey {
            held,
            ours: merchant.vrf_public_key,
        })
    }

    /// Until the next round is due, or the other task signals work.
    async fn wait(&self, signal: &Notify) {
        tokio::select! {
            () = sleep(self.poll()) => {}
            () = signal.notified() => {}
        }
    }

    fn poll(&self) -> Duration {
        Duration::from_millis(self.config.anchor.poll_ms)
    }

    /// Twice as long after each failure, up to a bound.
    fn pause(&self, failures: u32) -> Duration {
        self.poll().saturating_mul(1 << failures.min(16)).min(PAUSE_MAX)
    }
}
