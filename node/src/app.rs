//! The composition root: makes the parts of a shop from a configuration.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use secrecy::ExposeSecret;
use shelfproof_anchor::config::Database;
use shelfproof_anchor::store::merchant::{Merchant, merchant_bind, merchant_get};
use shelfproof_base::client::HttpError;
use shelfproof_base::clock::now_ms;
use shelfproof_base::config::read_secret;
use sqlx::PgPool;

use crate::checkout::{Gateways, OpenGatewaysError};
use crate::config::Config;
use crate::domain::clock::MAX_DRIFT_MS;
use crate::fence::FenceState;
use crate::flow::prove::Prover;
use crate::journal::Journal;
use crate::sale::{OrderQueue, Workers};
use crate::store::server::server_get;
use crate::store::{self, StoreError};
use crate::vault::{Vault, VaultError};

/// The oldest PostgreSQL that the schema works on, as `server_version_num`.
const OLDEST_SERVER: i32 = 150_000;

/// The parts of a shop that is served.
#[derive(Debug)]
pub struct App {
    pub pool: PgPool,
    pub vault: Arc<Vault>,
    pub orders: OrderQueue,
    /// The accounts at payment gateways.
    pub gateways: Gateways,
    /// The prover, if one is configured.
    pub prover: Option<Prover>,
    pub fence: Arc<FenceState>,
    pub config: Config,
}

/// Why a shop cannot open.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// A file that holds a secret cannot be read.
    #[error("keys.passphrase_file: {0}")]
    Passphrase(String),
    /// The database has another schema.
    #[error("the database does not have this program's schema. Run: shelfproof migrate")]
    NotMigrated,
    /// The database belongs to another merchant.
    #[error(
        "the database belongs to another merchant: chain, registry, merchant id and VRF key must be those of its first \
         start. Look at [chain], keys.folder and database.url"
    )]
    OtherMerchant,
    /// The server is too old.
    #[error("PostgreSQL 15 or newer is needed; this is {0}")]
    OldServer(i32),
    /// The database is not in UTF-8.
    #[error("the database's encoding is {0}, and must be UTF8. Create it anew with ENCODING 'UTF8'")]
    Encoding(String),
    /// An account at a gateway cannot be used.
    #[error(transparent)]
    Gateways(#[from] OpenGatewaysError),
    /// The prover cannot be asked.
    #[error("proofs.prover: {0}")]
    Prover(#[from] HttpError),
    /// The receipt journal cannot be written.
    #[error(
        "sale.journal {}: {cause}. It must be a folder in which this program may write: mount the disk that has it, or \
         create it",
        folder.display()
    )]
    Journal { folder: PathBuf, cause: io::Error },
    /// The clocks disagree.
    #[error("this machine's clock and the database's are {0} ms apart; at most {MAX_DRIFT_MS}. Set the clocks (NTP)")]
    Clock(u64),
}

/// Opens the vault that `config` names. Slow on purpose: the passphrase is stretched.
///
/// # Errors
/// Where a key file is missing, damaged or of another passphrase.
pub async fn open_vault(config: &Config) -> Result<Vault, AppError> {
    let passphrase =
        read_secret(&config.keys.passphrase_file).map_err(|error| AppError::Passphrase(error.to_string()))?;
    let identity = config.chain.identity();
    let folder = config.keys.folder.clone();
    let opened = tokio::task::spawn_blocking(move || Vault::open(&folder, &passphrase, identity)).await;
    Ok(opened.map_err(|error| AppError::Passphrase(error.to_string()))??)
}

/// A connection to the configured database, whatever its schema.
///
/// # Errors
/// Where the address is invalid. No connection is opened yet.
pub fn open_unmigrated(database: &Database) -> Result<PgPool, AppError> {
    Ok(store::pool(store::options(database.url.expose_secret())?, 1))
}

/// A pool on the configured database, which must have this program's schema and be the configured merchant's.
///
/// # Errors
/// Where it cannot be reached, has another schema, or is bound to another merchant.
pub async fn open_pool(config: &Config) -> Result<PgPool, AppError> {
    let options = store::options(config.database.url.expose_secret())?;
    let pool = store::pool(options, config.database.pool_size);
    check_database(&pool, config).await?;
    Ok(pool)
}

/// Checks that the database has this program's schema and is the configured merchant's.
async fn check_database(pool: &PgPool, config: &Config) -> Result<(), AppError> {
    if !store::is_migrated(pool).await? {
        return Err(AppError::NotMigrated);
    }
    check_merchant(pool, config).await
}

/// Checks that the database is the configured merchant's, or not bound to a merchant yet.
///
/// # Errors
/// Where it is another merchant's.
pub async fn check_merchant(pool: &PgPool, config: &Config) -> Result<(), AppError> {
    let bound = merchant_get(pool).await.map_err(StoreError::from)?;
    if bound.is_some_and(|merchant| merchant.identity != config.chain.identity()) {
        return Err(AppError::OtherMerchant);
    }
    Ok(())
}

/// The database and the vault of one merchant, on a server that a shop can use. A database is bound to its merchant at
/// the first use.
///
/// # Errors
/// Where one of them cannot be opened, or they belong to two merchants.
pub async fn open_shop(config: &Config) -> Result<(PgPool, Arc<Vault>), AppError> {
    let pool = open_pool(config).await?;
    let vault = open_bound(&pool, config).await?;
    Ok((pool, vault))
}

/// The vault of the merchant that the database is, or becomes, bound to.
async fn open_bound(pool: &PgPool, config: &Config) -> Result<Arc<Vault>, AppError> {
    let vault = Arc::new(open_vault(config).await?);
    check_server(pool).await?;
    let merchant = Merchant {
        identity: *vault.identity(),
        vrf_public_key: vault.vrf_public_key(),
    };
    if !merchant_bind(pool, &merchant).await.map_err(StoreError::from)? {
        return Err(AppError::OtherMerchant);
    }
    Ok(vault)
}

impl App {
    /// Opens the shop and starts selling. The workers end when the shop is dropped and its queue is empty.
    ///
    /// # Errors
    /// The text says what to do.
    pub async fn open(config: Config) -> Result<(Self, Workers), AppError> {
        let options = store::options(config.database.url.expose_secret())?;
        let fence = Arc::new(FenceState::new(
            &config.chain,
            config.sale.chain_apart_max_s,
            open_journal(&config)?,
        ));
        let watched = Arc::clone(&fence);
        let opened = move |instance| watched.reached(instance);
        let pool = store::pool_watched(options.clone(), config.database.pool_size, opened);
        check_database(&pool, &config).await?;
        let vault = open_bound(&pool, &config).await?;
        let public_url = config.checkout.public_url.as_deref();
        let gateways = Gateways::open(&pool, &config.gateways.0, public_url).await?;
        let (orders, workers) = OrderQueue::start(
            &options,
            pool.clone(),
            Arc::clone(&vault),
            &config.sale,
            &config.checkout,
            now_ms,
            &fence,
        );
        let prover = config.proofs.prover.as_ref();
        let prover = prover.map(|prover| Prover::new(prover.expose_secret())).transpose()?;
        let app = Self {
            pool,
            vault,
            orders,
            gateways,
            prover,
            fence,
            config,
        };
        Ok((app, workers))
    }
}

/// The receipt journal, where one is configured.
fn open_journal(config: &Config) -> Result<Option<Arc<Journal>>, AppError> {
    let Some(folder) = &config.sale.journal else {
        return Ok(None);
    };
    let opened = Journal::open(folder, config.chain.merchant_id, now_ms);
    opened.map(Some).map_err(|cause| AppError::Journal {
        folder: folder.clone(),
        cause,
    })
}

/// Checks that the server is one that a shop can use.
///
/// # Errors
/// The text says what must change.
pub async fn check_server(pool: &PgPool) -> Result<(), AppError> {
    let server = server_get(pool).await?;
    if server.version < OLDEST_SERVER {
        return Err(AppError::OldServer(server.version));
    }
    if server.encoding != "UTF8" {
        return Err(AppError::Encoding(server.encoding));
    }
    let drift_ms = now_ms().abs_diff(u64::try_from(server.clock_ms).unwrap_or_default());
    if drift_ms > MAX_DRIFT_MS {
        return Err(AppError::Clock(drift_ms));
    }
    if !server.is_durable {
        tracing::warn!("fsync or full_page_writes is off: a crash of the database's machine can lose what was sold");
    }
    Ok(())
}
