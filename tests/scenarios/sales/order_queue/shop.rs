//! A shop inside the test: a real database, real keys and codes, no HTTP.

use std::io::Cursor;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use alloy_primitives::{Address, B256};
use secrecy::SecretString;
use shelfproof::config;
use shelfproof::domain::account::Role;
use shelfproof::domain::delivery::{Delivered, OrderOutcome};
use shelfproof::domain::id::{AccountId, BatchId, OrderId, ProductId};
use shelfproof::domain::money::{Currency, Money};
use shelfproof::domain::order::{Customer, NewLine, NewOrder, SalesChannel};
use shelfproof::domain::product::NewProduct;
use shelfproof::fence::FenceState;
use shelfproof::flow::activate::activate_batch;
use shelfproof::flow::check::check;
use shelfproof::flow::create_account::create_account;
use shelfproof::flow::create_product::create_product;
use shelfproof::flow::import::{Request, import_codes};
use shelfproof::flow::top_up_credit::top_up_credit;
use shelfproof::import::Options;
use shelfproof::sale::{Clock, OrderQueue, PlaceError, Workers};
use shelfproof::store;
use shelfproof::vault::{Vault, folder};
use shelfproof_base::clock::now_ms;
use shelfproof_tests::Result;
use shelfproof_tests::postgres::{Durability, Postgres};
use shelfproof_verifier::chain::Identity;
use sqlx::PgPool;
use tempfile::TempDir;

/// Prices, in fen.
pub(crate) const PRICE_MINOR: i64 = 990;

/// A shop with one reseller.
pub(crate) struct Shop {
    pub(crate) pool: PgPool,
    pub(crate) vault: Arc<Vault>,
    pub(crate) account: AccountId,
    pub(crate) database: String,
    url: String,
    orders: AtomicU64,
    // Dropped last: the database that the pool is connected to, and the folder of the keys.
    pub(crate) postgres: Postgres,
    _keys: TempDir,
}

impl Shop {
    /// Creates an empty shop, whose reseller has that much credit in fen.
    pub(crate) async fn open(credit_minor: i64) -> Result<Self> {
        let postgres = Postgres::start(Durability::None)?;
        let database = postgres.database()?;
        let url = postgres.connection_url(&database);
        let pool = store::pool(store::options(&url)?, 8);
        store::migrate(&pool).await?;
        let keys = tempfile::tempdir()?;
        let passphrase = SecretString::from("nobody guesses this one");
        folder::make::init(keys.path(), &passphrase)?;
        let identity = Identity {
            chain_id: 31337,
            registry: Address::repeat_byte(1),
            merchant_id: B256::repeat_byte(2),
        };
        let shop = Self {
            vault: Arc::new(Vault::open(keys.path(), &passphrase, identity)?),
            pool,
            account: AccountId::new(now_ms(), [1; 10]),
            database,
            url,
            orders: AtomicU64::new(0),
            postgres,
            _keys: keys,
        };
        create_account(&shop.pool, shop.account, "reseller", Role::Reseller, now_ms()).await?;
        if credit_minor > 0 {
            top_up_credit(&shop.pool, shop.account, yuan(credit_minor), "first", now_ms()).await?;
        }
        Ok(shop)
    }

    /// Creates a product with that many keys on sale.
    pub(crate) async fn product(&self, name: &str, keys: usize) -> Result<ProductId> {
        let product = ProductId::new(now_ms(), rand_bytes(name));
        create_product(&self.pool, product, NewProduct::new(name, yuan(PRICE_MINOR)), now_ms()).await?;
        if keys > 0 {
            self.stock(product, name, keys).await?;
        }
        Ok(product)
    }

    /// Puts that many keys of a product on sale, as a batch of that name.
    pub(crate) async fn stock(&self, product: ProductId, name: &str, keys: usize) -> Result<()> {
        let batch = self.import(product, name, keys, now_ms).await?;
        activate_batch(&self.pool, batch, false, |_| (), now_ms).await?;
        Ok(())
    }

    /// Imports that many keys for a product, as a batch of that name.
    pub(crate) async fn import(&self, product: ProductId, name: &str, keys: usize, now_ms: Clock) -> Result<BatchId> {
        let codes: Vec<String> = (0..keys).map(|number| format!("{name}-{number:06}")).collect();
        let request = Request {
            product,
            name: name.to_owned(),
            supplier: "supplier".to_owned(),
            options: Options::default(),
        };
        let file = Cursor::new(codes.join("\n").into_bytes());
        let report = import_codes(&self.pool, &self.vault, file, &request, |_| (), now_ms).await?;
        Ok(report.batch)
    }

    /// Returns an order queue for this shop.
    pub(crate) fn counter(&self, now_ms: Clock) -> Result<(OrderQueue, Workers)> {
        self.counter_with(&config::Sale::default(), now_ms)
    }

    /// Returns an order queue for this shop with those settings.
    pub(crate) fn counter_with(&self, settings: &config::Sale, now_ms: Clock) -> Result<(OrderQueue, Workers)> {
        self.counter_fenced(settings, now_ms, &Arc::default())
    }

    /// Returns an order queue for this shop that asks that fence.
    pub(crate) fn counter_fenced(
        &self,
        settings: &config::Sale,
        now_ms: Clock,
        fence: &Arc<FenceState>,
    ) -> Result<(OrderQueue, Workers)> {
        let options = store::options(&self.url)?;
        Ok(OrderQueue::start(
            &options,
            self.pool.clone(),
            Arc::clone(&self.vault),
            settings,
            &config::Checkout::default(),
            now_ms,
            fence,
        ))
    }

    /// A new order of `quantity` keys, with an idempotency key of its own.
    pub(crate) fn order(&self, product: ProductId, quantity: u32) -> NewOrder {
        let customer = Customer::Account(self.account);
        let number = self.orders.fetch_add(1, Ordering::Relaxed);
        NewOrder {
            id: OrderId::of_request(&customer, &format!("order-{number}")),
            customer,
            channel: SalesChannel::Api,
            fingerprint: [0; 32],
            lines: vec![NewLine {
                product,
                quantity,
                price: None,
            }],
            coupon: None,
            buyer: None,
        }
    }

    /// Fails unless every invariant holds.
    pub(crate) async fn assert_sound(&self) -> Result<()> {
        assert_eq!(check(&self.pool).await?, [], "the books do not hold");
        Ok(())
    }
}

pub(crate) fn yuan(minor: i64) -> Money {
    Money {
        minor,
        currency: Currency::CNY,
    }
}

/// Returns the delivery of an order, which must have succeeded.
pub(crate) fn delivered(placed: std::result::Result<OrderOutcome, PlaceError>) -> Result<Delivered> {
    match placed? {
        OrderOutcome::Delivered(delivered) => Ok(delivered),
        OrderOutcome::Refused { reason, .. } => Err(format!("refused: {reason}").into()),
    }
}

/// Returns ten bytes that depend on the name, for its id.
fn rand_bytes(name: &str) -> [u8; 10] {
    let hash = alloy_primitives::keccak256(name);
    std::array::from_fn(|at| hash[at])
}
