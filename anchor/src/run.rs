//! The anchor as it runs: it waits for its turn, opens its history, answers proofs, and does round after round.

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
use tokio::sync::watch;
use tokio::time::sleep;

mod report;

use crate::config::Config;
use crate::cut_policy::CutPolicy;
use crate::fence::Fence;
use crate::history::{History, HistoryError};
use crate::http;
use crate::metrics;
use crate::sequence::{Bounds, SequenceError, Sequencer};
use crate::status::Condition;
use crate::store::fence::fence_marks;
use crate::store::lock::{lock_try, session_open};
use crate::store::merchant::{Merchant, merchant_get};
use crate::tx::{Sender, TxError};
use report::{StatusReporter, StepTimer};

/// What `pg_stat_activity` calls this program.
const APPLICATION: &str = "shelfproof-anchor";

/// The longest pause after something that failed.
const PAUSE_MAX: Duration = Duration::from_secs(30);

/// Why an anchor does not run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The database's address is none, or the database failed before anything began.
    #[error("the database: {0}")]
    Database(#[from] sqlx::Error),
    /// The folder.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// The database is another merchant's.
    #[error("the database holds another merchant's events: look at [chain] and database.url")]
    OtherMerchant,
    /// The address to listen on.
    #[error("anchor.listen {address}: {cause}: choose another port, or end what listens there")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The system's words.
        cause: io::Error,
    },
    /// The listener failed.
    #[error("answering proofs: {0}")]
    Serve(#[from] io::Error),
    /// Metrics.
    #[error("metrics: {0}")]
    Metrics(String),
    /// A thread of this process failed.
    #[error("a thread of this process failed: {0}")]
    Thread(#[from] tokio::task::JoinError),
}

/// Runs the anchor of `config` with the key of `signer` until `stop`. `ready` is told where proofs are answered, once they are;
/// `waiting`, that another anchor works and this one stands by.
///
/// # Errors
/// Where it cannot begin. What fails later is told by its status, and tried again.
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
        // Killed at any line it leaves what the next one goes on from: stopped, only the answers in flight are brought to an end.
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
    if lock_try(&mut session).await? {
        return Ok(Some(session));
    }
    waiting();
    loop {
        tokio::select! {
            () = sleep(poll) => {}
            _ = stopping.wait_for(|stopped| *stopped) => return Ok(None),
        }
        match lock_try(&mut session).await {
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

/// Why the rounds over one session ended.
enum Ended {
    /// The session was lost: the next one goes on.
    WithSession(SequenceError),
    /// Nothing can go on.
    ForGood(RunError),
}

impl<E: Into<SequenceError>> From<E> for Ended {
    fn from(error: E) -> Self {
        Self::WithSession(error.into())
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
    /// Rounds without end; what fails is told, and tried again after a pause that grows. Only another merchant's database ends
    /// it, and a history map whose write failed: where that stands, the next start reads from the map itself.
    async fn work(mut self, session: PgConnection) -> RunError {
        let mut session = Some(session);
        let mut failures = 0;
        loop {
            let failed = match self.sessions_rounds(session.take(), &mut failures).await {
                Ok(never) => match never {},
                Err(Ended::ForGood(error)) => return error,
                Err(Ended::WithSession(error)) => error,
            };
            self.reporter.report_failure(&failed, None).await;
            failures += 1;
            sleep(self.pause(failures)).await;
        }
    }

    /// Rounds over one session, until the database fails.
    async fn sessions_rounds(
        &mut self,
        session: Option<PgConnection>,
        failures: &mut u32,
    ) -> Result<Infallible, Ended> {
        let session = match session {
            Some(session) => session,
            None => self.lock_again().await?,
        };
        let mut sequencer = self.sequencer(session).await?;
        loop {
            match sequencer.round(now_ms()).await {
                Ok(round) => {
                    *failures = 0;
                    self.reporter.report_round(&round, sequencer.connection()).await;
                    if !round.again {
                        sleep(self.poll()).await;
                    }
                }
                Err(SequenceError::History(error @ HistoryError::Lost(_))) => return Err(Ended::ForGood(error.into())),
                Err(error) if error.condition() == Condition::DatabaseUnreachable => return Err(error.into()),
                Err(error) => {
                    self.reporter.report_failure(&error, Some(sequencer.connection())).await;
                    *failures += 1;
                    sleep(self.pause(*failures)).await;
                }
            }
        }
    }

    /// A new session with the lock, after the old one was lost. Where another anchor has it now, this one stands by.
    async fn lock_again(&mut self) -> Result<PgConnection, SequenceError> {
        let mut session = session_open(&self.options).await?;
        while !lock_try(&mut session).await? {
            self.reporter.report(Condition::Standby, String::new());
            sleep(self.poll()).await;
        }
        Ok(session)
    }

    /// The node is connected to here, and not at the start: one that is down keeps nobody from proving what is final.
    async fn sequencer(&mut self, mut session: PgConnection) -> Result<Sequencer, Ended> {
        let merchant = self.merchant(&mut session).await?;
        let marks = fence_marks(&mut session).await.map_err(SequenceError::from)?;
        if marks.transaction < marks.transaction_min {
            let counter = Fence::Counter {
                database: marks.transaction,
                stored: marks.transaction_min,
            };
            return Err(SequenceError::Counter(counter).into());
        }
        let mut failures = 0;
        let source = loop {
            match self.connect(&merchant).await {
                Ok(source) => break source,
                Err(error) => {
                    let failed = SequenceError::Tx(error);
                    self.reporter.report_failure(&failed, Some(&mut session)).await;
                    failures += 1;
                    sleep(self.pause(failures)).await;
                }
            }
        };
        let anchor = &self.config.anchor;
        let sender = Sender::new(source, self.signer.clone(), Some(anchor.max_fee_gwei));
        let policy = CutPolicy {
            every_ms: anchor.every_s * 1_000,
            events_max: anchor.events_max,
            margin_ms: anchor.margin_s * 1_000,
        };
        let bounds = Bounds {
            epochs: anchor.pending_epochs_max,
            events: anchor.pending_events_max,
        };
        let (sender, history) = (Arc::new(sender), Arc::clone(&self.history));
        Ok(Sequencer::new(
            session,
            sender,
            history,
            policy,
            bounds,
            Box::new(StepTimer),
        ))
    }

    /// Whose events the database holds: the configured merchant's, or nothing of it may reach the chain.
    async fn merchant(&mut self, session: &mut PgConnection) -> Result<Merchant, Ended> {
        loop {
            match merchant_get(&mut *session).await.map_err(SequenceError::from)? {
                Some(merchant) if merchant.identity == self.config.chain.identity() => return Ok(merchant),
                Some(_) => return Err(Ended::ForGood(RunError::OtherMerchant)),
                None => {
                    let detail = "no shop was opened on this database yet: start `shelfproof serve`";
                    self.reporter.report(Condition::Starting, detail.to_owned());
                    sleep(self.poll()).await;
                }
            }
        }
    }

    /// A node of the right chain, whose registry holds this shop's VRF key.
    async fn connect(&self, merchant: &Merchant) -> Result<RpcSource, TxError> {
        let source = self.config.chain.source().await?;
        let held = source.vrf_public_key(&source.final_block().await?).await?;
        if held == merchant.vrf_public_key {
            return Ok(source);
        }
        Err(TxError::OtherVrfKey {
            held,
            ours: merchant.vrf_public_key,
        })
    }

    fn poll(&self) -> Duration {
        Duration::from_millis(self.config.anchor.poll_ms)
    }

    /// Twice as long after each failure, up to a bound.
    fn pause(&self, failures: u32) -> Duration {
        self.poll().saturating_mul(1 << failures.min(16)).min(PAUSE_MAX)
    }
}
