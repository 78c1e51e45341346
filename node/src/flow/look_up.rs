//! What became of an order, for whoever holds it.

use shelfproof_anchor::store::events::{EventError, StoredEvent, event_of_keys};
use shelfproof_verifier::event::Kind;
use sqlx::{PgConnection, PgPool};

use crate::domain::delivery::{Item, SoldItem};
use crate::domain::id::OrderId;
use crate::domain::order::Order;
use crate::store::StoreError;
use crate::store::item::order_items;
use crate::store::order::order_get;
use crate::vault::{Vault, VaultError};

/// An order with everything that its holder may see.
#[derive(Clone, Debug)]
pub struct OrderView {
    /// The order.
    pub order: Order,
    /// What it got, by number.
    pub items: Vec<ItemView>,
}

/// An order and where its keys stand, with nothing opened.
#[derive(Clone, Debug)]
pub struct OrderStates {
    /// The order.
    pub order: Order,
    /// What it got, by number.
    pub items: Vec<SoldItem>,
}

/// One key of an order.
#[derive(Clone, Debug)]
pub struct ItemView {
    /// As it was handed out.
    pub item: Item,
    /// Where the key stands now.
    pub state: Kind,
    /// The sale and what came after. The events before it are the supplier's, and stay here.
    pub events: Vec<StoredEvent>,
}

/// Why an order could not be looked up.
#[derive(Debug, thiserror::Error)]
pub enum LookUpError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The events could not be read.
    #[error(transparent)]
    Event(#[from] EventError),
    /// The goods could not be opened.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// An item of the order has a number that its lines do not reach.
    #[error("item {0} belongs to no line of its order")]
    NoLine(u32),
}

impl LookUpError {
    /// Whether trying again later can help.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Store(error) => error.is_passing(),
            Self::Event(EventError::Database(_)) => true,
            _ => false,
        }
    }
}

/// The order of that id, with its codes and the bodies that its holder may open.
///
/// # Errors
/// Where the database or the vault fails.
pub async fn look_up_order(pool: &PgPool, vault: &Vault, order: OrderId) -> Result<Option<OrderView>, LookUpError> {
    match order_get(pool, order).await? {
        Some(found) => open_order(pool, vault, found).await.map(Some),
        None => Ok(None),
    }
}

/// An order that was read already, with its codes and the bodies that its holder may open.
///
/// # Errors
/// Where the database or the vault fails.
pub async fn open_order(pool: &PgPool, vault: &Vault, order: Order) -> Result<OrderView, LookUpError> {
    let mut connection = pool.acquire().await.map_err(StoreError::from)?;
    Ok(OrderView {
        items: items(&mut connection, vault, &order).await?,
        order,
    })
}

/// The order of that id with nothing opened, for whoever runs the shop.
///
/// # Errors
/// Where the database fails.
pub async fn look_up_states(pool: &PgPool, order: OrderId) -> Result<Option<OrderStates>, StoreError> {
    let mut connection = pool.acquire().await?;
    let Some(found) = order_get(&mut *connection, order).await? else {
        return Ok(None);
    };
    Ok(Some(OrderStates {
        order: found,
        items: order_items(&mut connection, order).await?,
    }))
}

async fn items(connection: &mut PgConnection, vault: &Vault, order: &Order) -> Result<Vec<ItemView>, LookUpError> {
    let sold = order_items(&mut *connection, order.id).await?;
    let numbers: Vec<i64> = sold.iter().map(|sold| sold.head.key_no).collect();
    let mut events = event_of_keys(connection, &numbers).await?;
    sold.into_iter()
        .map(|sold| {
            let of_key = events.extract_if(.., |stored| stored.key_no == sold.head.key_no);
            let (line, of) = order.line_of(sold.item).ok_or(LookUpError::NoLine(sold.item))?;
            Ok(ItemView {
                events: of_key.skip_while(|stored| stored.event.kind != Kind::Sold).collect(),
                state: sold.head.state,
                item: vault.open_item(&sold, line, of.product)?,
            })
        })
        .collect()
}
