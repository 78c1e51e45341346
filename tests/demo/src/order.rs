//! Orders of one key each. Some are sent twice, as clients do after a lost connection.

use alloy_primitives::B256;
use serde_json::json;

use super::shop::OpenShop;
use super::stock::StockedProduct;
use shelfproof_tests::Result;
use shelfproof_tests::anchored_shop::Secret;
use shelfproof_tests::client::{Answer, Client};
use shelfproof_tests::load::at_once;
use shelfproof_tests::shop::{Item, Purchase};

/// Every n-th order is sent twice at the same moment, and every m-th again after its answer.
const AT_ONCE_EVERY: usize = 10;
const LATER_EVERY: usize = 7;

/// A key that was sold, and what its buyer keeps.
#[derive(Clone, Debug)]
pub(super) struct Sold {
    pub(super) order: String,
    /// The order's own token.
    pub(super) token: String,
    /// The key.
    pub(super) item: Item,
    /// The buyer's secret.
    pub(super) secret: Secret,
}

/// An order that a client will send.
#[derive(Clone)]
pub(super) struct Order {
    /// Its idempotency key.
    pub(super) key: String,
    body: String,
    secret: Secret,
    /// Whether and when it is repeated.
    again: Again,
}

/// Whether and when a client repeats its request.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Again {
    No,
    /// At the same moment, over a second connection.
    AtOnce,
    /// After the answer.
    Later,
}

/// The result of an order.
pub(super) struct Outcome {
    /// The delivered key; `None` if the product was sold out.
    pub(super) sold: Option<Sold>,
    /// Whether and when the order was repeated.
    pub(super) again: Again,
}

/// Makes orders of one key each; every buyer has a secret of their own.
pub(super) fn orders(product: &StockedProduct, series: &str, count: usize) -> Vec<Order> {
    let order = |number: usize| {
        let secret = Secret {
            nonce: B256::from(rand::random::<[u8; 32]>()),
            tag: format!("{series}-{number}@example.com"),
        };
        let line = json!({"product": product.id, "quantity": 1});
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

/// Carries out the orders. Each client has two connections, and sends its share of the orders one after the other.
pub(super) fn carry_out(shop: &OpenShop, orders: &[Order], clients: usize) -> Result<Vec<Outcome>> {
    let tasks = (0..clients).map(|client| {
        let share = orders.iter().skip(client).step_by(clients);
        let share: Vec<Order> = share.cloned().collect();
        let connections = [shop.client(&shop.reseller), shop.client(&shop.reseller)];
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

/// Checks that the answers to an order and to its repetition agree. A delivery must be byte for byte the same. A
/// refusal must have the same code, but names the request that it answers.
fn same(key: &str, first: &Answer, second: &Answer) -> Result<()> {
    let is_same = if first.status == 201 {
        first.body == second.body
    } else {
        first.json()?["code"] == second.json()?["code"]
    };
    if is_same && first.status == second.status {
        return Ok(());
    }
    Err(format!(
        "order {key} was answered in two ways: {} and {}",
        first.status, second.status
    )
    .into())
}

/// The keys that were delivered.
pub(super) fn delivered(outcomes: &[Outcome]) -> Vec<Sold> {
    outcomes.iter().filter_map(|outcome| outcome.sold.clone()).collect()
}
