//! What became of an order, for whoever holds it.

use shelfproof_anchor::store::events::{EventError, StoredEvent, event_of_keys};
use shelfproof_verifier::chain::Identity;
use shelfproof_verifier::event::Kind;
use shelfproof_verifier::receipt::{Promise, Receipt};
use sqlx::{PgConnection, PgPool};

use crate::domain::delivery::{Delivered, Item, OrderOutcome};
use crate::domain::id::OrderId;
use crate::domain::order::{Line, Order, OrderStatus};
use crate::store::StoreError;
use crate::store::order::{Sold, order_get, order_items, order_lines};
use crate::vault::{Vault, VaultError};

/// An order with everything that its holder may see.
#[derive(Clone, Debug)]
pub struct OrderView {
    /// The order.
    pub order: Order,
    /// What it asked for.
    pub lines: Vec<Line>,
    /// What it got, by line and slot.
    pub items: Vec<ItemView>,
}

/// An order and where its keys stand, with nothing opened.
#[derive(Clone, Debug)]
pub struct OrderStates {
    /// The order.
    pub order: Order,
    /// What it asked for.
    pub lines: Vec<Line>,
    /// What it got, by line and slot.
    pub items: Vec<Sold>,
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
    /// A key of the order has no sale in its history.
    #[error("key {0} was sold without an event")]
    NoSale(i64),
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
        lines: order_lines(&mut *connection, order.id).await?,
        items: items(&mut connection, vault, order.id).await?,
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
        lines: order_lines(&mut *connection, order).await?,
        items: order_items(&mut *connection, order).await?,
    }))
}

/// What an order was answered when it was made, whatever came after: the same bytes for a repeated request.
///
/// # Errors
/// Where the database or the vault fails.
pub async fn look_up_placed(pool: &PgPool, vault: &Vault, order: OrderId) -> Result<Option<OrderOutcome>, LookUpError> {
    let mut connection = pool.acquire().await.map_err(StoreError::from)?;
    let Some(found) = order_get(&mut *connection, order).await? else {
        return Ok(None);
    };
    if let OrderStatus::Refused(reason) = found.state {
        return Ok(Some(OrderOutcome::Refused {
            order,
            reason,
            created_at_ms: found.created_at_ms,
        }));
    }
    let items = items(&mut connection, vault, order).await?;
    Ok(found.total.map(|total| {
        OrderOutcome::Delivered(Delivered {
            order,
            created_at_ms: found.created_at_ms,
            total,
            items: items.into_iter().map(|view| view.item).collect(),
        })
    }))
}

async fn items(connection: &mut PgConnection, vault: &Vault, order: OrderId) -> Result<Vec<ItemView>, LookUpError> {
    let sold = order_items(&mut *connection, order).await?;
    let numbers: Vec<i64> = sold.iter().map(|sold| sold.head.key_no).collect();
    let mut events = event_of_keys(connection, &numbers).await?;
    sold.into_iter()
        .map(|sold| {
            let of_key = events.extract_if(.., |stored| stored.key_no == sold.head.key_no);
            let events: Vec<StoredEvent> = of_key.skip_while(|stored| stored.event.kind != Kind::Sold).collect();
            view(vault, &sold, events)
        })
        .collect()
}

fn view(vault: &Vault, sold: &Sold, events: Vec<StoredEvent>) -> Result<ItemView, LookUpError> {
    let sale = events.first().ok_or(LookUpError::NoSale(sold.head.key_no))?;
    let goods = vault
        .data_key_open(sold.batch, &sold.wrapped)?
        .open(&sold.head.key_id, sold.batch, &sold.sealed)?;
    Ok(ItemView {
        item: Item {
            line: sold.line,
            product: sold.product,
            goods,
            receipt: receipt(vault.identity(), sold, sale),
        },
        state: sold.head.state,
        events,
    })
}

/// The receipt that was handed out with a key.
pub(super) fn receipt(identity: &Identity, sold: &Sold, sale: &StoredEvent) -> Receipt {
    Receipt {
        identity: *identity,
        vrf_proof: sold.vrf_proof,
        promise: Promise {
            event: sale.event,
            opening: Some(sale.opening.clone()),
            anchor_by_s: sold.anchor_by_s,
            path: sold.path.clone(),
            signature: sold.signature,
        },
    }
}
