//! Orders: states, and for whoever holds one, its codes and receipts.

use alloy_primitives::B256;
use secrecy::SecretString;
use shelfproof_anchor::store::events::{EventError, StoredEvent, event_of_keys};
use shelfproof_verifier::event::Kind;
use sqlx::{PgConnection, PgPool};

use crate::domain::delivery::{Item, SoldItem};
use crate::domain::id::OrderId;
use crate::domain::order::Order;
use crate::domain::order_token::OrderToken;
use crate::domain::payment::Payment;
use crate::journal::{Journal, Unwritten, cover};
use crate::store::StoreError;
use crate::store::coupon::coupon_of_order;
use crate::store::item::order_items;
use crate::store::order::{order_find_by_key, order_get};
use crate::store::order_token::order_token_revoked;
use crate::store::payment::payment_list_of_order;
use crate::vault::{Vault, VaultError};

/// An order with everything that its holder may see.
#[derive(Clone, Debug)]
pub struct OrderView {
    pub order: Order,
    /// The code of the coupon that it used.
    pub coupon: Option<String>,
    /// Its token that is valid now, and what that token says of itself.
    pub token: SecretString,
    pub valid_token: OrderToken,
    /// The ways to pay it that were asked for.
    pub payments: Vec<Payment>,
    /// Its keys, by number.
    pub items: Vec<ItemView>,
}

/// An order and the states of its keys, with nothing decrypted.
#[derive(Clone, Debug)]
pub struct OrderStates {
    pub order: Order,
    /// The code of the coupon that it used.
    pub coupon: Option<String>,
    /// Which of its tokens is valid now.
    pub valid_token: OrderToken,
    /// The ways to pay it that were asked for.
    pub payments: Vec<Payment>,
    /// Its keys, by number.
    pub items: Vec<SoldItem>,
}

/// One key of an order, for its holder.
#[derive(Clone, Debug)]
pub struct ItemView {
    /// As it was handed out.
    pub item: Item,
    /// The key's state now.
    pub state: Kind,
    /// The sale and the events after it. Those before it are the supplier's, and are not shown.
    pub events: Vec<StoredEvent>,
}

/// Why an order could not be looked up.
#[derive(Debug, thiserror::Error)]
pub enum LookUpError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Event(#[from] EventError),
    /// The goods could not be decrypted.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// Nobody may be told of the sale yet.
    #[error(transparent)]
    Unwritten(#[from] Unwritten),
    /// An item of the order has a number that its lines do not reach.
    #[error("item {0} belongs to no line of its order")]
    NoLine(u32),
}

/// The order of that id, without its keys; `None` where there is none.
///
/// # Errors
/// The database's.
pub async fn get_order(pool: &PgPool, order: OrderId) -> Result<Option<Order>, StoreError> {
    order_get(pool, order).await
}

/// The order that the key of that id was sold with; `None` where there is no such key or it was not sold.
///
/// # Errors
/// The database's.
pub async fn find_order_of_key(pool: &PgPool, key_id: &B256) -> Result<Option<OrderId>, StoreError> {
    order_find_by_key(pool, key_id).await
}

/// The order with its codes, its receipts, and the opened events from the sale on, for its holder.
///
/// # Errors
/// `Store`, `Event`, `Vault` or `Unwritten` where that part fails; `NoLine` for an item that the order's lines do not
/// reach.
pub async fn open_order(
    pool: &PgPool,
    vault: &Vault,
    journal: Option<&Journal>,
    order: Order,
) -> Result<OrderView, LookUpError> {
    let mut connection = pool.acquire().await.map_err(StoreError::from)?;
    let revoked = order_token_revoked(&mut *connection, order.id).await?;
    let valid_token = OrderToken::valid(order.id, revoked);
    let sold = order_items(&mut connection, order.id).await?;
    let numbers: Vec<i64> = sold.iter().map(|sold| sold.head.key_no).collect();
    let events = event_of_keys(&mut connection, &numbers).await?;
    let coupon = coupon(&mut connection, &order).await?;
    let payments = payments(&mut connection, &order).await?;
    // The journal's disk may be slow, and others need the connection.
    drop(connection);
    cover(journal, &sold).await?;
    Ok(OrderView {
        items: open_items(vault, &order, sold, events)?,
        coupon,
        payments,
        token: vault.order_token(valid_token),
        valid_token,
        order,
    })
}

/// The order of that id and the states of its keys, for admins; `None` where there is none.
///
/// # Errors
/// Where the database fails.
pub async fn look_up_states(pool: &PgPool, order: OrderId) -> Result<Option<OrderStates>, StoreError> {
    let mut connection = pool.acquire().await?;
    let Some(found) = order_get(&mut *connection, order).await? else {
        return Ok(None);
    };
    let revoked = order_token_revoked(&mut *connection, order).await?;
    Ok(Some(OrderStates {
        coupon: coupon(&mut connection, &found).await?,
        payments: payments(&mut connection, &found).await?,
        order: found,
        valid_token: OrderToken::valid(order, revoked),
        items: order_items(&mut connection, order).await?,
    }))
}

/// The code of the coupon that took something off the order. An order at its full price is not looked up.
async fn coupon(connection: &mut PgConnection, order: &Order) -> Result<Option<String>, StoreError> {
    match order.amounts {
        Some(amounts) if amounts.discount_minor > 0 => coupon_of_order(connection, order.id).await,
        _ => Ok(None),
    }
}

/// The payments of an order that was placed to be paid. One that was paid when it was placed is not looked up.
async fn payments(connection: &mut PgConnection, order: &Order) -> Result<Vec<Payment>, StoreError> {
    match order.expires_at_ms {
        Some(_) => payment_list_of_order(connection, order.id).await,
        None => Ok(Vec::new()),
    }
}

fn open_items(
    vault: &Vault,
    order: &Order,
    sold: Vec<SoldItem>,
    mut events: Vec<StoredEvent>,
) -> Result<Vec<ItemView>, LookUpError> {
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
