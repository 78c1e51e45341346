//! `list_p95`: pages of lists with five million orders and ten million keys behind them: how long the slowest kind of
//! request takes. The rows are written by SQL, see [`past`](super::past), and are those of many accounts in several
//! states.

use std::path::Path;
use std::time::Instant;

use serde_json::Value;
use shelfproof_tests::Result;
use shelfproof_tests::client::Client;
use shelfproof_tests::vector_chain::block_on;

use super::past::{Past, Products};
use super::shop::BenchShop;
use super::{ROUNDS, Sample};

/// What is behind the lists.
const PAST: Products = Products {
    products: 100,
    batches: 2_000,
};

/// The accounts that placed the orders of the past; as many orders are those of guests as of one account.
const ACCOUNTS: usize = 50;

/// The requests of each kind in a round.
const REQUESTS: usize = 40;

/// One kind of request.
struct Kind {
    name: &'static str,
    /// The address, behind the API's.
    path: String,
    /// Whether a reseller asks, for its own orders.
    is_reseller_s: bool,
    /// Whether the answer is a file, which is one page of it.
    is_file: bool,
}

pub(super) fn run(_folder: &Path) -> Result<Vec<Sample>> {
    let mut shop = BenchShop::open()?;
    shop.sell_until(1_000, 0.0)?;
    let kinds = prepare(&mut shop, &PAST)?;
    let mut ours = Vec::new();
    let mut slowest = vec![0.0_f64; kinds.len()];
    for _ in 0..ROUNDS {
        let p95 = round(&shop, &kinds)?;
        for (slowest, p95) in slowest.iter_mut().zip(&p95) {
            *slowest = slowest.max(*p95);
        }
        ours.push(p95.into_iter().fold(0.0, f64::max));
    }
    let each = kinds.iter().zip(&slowest);
    let each: Vec<String> = each.map(|(kind, ms)| format!("{} {ms:.1}", kind.name)).collect();
    Ok(vec![Sample {
        name: "list_p95".to_owned(),
        unit: "ms",
        ours: ours.clone(),
        baseline: ours,
        goal: "value <= 50",
        settings: format!(
            "the 95th percentile of {REQUESTS} requests, one after the other, of the slowest kind in each round; pages of 100 \
             entries from the beginning on, files of 500; {} orders of {ACCOUNTS} accounts and guests, {} keys, {} products; \
             no baseline; the slowest round of each kind, in ms: {}",
            shop.shop.ask("SELECT count(*) FROM shop.orders")?,
            shop.shop.ask("SELECT count(*) FROM shop.keys")?,
            PAST.products,
            each.join(", ")
        ),
    }])
}

/// Writes the rows of the past, and returns what is asked for.
fn prepare(shop: &mut BenchShop, products: &Products) -> Result<Vec<Kind>> {
    shop.stock(1)?;
    let (node, database) = (&shop.shop, shop.shop.database.clone());
    let text = |sql: &str| node.postgres.psql(&database, sql);
    text(&format!(
        "INSERT INTO shop.accounts SELECT md5('account ' || n)::uuid, 'reseller', 'account ' || n, 1 \
         FROM generate_series(1, {ACCOUNTS}) n"
    ))?;
    let mut past = Past::open(shop)?;
    // Spread over the batches, so that each has orders of many accounts. The shop's own account has every tenth order.
    let state = "CASE WHEN n % 97 = 0 THEN 'refunded' WHEN n % 53 = 0 THEN 'refused' ELSE t.state END";
    let customer = format!("((hashint8(n) & 1023) % {})", ACCOUNTS + 1);
    let account = format!(
        "CASE WHEN n % 10 = 0 THEN t.account_id WHEN {customer} > 0 THEN md5('account ' || {customer})::uuid END"
    );
    past.orders = vec![
        ("state", state.to_owned()),
        (
            "reason",
            "CASE WHEN n % 97 > 0 AND n % 53 = 0 THEN 'out_of_stock' END".to_owned(),
        ),
        ("account_id", account.clone()),
        (
            "guest",
            format!("CASE WHEN ({account}) IS NULL THEN sha256(int8send(n)) END"),
        ),
    ];
    for _ in 0..products.products {
        past.write(shop, products.batches)?;
    }
    for sql in ["VACUUM (ANALYZE)", "CHECKPOINT"] {
        text(sql)?;
    }
    kinds(&text)
}

/// Everything that a list can be asked for, and ways to ask that leave no narrow way.
fn kinds(text: &dyn Fn(&str) -> Result<String>) -> Result<Vec<Kind>> {
    let product = text("SELECT id FROM shop.products WHERE name = 'past 1'")?;
    let account = text("SELECT id FROM shop.accounts WHERE name = 'account 1'")?;
    let middle = "FROM shop.orders WHERE batch_id = (SELECT batch_id FROM shop.takes t JOIN shop.pools p ON p.id = t.pool_id \
                  JOIN shop.skus s ON s.id = p.sku_id JOIN shop.products q ON q.id = s.product_id \
                  WHERE q.name LIKE 'past %' ORDER BY t.batch_id OFFSET 1000 LIMIT 1) AND keys <> '{}' LIMIT 1";
    let order = text(&format!("SELECT id {middle}"))?;
    let at_ms: i64 = text(&format!("SELECT created_at_ms {middle}"))?.parse()?;
    let key = text(&format!(
        "SELECT '0x' || encode(key_id, 'hex') FROM shop.keys WHERE no = (SELECT keys[1] {middle})"
    ))?;
    let batch = text("SELECT id FROM shop.batches WHERE name = 'past' LIMIT 1")?;
    // Twenty batches, of 25 orders each: a page of a file.
    let time = format!("from={at_ms}&until={}", at_ms + 20 * 60_000);
    let kind = |name, path: &str| Kind {
        name,
        path: path.to_owned(),
        is_reseller_s: false,
        is_file: path.contains(".csv"),
    };
    let own = |name, path: &str| Kind {
        is_reseller_s: true,
        ..kind(name, path)
    };
    Ok(vec![
        kind("orders", "orders?"),
        kind("orders delivered", "orders?state=delivered"),
        kind("orders refunded", "orders?state=refunded"),
        kind("orders abnormal", "orders?state=abnormal"),
        kind(
            "orders refused of a product",
            &format!("orders?state=refused&product={product}"),
        ),
        kind("orders of a product", &format!("orders?product={product}")),
        kind(
            "orders of a product, in a time",
            &format!("orders?product={product}&{time}"),
        ),
        kind("orders of an account", &format!("orders?account={account}")),
        kind(
            "orders of an account and a product",
            &format!("orders?account={account}&product={product}"),
        ),
        kind(
            "orders of an account, refused",
            &format!("orders?account={account}&state=refused"),
        ),
        kind(
            "orders of an account, abnormal",
            &format!("orders?account={account}&state=abnormal"),
        ),
        kind("orders in a time", &format!("orders?{time}")),
        kind("orders until then", &format!("orders?until={at_ms}")),
        kind("orders by an id's beginning", &format!("orders?search={}", &order[..8])),
        kind("orders by a key", &format!("orders?search={key}")),
        own("own orders", "orders?"),
        own("own orders, abnormal", "orders?state=abnormal"),
        own("own orders of a product", &format!("orders?product={product}")),
        kind("orders, file", &format!("orders.csv?{time}")),
        kind(
            "orders of a product, file",
            &format!("orders.csv?product={product}&{time}"),
        ),
        own("own orders, file", &format!("orders.csv?{time}")),
        kind("keys", "keys?"),
        kind("keys sold", "keys?state=sold"),
        kind("keys voided", "keys?state=voided"),
        kind("keys of a product", &format!("keys?product={product}")),
        kind(
            "keys of a batch, redeemed",
            &format!("keys?batch={batch}&state=redeemed"),
        ),
        kind("keys by an id's beginning", &format!("keys?search={}", &key[..10])),
        kind("keys of an order", &format!("keys?order={order}")),
        kind("keys of an order, file", &format!("keys.csv?order={order}")),
        kind("batches", "batches?"),
        kind("batches by name", "batches?search=past"),
        kind("batches by supplier", "batches?supplier=nobody"),
        kind("batches, file", "batches.csv?"),
    ])
}

/// Sends the requests of each kind, and returns the 95th percentile of each, in milliseconds.
fn round(shop: &BenchShop, kinds: &[Kind]) -> Result<Vec<f64>> {
    block_on(async {
        let mut admin = shop.shop.client(&shop.shop.admin)?;
        let mut reseller = shop.shop.client(&shop.token)?;
        let mut p95 = Vec::new();
        for kind in kinds {
            let client = if kind.is_reseller_s { &mut reseller } else { &mut admin };
            p95.push(ask(client, kind).await?);
        }
        Ok(p95)
    })?
}

async fn ask(client: &mut Client, kind: &Kind) -> Result<f64> {
    let first = format!("/api/v1/{}{}", kind.path, if kind.is_file { "" } else { "&limit=100" });
    let mut path = first.clone();
    let mut took = Vec::new();
    for _ in 0..REQUESTS {
        let start = Instant::now();
        let answer = client.get(&path).await?;
        took.push(start.elapsed().as_secs_f64() * 1_000.0);
        if answer.status != 200 {
            return Err(format!("{path}: {}", answer.text()).into());
        }
        let page = if kind.is_file { Value::Null } else { answer.json()? };
        path = page["next"]
            .as_str()
            .map_or_else(|| first.clone(), |next| format!("{first}&after={next}"));
    }
    took.sort_by(f64::total_cmp);
    Ok(took[REQUESTS * 95 / 100])
}

#[cfg(test)]
mod tests {
    use shelfproof_tests::shop::{Settings, TestShop};

    use super::*;

    #[test]
    fn every_kind_of_request_is_answered() -> Result<()> {
        let mut shop = BenchShop::over(TestShop::start(&Settings::default())?)?;
        shop.sell_until(50, 0.0)?;
        let few = Products {
            products: 20,
            batches: 60,
        };
        let kinds = prepare(&mut shop, &few)?;
        let p95 = round(&shop, &kinds)?;
        assert_eq!(p95.len(), kinds.len());
        Ok(())
    }
}
