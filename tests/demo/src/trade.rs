//! Many clients buy at the same time, and repeat requests as clients do after a lost connection.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use super::Size;
use super::checks::{expect, minor};
use super::order::{Again, Order, Outcome, Sold, carry_out, delivered, orders};
use super::printer::Printer;
use super::shop::OpenShop;
use super::stock::{CURRENCY, StockedProduct};
use shelfproof_tests::Result;
use shelfproof_tests::shop::order_of;
use shelfproof_tests::vector_chain::block_on;

/// The reseller's credit before it buys.
pub(super) const CREDIT: &str = "1000000.00";

/// The number of orders for each rare key. All but one of them are refused as sold out.
const RARE_CROWD: usize = 2;

/// What was sold, and the total price.
#[derive(Debug)]
pub(super) struct Trade {
    /// Every key that was delivered.
    pub(super) sold: Vec<Sold>,
    /// The total price, in minor units.
    pub(super) taken_minor: i64,
}

/// Sells all rare keys first, then as many keys of the other product as are left to sell.
pub(super) fn sell(
    shop: &OpenShop,
    [rare, monthly]: &[StockedProduct; 2],
    size: Size,
    printer: &Printer,
) -> Result<Trade> {
    printer.act(
        "Clients buy at once, and repeat their requests",
        "多个客户端同时下单，并重复请求",
    );
    shop.cli.credit_add("reseller", CREDIT, CURRENCY, "demo-deposit")?;
    let crowd = sell_out(shop, rare, size.clients, printer)?;
    let orders = orders(monthly, "monthly", size.sales - rare.keys);
    let calm = sell_all(shop, &orders, size.clients, printer)?;
    other_order_under_the_same_name(shop, &orders[0], &rare.id)?;

    let [rare_sold, monthly_sold] = [delivered(&crowd), delivered(&calm)];
    let taken_minor = paid(rare, rare_sold.len())? + paid(monthly, monthly_sold.len())?;
    let sold = [rare_sold, monthly_sold].concat();
    all_different(&sold)?;
    let all = || crowd.iter().chain(&calm).filter(|outcome| outcome.sold.is_some());
    let repeated = |again| all().filter(|outcome| outcome.again == again).count();
    printer.print(&format!(
        "{} of the orders came twice at the same moment, {} once more later: the same bytes each time",
        repeated(Again::AtOnce),
        repeated(Again::Later)
    ));
    printer.print(&format!(
        "{} keys were sold, all different: no code went to two buyers. 没有任何卡密卖给两个人。",
        sold.len()
    ));
    Ok(Trade { sold, taken_minor })
}

/// Sends more orders than there are keys. Every key is sold, and the other orders are refused as sold out.
fn sell_out(shop: &OpenShop, product: &StockedProduct, clients: usize, printer: &Printer) -> Result<Vec<Outcome>> {
    let crowd = carry_out(shop, &orders(product, "rare", product.keys * RARE_CROWD), clients)?;
    let sold = delivered(&crowd).len();
    expect("rare keys sold", sold, product.keys)?;
    printer.print(&format!(
        "{} orders of {clients} clients for {} rare keys: {sold} delivered, {} told that none is left",
        crowd.len(),
        product.keys,
        crowd.len() - sold
    ));
    Ok(crowd)
}

/// Sends no more orders than there are keys. Every order is delivered.
fn sell_all(shop: &OpenShop, orders: &[Order], clients: usize, printer: &Printer) -> Result<Vec<Outcome>> {
    let started = Instant::now();
    let outcomes = carry_out(shop, orders, clients)?;
    let took = started.elapsed();
    expect("monthly keys sold", delivered(&outcomes).len(), orders.len())?;
    printer.print(&format!(
        "{} orders of {clients} clients in {:.1} s: {} a second, beside database, chain and clients on this machine",
        orders.len(),
        took.as_secs_f64(),
        rate(orders.len(), took),
    ));
    Ok(outcomes)
}

/// Sells one more key.
pub(super) fn sell_one(shop: &OpenShop, product: &StockedProduct) -> Result<Sold> {
    let sold = delivered(&carry_out(shop, &orders(product, "last", 1), 1)?);
    sold.into_iter()
        .next()
        .ok_or_else(|| "the last order was not delivered".into())
}

/// Checks that the idempotency key of one order is refused for another order.
fn other_order_under_the_same_name(shop: &OpenShop, order: &Order, product: &str) -> Result<()> {
    let mut client = shop.client(&shop.reseller)?;
    block_on(client.order(&order.key, order_of(product)))??
        .expect(422)
        .map(drop)
}

fn all_different(sold: &[Sold]) -> Result<()> {
    let codes: HashSet<&str> = sold.iter().map(|sold| sold.item.code.as_str()).collect();
    let ids: HashSet<&str> = sold.iter().map(|sold| sold.item.key_id.as_str()).collect();
    expect("different codes", codes.len(), sold.len())?;
    expect("different keys", ids.len(), sold.len())
}

/// The price of that many keys of a product, in minor units.
fn paid(product: &StockedProduct, keys: usize) -> Result<i64> {
    Ok(minor(product.price)? * i64::try_from(keys)?)
}

fn rate(count: usize, took: Duration) -> u128 {
    count as u128 * 1_000 / took.as_millis().max(1)
}
