//! Orders that are to be settled: locked, with what is held for them and what was paid.

use std::collections::{HashMap, HashSet};

use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::StoreError;
use super::column::{inconsistent, money};
use super::order::OrderRow;
use crate::domain::id::OrderId;
use crate::domain::money::Currency;
use crate::domain::order::Order;
use crate::domain::payment::{PaymentId, PaymentState};
use crate::domain::sale::{HeldRange, PaymentFact, Settlement, Unsettled};

/// Locks the orders that are to be settled, but for those that another transaction has locked.
///
/// # Errors
/// Where the database fails, or holds what this program never writes.
pub async fn unsettled_lock(connection: &mut PgConnection, orders: &[OrderId]) -> Result<Vec<Order>, StoreError> {
    let rows: Vec<OrderRow> = sqlx::query_as(include_str!("sql/unsettled_lock.sql"))
        .bind(orders.iter().map(|order| order.0).collect::<Vec<_>>())
        .fetch_all(connection)
        .await?;
    rows.into_iter().map(OrderRow::into_order).collect()
}

/// The wallets of payments, locked.
#[derive(Debug, Default)]
pub struct PaymentWallets {
    undelivered: HashMap<Currency, i64>,
    clearing: Vec<i64>,
    are_locked: bool,
}

impl PaymentWallets {
    /// Whether all of them are locked.
    #[must_use]
    pub const fn are_locked(&self) -> bool {
        self.are_locked
    }
}

/// Locks the wallets that payments move money between: what their gateways collected, and what is not delivered. Where
/// `is_patient` is false, wallets that another transaction has locked are left out.
///
/// # Errors
/// The database's.
pub async fn unsettled_wallets(
    connection: &mut PgConnection,
    payments: &[PaymentId],
    currencies: &[Currency],
    is_patient: bool,
) -> Result<PaymentWallets, StoreError> {
    let sql = if is_patient {
        include_str!("sql/unsettled_wallets.sql")
    } else {
        concat!(include_str!("sql/unsettled_wallets.sql"), " SKIP LOCKED")
    };
    let rows: Vec<(i64, String, String)> = sqlx::query_as(sql)
        .bind(payments.iter().map(|payment| payment.0).collect::<Vec<_>>())
        .bind(currencies.iter().map(Currency::code).collect::<Vec<_>>())
        .fetch_all(connection)
        .await?;
    let mut wallets = PaymentWallets::default();
    // A row that is missing altogether is taken for a locked one: its orders wait, and the log says so.
    let wanted = currencies.iter().collect::<HashSet<_>>().len() + usize::from(!payments.is_empty());
    wallets.are_locked = is_patient || rows.len() >= wanted;
    for (id, kind, currency) in rows {
        if kind == "clearing" {
            wallets.clearing.push(id);
        } else {
            let currency = Currency::from_code(&currency).ok_or_else(|| inconsistent("wallets", "currency", &id))?;
            wallets.undelivered.insert(currency, id);
        }
    }
    Ok(wallets)
}

#[derive(FromRow)]
struct PaymentRow {
    id: Uuid,
    order_id: Uuid,
    amount_minor: i64,
    currency: String,
    state: String,
    trade_no: Option<String>,
    clearing_wallet: i64,
}

#[derive(FromRow)]
struct HeldRow {
    id: i64,
    owner_id: Uuid,
    owner_line: i16,
    pool_id: i32,
    first_slot: i64,
    end_slot: i64,
}

/// What is known of the locked orders. Of one whose wallets are not locked there is nothing.
///
/// # Errors
/// Where the database fails, or holds what this program never writes.
pub async fn unsettled_facts(
    connection: &mut PgConnection,
    orders: Vec<Order>,
    settlements: &[&Settlement],
    wallets: &PaymentWallets,
) -> Result<HashMap<OrderId, Unsettled>, StoreError> {
    let mut holds = held(connection, &orders).await?;
    let mut payments = payments(connection, settlements, wallets).await?;
    let asked = asked(connection, settlements).await?;
    let mut unsettled = HashMap::new();
    for order in orders {
        let payment = payments.remove(&order.id);
        let needs_one = settlements
            .iter()
            .any(|of| of.order == order.id && of.received.is_some());
        let currency = order.amounts.map(|amounts| amounts.currency);
        let wallet = currency.and_then(|currency| wallets.undelivered.get(&currency));
        if let Some(undelivered_wallet) = wallet.copied().filter(|_| payment.is_some() || !needs_one) {
            let facts = Unsettled {
                holds: holds.remove(&order.id).unwrap_or_default(),
                payment,
                undelivered_wallet,
                is_asked: asked.contains(&order.id.0),
                order,
            };
            unsettled.insert(facts.order.id, facts);
        }
    }
    Ok(unsettled)
}

/// Of which orders it is asked whether they can be delivered, where one is to be delivered that was paid before.
async fn asked(connection: &mut PgConnection, settlements: &[&Settlement]) -> Result<HashSet<Uuid>, StoreError> {
    let again = settlements.iter().filter(|of| of.received.is_none());
    let again: Vec<_> = again.map(|of| of.order.0).collect();
    if again.is_empty() {
        return Ok(HashSet::new());
    }
    let asked: Vec<Uuid> = sqlx::query_scalar(include_str!("sql/unsettled_asked.sql"))
        .bind(again)
        .fetch_all(connection)
        .await?;
    Ok(asked.into_iter().collect())
}

async fn held(connection: &mut PgConnection, orders: &[Order]) -> Result<HashMap<OrderId, Vec<HeldRange>>, StoreError> {
    let rows: Vec<HeldRow> = sqlx::query_as(include_str!("sql/unsettled_holds.sql"))
        .bind(orders.iter().map(|order| order.id.0).collect::<Vec<_>>())
        .fetch_all(connection)
        .await?;
    let mut holds: HashMap<OrderId, Vec<HeldRange>> = HashMap::new();
    for row in rows {
        holds.entry(OrderId(row.owner_id)).or_default().push(HeldRange {
            hold: row.id,
            line: row.owner_line,
            pool: row.pool_id,
            first_slot: row.first_slot,
            end_slot: row.end_slot,
        });
    }
    Ok(holds)
}

/// The payments that the settlements name, by their orders. One of another order, or whose wallet is not locked, is left
/// out.
async fn payments(
    connection: &mut PgConnection,
    settlements: &[&Settlement],
    wallets: &PaymentWallets,
) -> Result<HashMap<OrderId, PaymentFact>, StoreError> {
    let named = settlements.iter().filter_map(|of| of.received.as_ref());
    let rows: Vec<PaymentRow> = sqlx::query_as(include_str!("sql/unsettled_payments.sql"))
        .bind(named.map(|received| received.payment.0).collect::<Vec<_>>())
        .fetch_all(connection)
        .await?;
    let mut payments = HashMap::new();
    for row in rows {
        let named = |of: &&Settlement| {
            of.received
                .as_ref()
                .is_some_and(|received| received.payment.0 == row.id)
        };
        let is_its = settlements.iter().any(|of| of.order.0 == row.order_id && named(of));
        if !is_its || !wallets.clearing.contains(&row.clearing_wallet) {
            continue;
        }
        let state = PaymentState::from_name(&row.state);
        let fact = PaymentFact {
            id: PaymentId(row.id),
            amount: money(row.amount_minor, &row.currency, "payments", &row.id)?,
            state: state.ok_or_else(|| inconsistent("payments", "state", &row.id))?,
            trade_no: row.trade_no,
            clearing_wallet: row.clearing_wallet,
        };
        payments.insert(OrderId(row.order_id), fact);
    }
    Ok(payments)
}
