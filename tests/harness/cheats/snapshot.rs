//! A copy of an honest shop as its operator can take it: chain, database, published data and keys.

use std::fs;
use std::path::{Path, PathBuf};

use alloy_primitives::{Address, Bytes};
use secrecy::ExposeSecret;
use shelfproof::dev::PublicKeys;
use shelfproof::store;
use shelfproof_anchor::config::{Config, Keys};
use shelfproof_base::config::Settings;
use shelfproof_verifier::chain::Identity;
use shelfproof_verifier::epoch::data_path;
use tempfile::TempDir;

use super::chain::{Chain, dump};
use super::database::{Template, settle};
use super::log::Log;
use super::place::Place;
use crate::anchored_shop::Secret;
use crate::vector_chain::block_on;
use crate::{Result, tools};

/// What the operator has in the shop beside its configuration. At least one key that was sold is redeemed.
pub struct Stock {
    /// A product's id, with at least two keys on the shelf.
    pub product: String,
    /// An API key of a reseller that can pay for them.
    pub reseller: String,
    /// An administrator's API key.
    pub admin: String,
    /// A key that was sold and nothing else since.
    pub sold: Sold,
}

/// A key as its buyer has it.
pub struct Sold {
    pub code: String,
    /// What the buyer types beside it.
    pub secret: Secret,
    /// The proof bundle, `shelfproof-proof-v1`, of a final epoch.
    pub bundle: String,
}

/// The copies that all cheats start from. The database's goes with this value.
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
    /// All that the chain held.
    chain: Bytes,
    /// What was published.
    data: TempDir,
    /// Where the cheats stand.
    folder: PathBuf,
}

impl ShopSnapshot {
    /// Copies the shop of that configuration (`shelfproof.toml`); the cheats will stand in `folder`, where nothing of
    /// their names may be yet. It waits until all that was sold is anchored; from then on nobody may buy until it is
    /// done. The shop's programs are cut off from their database for a moment, and come back by themselves; the
    /// configuration's database user must be the cluster's superuser.
    ///
    /// # Errors
    /// If the shop cannot be read, or sold something meanwhile.
    pub fn take(config: &Path, folder: &Path, stock: Stock) -> Result<Self> {
        let config = Config::read(&Settings::read_apart(config, &[])?)?;
        fs::create_dir_all(folder)?;
        let database = store::options(config.database.url.expose_secret())?;
        settle(&database)?;
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

    /// From now on the cheats stand in another folder, and another program judges them: to see what one that is too
    /// lenient comes to.
    ///
    /// # Errors
    /// If the folder cannot be made.
    pub fn judge_by(&mut self, verifier: &Path, folder: &Path) -> Result<()> {
        fs::create_dir_all(folder)?;
        verifier.clone_into(&mut self.verify);
        self.folder = folder.canonicalize()?;
        Ok(())
    }

    /// The chain of one cheat.
    pub(super) fn chain(&self) -> Result<Chain> {
        Chain::load(&self.chain, self.identity, self.anchorer)
    }

    /// The folder of one cheat, with the data that the shop published.
    pub(super) fn place(&self, name: &str) -> Result<Place> {
        let place = Place::make(self.folder.join(name), &self.verify)?;
        copy_data(self.data.path(), &place.folder().join("data"), self.log.newest())?;
        Ok(place)
    }
}

/// Copies the data of the epochs up to that number.
fn copy_data(from: &Path, to: &Path, newest: u64) -> Result<()> {
    for path in (1..=newest).map(data_path) {
        let copy = to.join(&path);
        fs::create_dir_all(copy.parent().unwrap_or(to))?;
        fs::copy(from.join(&path), copy)?;
    }
    Ok(())
}
