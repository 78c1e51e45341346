//! A migrated database with a product, and the keys that an import needs.

use std::fs;
use std::io::Cursor;
use std::sync::Arc;

use shelfproof::domain::id::{BatchId, ProductId};
use shelfproof::domain::money::{Currency, Money};
use shelfproof::domain::product::NewProduct;
use shelfproof::flow::activate::{Activated, activate_batch};
use shelfproof::flow::check::check;
use shelfproof::flow::create_product::create_product;
use shelfproof::flow::import::{ImportError, Progress, Report, Request, import_codes};
use shelfproof::import::{Format, Options};
use shelfproof::store;
use shelfproof::store::batch::refused_line_list;
use shelfproof::vault::{Vault, folder};
use shelfproof_base::clock::now_ms;
use shelfproof_tests::postgres::{Durability, Postgres};
use shelfproof_tests::{Result, tools};
use shelfproof_verifier::chain::Identity;
use sqlx::PgPool;

/// The number of connections: for two imports at the same time, and for queries beside them.
const CONNECTIONS: u32 = 4;

/// The shop of one test.
pub(crate) struct Shop {
    pub(crate) pool: PgPool,
    pub(crate) vault: Arc<Vault>,
    pub(crate) product: ProductId,
    pub(crate) postgres: Postgres,
    pub(crate) database: String,
}

impl Shop {
    pub(crate) async fn open() -> Result<Self> {
        let postgres = Postgres::start(Durability::None)?;
        let database = postgres.database()?;
        let pool = store::pool(store::options(&postgres.connection_url(&database))?, CONNECTIONS);
        store::migrate(&pool).await?;
        let keys = tempfile::tempdir()?;
        let (keys, passphrase) = (keys.path().join("keys"), "three blind mice".to_owned().into());
        folder::make::init(&keys, &passphrase)?;
        let identity = Identity {
            chain_id: 31337,
            registry: alloy_primitives::Address::repeat_byte(0xaa),
            merchant_id: alloy_primitives::B256::repeat_byte(0xbb),
        };
        let vault = Arc::new(Vault::open(&keys, &passphrase, identity)?);
        let shop = Self {
            product: ProductId::new(now_ms(), [1; 10]),
            pool,
            vault,
            postgres,
            database,
        };
        let price = Money {
            minor: 990,
            currency: Currency::CNY,
        };
        create_product(
            &shop.pool,
            shop.product,
            NewProduct::new("Monthly card", price),
            now_ms(),
        )
        .await?;
        Ok(shop)
    }

    pub(crate) fn request(&self, name: &str, options: Options) -> Request {
        Request {
            product: self.product,
            name: name.to_owned(),
            supplier: "Vendor & Co".to_owned(),
            options,
        }
    }

    pub(crate) async fn import(&self, file: Vec<u8>, request: &Request) -> std::result::Result<Report, ImportError> {
        self.import_telling(file, request, |_| ()).await
    }

    pub(crate) async fn import_telling(
        &self,
        file: Vec<u8>,
        request: &Request,
        progress: impl FnMut(Progress) + Send,
    ) -> std::result::Result<Report, ImportError> {
        import_codes(&self.pool, &self.vault, Cursor::new(file), request, progress, now_ms).await
    }

    pub(crate) async fn activate(&self, batch: BatchId) -> Result<Activated> {
        Ok(activate_batch(&self.pool, batch, false, |_| (), now_ms).await?)
    }

    /// Returns the refused lines of a batch, with the reasons in words.
    pub(crate) async fn refused(&self, batch: BatchId) -> Result<Vec<(i64, String, String)>> {
        let lines = refused_line_list(&self.pool, batch, 0, 10_000).await?;
        Ok(lines
            .into_iter()
            .map(|line| (line.line, line.reason, line.detail))
            .collect())
    }

    /// Returns one value from the database.
    pub(crate) fn ask(&self, sql: &str) -> Result<String> {
        self.postgres.psql(&self.database, sql)
    }

    /// Checks that the accounts are consistent.
    pub(crate) async fn assert_sound(&self) -> Result<()> {
        let found = check(&self.pool).await?;
        assert!(found.is_empty(), "{found:?}");
        Ok(())
    }
}

/// Reads a file of `tests/data`.
pub(crate) fn data(name: &str) -> Result<Vec<u8>> {
    Ok(fs::read(tools::root().join("tests/data").join(name))?)
}

/// The options of an import that names nothing.
pub(crate) fn auto() -> Options {
    Options::default()
}

/// The options that name a table's columns.
pub(crate) fn columns(code: &str, extra: &[&str]) -> Options {
    Options {
        code_column: Some(code.to_owned()),
        extra_columns: extra.iter().map(|name| (*name).to_owned()).collect(),
        ..auto()
    }
}

pub(crate) fn of(format: Format) -> Options {
    Options {
        format,
        ..Options::default()
    }
}
