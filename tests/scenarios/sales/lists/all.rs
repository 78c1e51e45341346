//! The list of everybody's orders, over many customers, against the order that one sort gives; and its bounds.

use shelfproof_tests::Result;
use shelfproof_tests::shop::{Settings, StockedShop, TestShop, codes, order_of};
use shelfproof_tests::vector_chain::block_on;

use super::{first_cells, ids, walk};

/// The time of the first batch of the rows below, Unix milliseconds.
const START_MS: i64 = 1_600_000_000_000;

/// A shop with one real order.
fn shop() -> Result<StockedShop> {
    let shop = StockedShop::with_codes(TestShop::start(&Settings::default())?, "10.00", &codes("all", 1))?;
    block_on(async {
        let mut buyer = shop.shop.client(&shop.reseller.token)?;
        buyer.order("real", order_of(&shop.product)).await?.expect(201)
    })??;
    Ok(shop)
}

/// Writes `batches` batches, a second apart, and `orders` orders, as copies of the real one, of a batch and a customer that
/// `batch` and `account` choose by the number `n`; a customer that is NULL is a guest.
fn write(shop: &TestShop, batches: i64, orders: i64, [batch, account, state]: [&str; 3]) -> Result<()> {
    let sql = format!(
        "BEGIN; SET LOCAL session_replication_role = replica;
         INSERT INTO attest.sale_batches (id, xid, at_ms)
            SELECT 1000 + n, (1000000000 + n)::text::xid8, {START_MS} + n * 1000 FROM generate_series(1, {batches}) n;
         SELECT setval('shop.postings', 100000);
         INSERT INTO shop.orders (id, fingerprint, account_id, guest, channel, state, version, reason, lines, subtotal_minor,
                                  discount_minor, total_minor, currency, batch_id, created_at_ms)
            SELECT md5('many ' || n)::uuid, fingerprint, own.account, CASE WHEN own.account IS NULL THEN sha256('') END, 'api',
                   own.state, 1, CASE own.state WHEN 'refused' THEN 'out_of_stock' END, lines, 0, 0, 0, 'CNY', 1000 + own.batch,
                   {START_MS} + own.batch * 1000
            FROM generate_series(1, {orders}) n, shop.orders real,
                 LATERAL (SELECT {batch} AS batch, {account} AS account, {state} AS state) own
            WHERE real.batch_id < 1000;
         COMMIT; ANALYZE shop.orders"
    );
    shop.postgres.psql(&shop.database, &sql).map(drop)
}

/// The ids of the orders that meet a condition, newest first.
fn sorted(shop: &TestShop, condition: &str) -> Result<Vec<String>> {
    let sql = format!("SELECT id FROM shop.orders WHERE {condition} ORDER BY batch_id DESC, id DESC");
    let text = shop.postgres.psql(&shop.database, &sql)?;
    Ok(text.lines().map(ToOwned::to_owned).collect())
}

#[test]
fn everybody_s_orders_are_merged_and_none_is_left_out() -> Result<()> {
    let shop = shop()?;
    let shop = &shop.shop;
    shop.postgres.psql(
        &shop.database,
        "INSERT INTO shop.accounts SELECT md5('account ' || n)::uuid, 'reseller', 'many ' || n, 1 FROM generate_series(0, 39) n",
    )?;
    // Some customers have nearly all orders, many share a batch, and some have one old order.
    let account = "CASE WHEN n % 10 < 4 THEN NULL WHEN n % 10 < 7 THEN md5('account 0')::uuid \
                   ELSE md5('account ' || hashint4(n::integer) & 31)::uuid END"
        .replace("hashint4(n::integer) & 31", "(hashint4(n::integer) & 31)");
    let batch = "1 + abs(hashint4(n::integer + 7)) % CASE WHEN n % 3 = 0 THEN 5 ELSE 200 END";
    let state = "(ARRAY['delivered', 'delivered', 'refused', 'refunded'])[1 + n % 4]";
    write(shop, 200, 1500, [batch, &account, state])?;
    block_on(async {
        let mut admin = shop.client(&shop.admin)?;
        let (from, until) = (START_MS + 20_000, START_MS + 150_000);
        for (filter, condition) in [
            (String::new(), "true".to_owned()),
            ("state=delivered".to_owned(), "state = 'delivered'".to_owned()),
            ("state=refused".to_owned(), "state = 'refused'".to_owned()),
            (
                format!("from={from}&until={until}"),
                format!("created_at_ms >= {from} AND created_at_ms < {until}"),
            ),
            (format!("from={until}"), format!("created_at_ms >= {until}")),
            (
                format!("until={from}&state=refunded"),
                format!("created_at_ms < {from} AND state = 'refunded'"),
            ),
            (format!("until={START_MS}"), "false".to_owned()),
            ("from=99999999999999".to_owned(), "false".to_owned()),
        ] {
            let expected = sorted(shop, &condition)?;
            for limit in [1, 7, 100] {
                if limit == 1 && expected.len() > 500 {
                    continue;
                }
                let (found, _) = walk(&mut admin, &format!("/api/v1/orders?{filter}"), "order", limit).await?;
                assert_eq!(found, expected, "{filter} in pages of {limit}");
            }
            let file = admin.get(&format!("/api/v1/orders.csv?{filter}")).await?;
            assert_eq!(first_cells(&file)?, expected, "{filter} as a file");
        }
        Ok(())
    })?
}

#[test]
fn times_are_found_where_batches_are_numbered_out_of_order() -> Result<()> {
    let shop = shop()?;
    let shop = &shop.shop;
    write(shop, 400, 400, ["n", "NULL::uuid", "'delivered'"])?;
    // Two nodes, whose clocks are a minute apart.
    let swap = |table: &str, column: &str, id: &str| {
        format!(
            "UPDATE {table} SET {column} = {column} + CASE {id} % 2 WHEN 0 THEN 60000 ELSE 0 END WHERE {id} > 1000;"
        )
    };
    let swaps = swap("attest.sale_batches", "at_ms", "id") + &swap("shop.orders", "created_at_ms", "batch_id");
    let sql = format!("BEGIN; SET LOCAL session_replication_role = replica; {swaps} COMMIT");
    shop.postgres.psql(&shop.database, &sql)?;
    block_on(async {
        let mut admin = shop.client(&shop.admin)?;
        for (from, until) in [
            (0, 60_000),
            (100_000, 100_500),
            (100_000, 101_000),
            (300_000, 1_000_000),
        ] {
            let (from, until) = (START_MS + from, START_MS + until);
            let expected = sorted(shop, &format!("created_at_ms >= {from} AND created_at_ms < {until}"))?;
            let path = format!("/api/v1/orders?from={from}&until={until}");
            assert_eq!(walk(&mut admin, &path, "order", 50).await?.0, expected, "{path}");
        }
        Ok(())
    })?
}

#[test]
fn a_page_of_everybody_s_orders_looks_at_no_more_than_the_bound() -> Result<()> {
    let shop = shop()?;
    let shop = &shop.shop;
    shop.postgres.psql(
        &shop.database,
        "INSERT INTO shop.accounts SELECT md5('account ' || n)::uuid, 'reseller', 'many ' || n, 1 FROM generate_series(0, 69) n",
    )?;
    // Delivered are the two oldest, the real order and a guest's; those of 70 customers after them were refused.
    let account = "CASE n WHEN 1 THEN NULL ELSE md5('account ' || n % 70)::uuid END";
    let state = "CASE n WHEN 1 THEN 'delivered' ELSE 'refused' END";
    write(shop, 500, 5_000, ["(n + 9) / 10", account, state])?;
    let wanted = sorted(shop, "state = 'delivered'")?;
    assert_eq!(wanted.len(), 2);
    block_on(async {
        let mut admin = shop.client(&shop.admin)?;
        for limit in [1, 50] {
            let path = "/api/v1/orders?state=delivered";
            let page = admin.get(&format!("{path}&limit={limit}")).await?.expect(200)?;
            assert_eq!(
                (ids(&page, "order").len(), &page["lookedAt"]),
                (0, &2_000.into()),
                "{page}"
            );
            let (found, bound) = walk(&mut admin, path, "order", limit).await?;
            assert_eq!((found, bound), (wanted.clone(), 2), "in pages of {limit}");
        }
        Ok(())
    })?
}

#[test]
fn a_filter_that_matches_little_ends_its_pages_at_a_bound() -> Result<()> {
    let shop = shop()?;
    let account = super::account_of(&shop.shop, &shop.reseller)?;
    let own = format!("'{account}'::uuid");
    // One order among 5,000, the oldest.
    let state = "CASE n WHEN 1 THEN 'refunded' ELSE 'delivered' END";
    write(&shop.shop, 500, 5_000, ["(n + 9) / 10", &own, state])?;
    let wanted = sorted(&shop.shop, "state = 'refunded'")?;
    block_on(async {
        let mut buyer = shop.shop.client(&shop.reseller.token)?;
        let first = buyer.get("/api/v1/orders?state=refunded").await?.expect(200)?;
        assert_eq!(
            (ids(&first, "order").len(), &first["lookedAt"]),
            (0, &2_000.into()),
            "{first}"
        );
        let (found, bound) = walk(&mut buyer, "/api/v1/orders?state=refunded", "order", 50).await?;
        assert_eq!((found, bound), (wanted.clone(), 2));
        let file = buyer.get("/api/v1/orders.csv?state=refunded").await?;
        assert_eq!(first_cells(&file)?, wanted);
        // Who may see all finds it by its state.
        let mut admin = shop.shop.client(&shop.shop.admin)?;
        let found = admin.get("/api/v1/orders?state=refunded").await?.expect(200)?;
        assert_eq!((ids(&found, "order"), found["next"].is_null()), (wanted.clone(), true));
        // The whole list is long, and is sent to its end.
        let file = admin.get("/api/v1/orders.csv").await?;
        assert_eq!(first_cells(&file)?, sorted(&shop.shop, "true")?);
        Ok::<_, Box<dyn std::error::Error>>(())
    })??;
    let list = |more: &[&str]| {
        let args = [
            "admin",
            "order",
            "list",
            "--account",
            &shop.reseller.name,
            "--status",
            "refunded",
        ];
        shop.shop.cli.run(&[&args, more].concat())
    };
    let told = list(&[])?;
    let (_, next) = told
        .split_once("looked at 2000 and found 0; there may be more: go on with --after ")
        .ok_or_else(|| format!("nothing is said of the bound: {told}"))?;
    let told = list(&["--after", next.trim()])?;
    assert!(told.contains("looked at 2000"), "{told}");
    let file = list(&["--csv"])?;
    assert_eq!(file.lines().count(), 2, "{file}");
    assert!(file.contains(&wanted[0]), "{file}");
    Ok(())
}
