//! A shop within the test's own process: a real database and real keys under the library's functions, without HTTP.
//! [`TestShop`](crate::shop::TestShop) runs the programs instead.

use std::sync::Arc;

use alloy_primitives::{Address, B256};
use secrecy::SecretString;
use shelfproof::domain::id::ProductId;
use shelfproof::domain::money::{Currency, Money};
use shelfproof::flow::check::check;
use shelfproof::flow::create_product::create_product;
use shelfproof::store;
use shelfproof::vault::{Vault, folder};
use shelfproof_base::clock::now_ms;
use shelfproof_verifier::chain::Identity;
use sqlx::PgPool;

use crate::Result;
use crate::postgres::{Durability, Postgres};
use crate::shop::PRICE_MINOR;

/// Options of a shop.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The most connections of its pool.
    pub connections: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self { connections: 8 }
    }
}

/// A migrated database, and the vault over new keys.
#[derive(Debug)]
pub struct InProcessShop {
    pub pool: PgPool,
    pub vault: Arc<Vault>,
    /// The address of its database.
    pub url: String,
    database: String,
    // Dropped after the pool, which is connected to it.
    pub postgres: Postgres,
}

impl InProcessShop {
    /// Creates an empty shop: no account, no product.
    ///
    /// # Errors
    /// If the cluster does not start, or a library function fails.
    pub async fn open(options: Options) -> Result<Self> {
        let postgres = Postgres::start(Durability::None)?;
        let database = postgres.database()?;
        let url = postgres.connection_url(&database);
        let pool = store::pool(store::options(&url)?, options.connections);
        store::migrate(&pool).await?;
        // The vault reads the keys once; the folder is not needed afterwards.
        let keys = tempfile::tempdir()?;
        let passphrase = SecretString::from("nobody guesses this one");
        folder::make::init(keys.path(), &passphrase)?;
        let identity = Identity {
            chain_id: 31337,
            registry: Address::repeat_byte(1),
            merchant_id: B256::repeat_byte(2),
        };
        Ok(Self {
            vault: Arc::new(Vault::open(keys.path(), &passphrase, identity)?),
            pool,
            url,
            database,
            postgres,
        })
    }

    /// Creates a product at [`PRICE_MINOR`], without keys. Its id follows from its name.
    ///
    /// # Errors
    /// If the flow fails.
    pub async fn create_product(&self, name: &str) -> Result<ProductId> {
        let hash = alloy_primitives::keccak256(name);
        let product = ProductId::new(now_ms(), std::array::from_fn(|at| hash[at]));
        let price = Money {
            minor: PRICE_MINOR,
            currency: Currency::CNY,
        };
        create_product(&self.pool, product, name, price, now_ms()).await?;
        Ok(product)
    }

    /// One value of the database.
    ///
    /// # Errors
    /// The server's error.
    pub fn ask(&self, sql: &str) -> Result<String> {
        self.postgres.psql(&self.database, sql)
    }

    /// Fails unless the check of all invariants finds nothing.
    ///
    /// # Errors
    /// What it finds.
    pub async fn assert_sound(&self) -> Result<()> {
        let found = check(&self.pool).await?;
        if found.is_empty() {
            return Ok(());
        }
        Err(format!("the books do not hold: {found:?}").into())
    }
}
