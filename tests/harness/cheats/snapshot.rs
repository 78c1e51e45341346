//! A copy of an honest shop that its operator can make: chain, database, published data and keys.

use std::fs;
use std::path::{Path, PathBuf};

use alloy_primitives::{Address, Bytes};
use secrecy::ExposeSecret;
use shelfproof::dev::PublicKeys;
use shelfproof::store;
use shelfproof_anchor::config::{Config, Keys};
use shelfproof_base::config::Settings;
use shelfproof_verifier::chain::Identity;
use shelfproof_verifier::delta::delta_path;
use shelfproof_verifier::epoch::data_path;
use tempfile::TempDir;

use super::chain::{Chain, dump};
use super::database::{Template, wait_until_anchored};
use super::log::Log;
use super::place::Place;
use crate::anchored_shop::Secret;
use crate::vector_chain::block_on;
use crate::{Result, tools};

/// What the cheats need besides the shop's configuration. At least one sold key must be redeemed.
pub struct Stock {
    /// The id of a product with at least three keys on sale.
    pub product: String,
    /// The API key of a reseller that can pay for them.
    pub reseller: String,
    /// An administrator's API key.
    pub admin: String,
    /// A key that was sold, without any later event.
    pub sold: Sold,
}

/// What a buyer has of a key.
pub struct Sold {
    pub code: String,
    /// The nonce and the name of the buyer.
    pub secret: Secret,
    /// The proof bundle, `shelfproof-proof-v1`, for a final epoch.
    pub bundle: String,
}

/// The copies from which all cheats start. Dropping this removes the copied database.
pub struct ShopSnapshot {
    pub(super) stock: Stock,
    pub(super) identity: Identity,
    pub(super) keys: Keys,
    pub(super) log: Log,
    pub(super) template: Template,
    /// The shop's program.
    pub(super) shop: PathBuf,
    /// `shelfproof-verify`.
    verify: PathBuf,
    anchorer: Address,
    /// The whole state of the chain.
    chain: Bytes,
    /// The published data.
    data: TempDir,
    /// The parent of the folders of the cheats.
    folder: PathBuf,
}

impl ShopSnapshot {
    /// Copies the shop with that configuration (`shelfproof.toml`). Each cheat gets a new folder below `folder`.
    ///
    /// This waits until all sales are anchored; from then on until it returns, nobody may buy. The shop's programs lose
    /// their database connections for a moment, and reconnect by themselves. The database user of the configuration
    /// must be the cluster's superuser.
    ///
    /// # Errors
    /// If the shop cannot be read, or if it sold something in the meantime.
    pub fn take(config: &Path, folder: &Path, stock: Stock) -> Result<Self> {
        let config = Config::read(&Settings::read_apart(config, &[])?)?;
        fs::create_dir_all(folder)?;
        let database = store::options(config.database.url.expose_secret())?;
        wait_until_anchored(&database)?;
        let template = Template::take(&database)?;
        let chain = dump(config.chain.rpc.expose_secret())?;
        let published = config.anchor.folder.join("data");
        let log = block_on(async { Log::read(&config.chain.source().await?, &published).await })??;
        if i64::try_from(log.events())? != template.events()? {
            return Err("the shop went on while it was copied: let nobody buy meanwhile".into());
        }
        let data = tempfile::tempdir()?;
        copy_data(&published, data.path(), log.newest())?;
        Ok(Self {
            stock,
            identity: config.chain.identity(),
            anchorer: PublicKeys::read(&config.keys.folder)?.anchorer,
            keys: config.keys,
            log,
            template,
            shop: tools::binary("shelfproof")?,
            verify: tools::binary("shelfproof-verify")?,
            chain,
            data,
            folder: folder.canonicalize()?,
        })
    }

    /// Uses another folder for the cheats and another verifier, to test that a verifier that is too lenient is noticed.
    ///
    /// # Errors
    /// If the folder cannot be created.
    pub fn judge_by(&mut self, verifier: &Path, folder: &Path) -> Result<()> {
        fs::create_dir_all(folder)?;
        verifier.clone_into(&mut self.verify);
        self.folder = folder.canonicalize()?;
        Ok(())
    }

    /// Starts a new chain with the copied state, for one cheat.
    pub(super) fn chain(&self) -> Result<Chain> {
        Chain::load(&self.chain, self.identity, self.anchorer)
    }

    /// Creates the folder of one cheat, with a copy of the published data.
    pub(super) fn place(&self, name: &str) -> Result<Place> {
        let place = Place::make(self.folder.join(name), &self.verify)?;
        copy_data(self.data.path(), &place.folder().join("data"), self.log.newest())?;
        Ok(place)
    }
}

/// Copies the data and the deltas of the epochs up to the number `newest`.
fn copy_data(from: &Path, to: &Path, newest: u64) -> Result<()> {
    for path in (1..=newest).flat_map(|number| [data_path(number), delta_path(number)]) {
        let copy = to.join(&path);
        fs::create_dir_all(copy.parent().unwrap_or(to))?;
        fs::copy(from.join(&path), copy)?;
    }
    Ok(())
}
