//! The prover: `shelfproof-anchor run`, or a mirror's `follow`, asked over HTTP.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use alloy_primitives::B256;
use moka::future::Cache;
use serde_json::value::RawValue;
use shelfproof_anchor::history::Proven;
use shelfproof_anchor::status::Status;
use shelfproof_base::client::{Bounds, Client, HttpError, Reach};
use shelfproof_base::web::parse_url;
use shelfproof_verifier::Refusal;
use shelfproof_verifier::bundle::MAX_BYTES;
use shelfproof_verifier::chain::Identity;

/// How long a status is given again.
const STATUS_TTL: Duration = Duration::from_secs(1);

/// How long an answer may take.
const ANSWER_BOUND: Duration = Duration::from_secs(30);

/// The longest status.
const STATUS_MAX_BYTES: usize = 64 << 10;

/// How much memory whole proofs may take that are given again; one is some 10 kB.
const PROOFS_MAX_BYTES: u64 = 32 << 20;

/// Why there is no proof.
#[derive(Debug, thiserror::Error)]
pub enum ProverError {
    /// It does not answer, or with an error.
    #[error("the prover: {0}")]
    Http(#[from] HttpError),
    /// Its answer is not of the form that it should have.
    #[error("the prover's answer cannot be read: {0}")]
    Json(serde_json::Error),
    /// What it tells of a key is not of the form that it should have.
    #[error("the prover's history cannot be read: {0}")]
    History(Refusal),
    /// It proves another merchant's history.
    #[error("the prover tells of another merchant: look at proofs.prover")]
    OtherMerchant,
    /// What it proves is not what the database holds.
    #[error("the prover tells another history of key {0} than the database: one of the two is not this shop's, or old")]
    Differs(B256),
}

/// A prover, and what it told lately.
pub struct Prover {
    client: Client,
    address: String,
    status: Cache<(), Arc<Status>>,
    proofs: Cache<(B256, u64), Arc<RawValue>>,
}

impl Prover {
    /// The prover at that address. It is not asked yet.
    ///
    /// # Errors
    /// Where that is no address, or no client can be made.
    pub fn new(address: &str) -> Result<Self, HttpError> {
        let weigh = |_: &_, file: &Arc<RawValue>| u32::try_from(file.get().len()).unwrap_or(u32::MAX);
        Ok(Self {
            client: Client::new(&parse_url(address)?, Reach::Any, 0)?,
            address: address.trim_end_matches('/').to_owned(),
            status: Cache::builder().max_capacity(1).time_to_live(STATUS_TTL).build(),
            proofs: Cache::builder().weigher(weigh).max_capacity(PROOFS_MAX_BYTES).build(),
        })
    }

    /// Where the history stands, as it was at most [`STATUS_TTL`] ago.
    pub(super) async fn status(&self) -> Result<Arc<Status>, ProverError> {
        if let Some(status) = self.status.get(&()).await {
            return Ok(status);
        }
        let answer = self.get("status", STATUS_MAX_BYTES).await?;
        let status = Arc::new(serde_json::from_slice::<Status>(&answer).map_err(ProverError::Json)?);
        self.status.insert((), Arc::clone(&status)).await;
        Ok(status)
    }

    /// A key's history, and whose.
    pub(super) async fn history(&self, key_id: &B256) -> Result<(Identity, Proven), ProverError> {
        let answer = self.get(&format!("keys/{key_id}"), MAX_BYTES).await?;
        Proven::parse(&answer).map_err(ProverError::History)
    }

    /// The key's whole proof against that epoch, if it was made lately: it is always the same.
    pub(super) async fn known(&self, key_id: B256, epoch: u64) -> Option<Arc<RawValue>> {
        self.proofs.get(&(key_id, epoch)).await
    }

    /// Keeps the key's whole proof against that epoch, to be given again.
    pub(super) async fn keep(&self, key_id: B256, epoch: u64, file: Arc<RawValue>) {
        self.proofs.insert((key_id, epoch), file).await;
    }

    async fn get(&self, path: &str, max_bytes: usize) -> Result<Vec<u8>, HttpError> {
        let url = parse_url(&format!("{}/v1/{path}", self.address))?;
        let bounds = Bounds {
            bytes: max_bytes,
            time: ANSWER_BOUND,
        };
        self.client.get(url, bounds).await
    }
}

/// Without its address, which may hold a password.
impl fmt::Debug for Prover {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Prover").finish_non_exhaustive()
    }
}
