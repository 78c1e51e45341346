//! `sale_mixed`: orders over a thousand products, of which few are bought often and many rarely, compared with orders
//! of one product in the same shop.

use std::path::Path;

use alloy_primitives::keccak256;

use super::shop::{BEFORE, BenchShop, CHECKED, CLIENTS, COUNTED, FIRST, PAIRS, WINDOW};
use super::{Sample, in_turn};
use shelfproof_tests::Result;
use shelfproof_tests::load::Load;
use shelfproof_tests::shop::{CURRENCY, PRICE, codes, order_of};
use shelfproof_tests::vector_chain::block_on;

const PRODUCTS: usize = 1_000;

/// How many orders are drawn. The load repeats them in their order, so that each product's share is known exactly.
const DRAWN: usize = 50_000;

/// The greatest number of keys in one import over the API, so that each is answered soon.
const IMPORT: usize = 20_000;

pub(super) fn run(_folder: &Path) -> Result<Vec<Sample>> {
    let mut shop = BenchShop::open()?;
    shop.sell_until(FIRST, 0.0)?;
    let products = products(&shop)?;
    let drawn = drawn();
    let rounds = (shop.keys_for(WINDOW)? * PAIRS).div_ceil(DRAWN);
    stock(&shop, &products, &drawn, rounds)?;
    let one = shop.load(CLIENTS);
    let bodies: Vec<String> = products.iter().map(|product| order_of(product)).collect();
    let mixed = Load {
        bodies: drawn.iter().map(|product| bodies[*product].clone()).collect(),
        ..one.clone()
    };
    let (ours, baseline) = in_turn(
        &mut shop,
        PAIRS,
        |shop| {
            shop.stock_well(WINDOW)?;
            let before = shop.sold();
            let rate = shop.window(&[&mixed])?;
            shop.elsewhere += shop.sold() - before;
            Ok(rate)
        },
        |shop| {
            shop.stock_well(WINDOW)?;
            shop.window(&[&one])
        },
    )?;
    shop.close()?;
    let first = drawn.iter().filter(|product| **product == 0).count() * 100 / DRAWN;
    Ok(vec![Sample {
        name: "sale_mixed".to_owned(),
        unit: "sales/s",
        ours,
        baseline,
        goal: "ratio >= 0.8",
        settings: format!(
            "{CLIENTS} connections, closed loop, one account; {PRODUCTS} products with Zipf's exponent 1 ({first} % of \
             the orders are for the first), one key an order; windows of {} s after {} s in turn; {CHECKED}, \
             {} sold in all; baseline: one product in the same shop",
            COUNTED.as_secs(),
            BEFORE.as_secs(),
            shop.sold()
        ),
    }])
}

/// Creates the products over the API, which is faster than a process for each.
fn products(shop: &BenchShop) -> Result<Vec<String>> {
    let mut admin = shop.shop.client(&shop.shop.admin)?;
    block_on(async {
        let mut products = Vec::new();
        for number in 0..PRODUCTS {
            let body = serde_json::json!({"name": format!("mixed {number}"), "price": PRICE, "currency": CURRENCY});
            let made = admin.post("/api/v1/products", body.to_string()).await?.expect(201)?;
            products.push(made["product"].as_str().ok_or("a product without an id")?.to_owned());
        }
        Ok(products)
    })?
}

/// The products of the orders, by number: drawn at random, with the same numbers in each run.
fn drawn() -> Vec<usize> {
    let weight = |product: u32| 1.0 / f64::from(product);
    let mut sums = Vec::with_capacity(PRODUCTS);
    let mut sum = 0.0;
    for product in (1..).take(PRODUCTS) {
        sum += weight(product);
        sums.push(sum);
    }
    let draw = |number: usize| {
        let [a, b, c, d, ..] = keccak256(number.to_be_bytes()).0;
        let at = f64::from(u32::from_be_bytes([a, b, c, d])) / 2_f64.powi(32) * sum;
        sums.partition_point(|sum| *sum <= at).min(PRODUCTS - 1)
    };
    (0..DRAWN).map(draw).collect()
}

/// Imports for each product as many keys as that many rounds of the drawn orders buy of it. Each window begins a round
/// anew and may end in the middle of one, so that there is one more for each.
fn stock(shop: &BenchShop, products: &[String], drawn: &[usize], rounds: usize) -> Result<()> {
    let mut orders = vec![0; products.len()];
    for product in drawn {
        orders[*product] += 1;
    }
    for (number, (product, orders)) in products.iter().zip(orders).enumerate() {
        if orders > 0 {
            let keys = codes(&format!("mixed/{number}"), orders * (rounds + PAIRS));
            keys.chunks(IMPORT)
                .try_for_each(|keys| shop.shop.stock_by_api(product, keys))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_product_is_drawn_as_often_as_zipf_s_law_says() {
        let drawn = drawn();
        let share = |product| drawn.iter().filter(|drawn| **drawn == product).count();
        // 1/7.485 and 1/74.85 of the orders, give or take six standard deviations.
        assert!((6_230..7_130).contains(&share(0)), "{}", share(0));
        assert!((510..830).contains(&share(9)), "{}", share(9));
        assert!(drawn.iter().all(|product| *product < PRODUCTS));
    }
}
