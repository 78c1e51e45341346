//! Many clients buy at once, and ask again as clients do whose connection broke.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use alloy_primitives::B256;
use serde_json::json;

use super::Size;
use super::house::Door;
use super::shelf::{CURRENCY, Shelf};
use super::teller::Teller;
use crate::Result;
use crate::anchored::Secret;
use crate::client::{Answer, Client};
use crate::load::at_once;
use crate::shop::{Item, Purchase};

/// What the channel pays in before it buys.
pub(super) const CREDIT: &str = "1000000.00";

/// Orders for each rare key: those who come too late are told so.
const RARE_CROWD: usize = 2;

/// Every n-th order is asked for twice at the same moment, and every m-th again after its answer.
const AT_ONCE_EVERY: usize = 10;
const LATER_EVERY: usize = 7;

/// A key, and whose it is.
#[derive(Clone, Debug)]
pub(super) struct Sold {
    /// The order.
    pub(super) order: String,
    /// The order's own token.
    pub(super) token: String,
    /// The key.
    pub(super) item: Item,
    /// What its buyer alone knows.
    pub(super) secret: Secret,
}

/// What came of the trade.
#[derive(Debug)]
pub(super) struct Trade {
    /// Every key that was delivered.
    pub(super) sold: Vec<Sold>,
    /// What was taken, minor units.
    pub(super) taken_minor: i64,
}

/// An order, as a client is about to send it.
#[derive(Clone)]
struct Order {
    key: String,
    body: String,
    secret: Secret,
    /// How it is asked for again.
    again: Again,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Again {
    No,
    AtOnce,
    Later,
}

/// What became of an order.
struct Outcome {
    sold: Option<Sold>,
    again: Again,
}

/// Sells all of the rare keys and, of the others, what is left of the sales.
pub(super) fn sell(door: &Door, [rare, monthly]: &[Shelf; 2], size: Size, teller: &Teller) -> Result<Trade> {
    teller.act(
        "Clients buy at once, and repeat their requests",
        "多个客户端同时下单，并重复请求",
    );
    door.cli.credit_add("channel", CREDIT, CURRENCY, "demo-deposit")?;
    let begun = Instant::now();

    let crowd = carry_out(door, &orders(rare, "rare", rare.keys * RARE_CROWD), size.clients)?;
    let rare_sold = delivered(&crowd);
    expect("rare keys sold", rare_sold.len(), rare.keys)?;
    teller.say(&format!(
        "{} orders of {} clients for {} rare keys: {} delivered, {} told that none is left",
        crowd.len(),
        size.clients,
        rare.keys,
        rare_sold.len(),
        crowd.len() - rare_sold.len()
    ));

    let wanted = size.sales - rare.keys;
    let orders = orders(monthly, "monthly", wanted);
    let started = Instant::now();
    let outcomes = carry_out(door, &orders, size.clients)?;
    let took = started.elapsed();
    let monthly_sold = delivered(&outcomes);
    expect("monthly keys sold", monthly_sold.len(), wanted)?;
    other_order_under_the_same_name(door, &orders[0], &rare.product)?;

    let taken_minor = paid(rare, rare_sold.len())? + paid(monthly, monthly_sold.len())?;
    let sold = [rare_sold, monthly_sold].concat();
    all_different(&sold)?;
    teller.say(&format!(
        "{} orders of {} clients in {:.1} s: {} a second, beside database, chain and clients on this machine",
        orders.len(),
        size.clients,
        took.as_secs_f64(),
        rate(orders.len(), took),
    ));
    let repeated = |again| {
        crowd
            .iter()
            .chain(&outcomes)
            .filter(|outcome| outcome.again == again)
            .count()
    };
    teller.say(&format!(
        "{} requests came twice at the same moment, {} once more later: each was answered with the same bytes",
        repeated(Again::AtOnce),
        repeated(Again::Later)
    ));
    teller.say(&format!(
        "{} keys were sold in {:.1} s, all different; no code went to two buyers. 没有任何卡密卖给两个人。",
        sold.len(),
        begun.elapsed().as_secs_f64()
    ));
    Ok(Trade { sold, taken_minor })
}

/// Sells one key more.
pub(super) fn sell_one(door: &Door, shelf: &Shelf) -> Result<Sold> {
    let sold = delivered(&carry_out(door, &orders(shelf, "last", 1), 1)?);
    sold.into_iter()
        .next()
        .ok_or_else(|| "the last order was not delivered".into())
}

/// Orders of one key each, every buyer with a secret of their own.
fn orders(shelf: &Shelf, series: &str, count: usize) -> Vec<Order> {
    let order = |number: usize| {
        let secret = Secret {
            nonce: B256::from(rand::random::<[u8; 32]>()),
            tag: format!("{series}-{number}@example.com"),
        };
        let line = json!({"product": shelf.product, "quantity": 1});
        Order {
            key: format!("{series}-{number}"),
            body: json!({"lines": [line], "buyer": secret.commitment()}).to_string(),
            secret,
            again: match number {
                number if number % AT_ONCE_EVERY == 0 => Again::AtOnce,
                number if number % LATER_EVERY == 0 => Again::Later,
                _ => Again::No,
            },
        }
    };
    (0..count).map(order).collect()
}

/// Client by client, each with two connections and its share of the orders, one after the other.
fn carry_out(door: &Door, orders: &[Order], clients: usize) -> Result<Vec<Outcome>> {
    let tasks = (0..clients).map(|client| {
        let share = orders.iter().skip(client).step_by(clients);
        let share: Vec<Order> = share.cloned().collect();
        let connections = [door.client(&door.channel), door.client(&door.channel)];
        async move {
            let [one, other] = connections;
            let (mut one, mut other) = (one?, other?);
            let mut outcomes = Vec::with_capacity(share.len());
            for order in share {
                outcomes.push(order.carry_out(&mut one, &mut other).await?);
            }
            Ok(outcomes)
        }
    });
    let outcomes: Result<Vec<Vec<Outcome>>> = at_once(tasks)?.into_iter().collect();
    Ok(outcomes?.into_iter().flatten().collect())
}

impl Order {
    async fn carry_out(self, one: &mut Client, other: &mut Client) -> Result<Outcome> {
        let (first, second) = match self.again {
            Again::No => (one.order(&self.key, self.body).await?, None),
            Again::AtOnce => {
                let both = tokio::join!(
                    one.order(&self.key, self.body.clone()),
                    other.order(&self.key, self.body)
                );
                (both.0?, Some(both.1?))
            }
            Again::Later => {
                let first = one.order(&self.key, self.body.clone()).await?;
                (first, Some(other.order(&self.key, self.body).await?))
            }
        };
        if let Some(second) = &second {
            same(&self.key, &first, second)?;
        }
        let again = self.again;
        if first.status == 409 && first.json()?["code"] == "out_of_stock" {
            return Ok(Outcome { sold: None, again });
        }
        let purchase = Purchase::read(&first)?;
        let [item] = &purchase.items[..] else {
            return Err(format!("order {} brought {} keys", purchase.order, purchase.items.len()).into());
        };
        let sold = Sold {
            item: item.clone(),
            order: purchase.order,
            token: purchase.token,
            secret: self.secret,
        };
        Ok(Outcome {
            sold: Some(sold),
            again,
        })
    }
}

/// A refusal names the request it answers, a delivery is the same to the byte.
fn same(key: &str, first: &Answer, second: &Answer) -> Result<()> {
    let is_same = first.status == second.status && (first.status == 409 || first.body == second.body);
    if is_same {
        return Ok(());
    }
    Err(format!(
        "order {key} was answered in two ways: {} and {}",
        first.status, second.status
    )
    .into())
}

fn delivered(outcomes: &[Outcome]) -> Vec<Sold> {
    outcomes.iter().filter_map(|outcome| outcome.sold.clone()).collect()
}

/// The name of an order that was carried out serves no other one.
fn other_order_under_the_same_name(door: &Door, order: &Order, product: &str) -> Result<()> {
    let body = json!({"lines": [{"product": product, "quantity": 1}]}).to_string();
    let answer = crate::vector_chain::block_on(async {
        door.client(&door.channel)?
            .order(&order.key, body)
            .await
            .map_err(Into::into)
    });
    answer?.and_then(|answer: Answer| answer.expect(422)).map(drop)
}

fn all_different(sold: &[Sold]) -> Result<()> {
    let codes: HashSet<&str> = sold.iter().map(|sold| sold.item.code.as_str()).collect();
    let ids: HashSet<&str> = sold.iter().map(|sold| sold.item.key_id.as_str()).collect();
    expect("different codes", codes.len(), sold.len())?;
    expect("different keys", ids.len(), sold.len())
}

/// What so many keys of a shelf cost, minor units.
fn paid(shelf: &Shelf, keys: usize) -> Result<i64> {
    Ok(minor(shelf.price)? * i64::try_from(keys)?)
}

/// An amount with two decimals, in minor units.
pub(super) fn minor(amount: &str) -> Result<i64> {
    Ok(amount.replace('.', "").parse()?)
}

/// That a figure is the one that it must be.
pub(super) fn expect<T: Copy + PartialEq + std::fmt::Display>(what: &str, found: T, wanted: T) -> Result<()> {
    if found == wanted {
        return Ok(());
    }
    Err(format!("{what}: {found}, and {wanted} it must be").into())
}

fn rate(count: usize, took: Duration) -> u128 {
    count as u128 * 1_000 / took.as_millis().max(1)
}
