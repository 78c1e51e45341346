//! A shop within the test that takes orders: a reseller with credit, products with keys, and order queues over them.

use std::io::Cursor;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use shelfproof::config;
use shelfproof::domain::account::Role;
use shelfproof::domain::delivery::{Delivered, OrderOutcome};
use shelfproof::domain::id::{AccountId, BatchId, OrderId, ProductId};
use shelfproof::domain::money::{Currency, Money};
use shelfproof::domain::order::{Customer, NewLine, NewOrder, SalesChannel};
use shelfproof::flow::activate::activate_batch;
use shelfproof::flow::create_account::create_account;
use shelfproof::flow::import::{Request, import_codes};
use shelfproof::flow::top_up_credit::top_up_credit;
use shelfproof::import;
use shelfproof::sale::{Clock, OrderQueue, PlaceError, Workers};
use shelfproof::store;
use shelfproof_base::clock::now_ms;
use shelfproof_tests::Result;
use shelfproof_tests::in_process::{InProcessShop, Options};

pub(crate) use shelfproof_tests::shop::PRICE_MINOR;

/// A shop with one reseller.
pub(crate) struct OrderShop {
    shop: InProcessShop,
    pub(crate) account: AccountId,
    orders: AtomicU64,
}

impl Deref for OrderShop {
    type Target = InProcessShop;

    fn deref(&self) -> &InProcessShop {
        &self.shop
    }
}

impl DerefMut for OrderShop {
    fn deref_mut(&mut self) -> &mut InProcessShop {
        &mut self.shop
    }
}

impl OrderShop {
    /// Opens a shop whose reseller has that much credit, in fen.
    pub(crate) async fn open(credit_minor: i64) -> Result<Self> {
        let shop = InProcessShop::open(Options::default()).await?;
        let account = AccountId::new(now_ms(), [1; 10]);
        create_account(&shop.pool, account, "reseller", Role::Reseller, now_ms()).await?;
        if credit_minor > 0 {
            top_up_credit(&shop.pool, account, yuan(credit_minor), "first", now_ms()).await?;
        }
        Ok(Self {
            shop,
            account,
            orders: AtomicU64::new(0),
        })
    }

    /// A product with that many keys on sale.
    pub(crate) async fn product(&self, name: &str, keys: usize) -> Result<ProductId> {
        let product = self.create_product(name).await?;
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
            options: import::Options::default(),
        };
        let file = Cursor::new(codes.join("\n").into_bytes());
        let report = import_codes(&self.pool, &self.vault, file, &request, |_| (), now_ms).await?;
        Ok(report.batch)
    }

    /// An order queue over this shop, with its workers.
    pub(crate) fn order_queue(&self, now_ms: Clock) -> Result<(OrderQueue, Workers)> {
        self.order_queue_with(&config::Sale::default(), now_ms)
    }

    /// The same with those settings.
    pub(crate) fn order_queue_with(&self, settings: &config::Sale, now_ms: Clock) -> Result<(OrderQueue, Workers)> {
        let options = store::options(&self.url)?;
        Ok(OrderQueue::start(
            &options,
            self.pool.clone(),
            Arc::clone(&self.vault),
            settings,
            now_ms,
            &Arc::default(),
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
            buyer: None,
        }
    }
}

pub(crate) fn yuan(minor: i64) -> Money {
    Money {
        minor,
        currency: Currency::CNY,
    }
}

/// What an order got, where it got something.
pub(crate) fn delivered(placed: std::result::Result<OrderOutcome, PlaceError>) -> Result<Delivered> {
    match placed? {
        OrderOutcome::Delivered(delivered) => Ok(delivered),
        OrderOutcome::Refused { reason, .. } => Err(format!("refused: {reason}").into()),
    }
}
