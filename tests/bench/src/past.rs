//! The rows of products that were sold in the past, written by SQL.
//!
//! Each row is a copy of one that the node wrote, with its own numbers and references in place of the copied ones: so
//! it has the columns and the width of a real row, whatever columns there are. Ids and hashes that an index holds are
//! spread as real ones are. The chains of takes and of ledger entries are whole; hashes, signatures and what an order
//! says about its content belong to the copied rows, so that `admin check` would find them wrong. Batches lie a minute
//! apart.

use super::shop::BenchShop;
use shelfproof_tests::Result;
use shelfproof_tests::shop::{CURRENCY, PRICE, PRICE_MINOR};

/// The orders of a batch of sales, each of one key.
const ORDERS: i64 = 25;

/// The keys of one transaction of an import.
const CHUNK: i64 = 1_000;

/// Transactions' numbers for the rows: far above those that the cluster will reach.
const SALE_XID: i64 = 1 << 40;
const IMPORT_XID: i64 = 1 << 41;

/// Products of one size.
pub(super) struct Products {
    pub(super) products: usize,
    /// How many batches of sales each has. It has twice as many keys as were sold.
    pub(super) batches: i64,
}

/// The rows to copy, and the numbers at which the next product begins.
pub(super) struct Past {
    /// A key of the shop's product that was sold, and its order.
    pub(super) key: i64,
    order: String,
    pool: i64,
    /// The wallet that pays for all sales, and the one that was paid.
    credit: i64,
    revenue: i64,
    /// The columns of each table that can be written.
    columns: Vec<(&'static str, Vec<String>)>,
    products: usize,
    /// What columns of orders hold in place of what was copied, by the number `n` of the key that was bought.
    pub(super) orders: Vec<(&'static str, String)>,
}

/// The ids of one product of the past.
struct Ids {
    sku: String,
    pool: i64,
    revenue: i64,
    /// The number of its first key.
    key: i64,
    /// The posting of its first batch of sales.
    posting: i64,
    batches: i64,
}

/// The tables that are written.
const TABLES: [&str; 9] = [
    "shop.batches",
    "shop.keys",
    "shop.goods",
    "attest.events",
    "attest.sale_batches",
    "shop.takes",
    "shop.orders",
    "shop.ledger_entries",
    "shop.transfers",
];

impl Past {
    /// Chooses the rows to copy. At least one key must be sold, by one account, and the newest not sold.
    pub(super) fn open(shop: &BenchShop) -> Result<Self> {
        let product = &shop.product;
        let text = |sql: &str| shop.shop.postgres.psql(&shop.shop.database, sql);
        let columns = |table: &'static str| {
            let names = text(&format!(
                "SELECT string_agg(attname, ' ' ORDER BY attnum) FROM pg_attribute \
                 WHERE attrelid = '{table}'::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''"
            ))?;
            Result::Ok((table, names.split(' ').map(ToOwned::to_owned).collect()))
        };
        let key = shop
            .shop
            .ask("SELECT key_no FROM attest.events WHERE kind = 3 ORDER BY key_no LIMIT 1")?;
        Ok(Self {
            key,
            order: text(&format!(
                "SELECT order_id FROM attest.events WHERE key_no = {key} AND kind = 3"
            ))?,
            pool: shop.shop.ask(&ids_of(product, "pools.id"))?,
            credit: shop.shop.ask("SELECT id FROM shop.wallets WHERE kind = 'credit'")?,
            revenue: shop.shop.ask(&ids_of(product, "wallets.id"))?,
            columns: TABLES.into_iter().map(columns).collect::<Result<_>>()?,
            products: 0,
            orders: Vec::new(),
        })
    }

    /// Writes a product with that many batches of sales, and as many keys again that are on sale.
    pub(super) fn write(&mut self, shop: &BenchShop, batches: i64) -> Result<()> {
        self.products += 1;
        let product = shop
            .shop
            .cli
            .product_create(&format!("past {}", self.products), PRICE, CURRENCY)?;
        let ask = |sql: &str| shop.shop.ask(sql);
        let keys = 2 * batches * ORDERS;
        let ids = Ids {
            sku: shop
                .shop
                .postgres
                .psql(&shop.shop.database, &ids_of(&product, "skus.id"))?,
            pool: ask(&ids_of(&product, "pools.id"))?,
            revenue: ask(&ids_of(&product, "wallets.id"))?,
            key: ask(&reserve("pg_get_serial_sequence('shop.keys', 'no')", keys))? - keys + 1,
            // A number for each batch, and one for each of their transfers.
            posting: ask(&reserve("'shop.postings'", 2 * batches))? - 2 * batches + 1,
            batches,
        };
        let rows = [self.stock(&ids)?, self.sales(&ids)?, self.money(&ids)?].concat();
        // Without foreign keys and triggers: those that look up the row before would take hours. What a crash leaves is
        // thrown away with the cluster.
        shop.shop
            .postgres
            .psql(
                &shop.shop.database,
                &format!("BEGIN; SET LOCAL session_replication_role = replica; {rows}; COMMIT"),
            )
            .map(drop)
    }

    /// The batch, its keys with their goods, and the events up to their activation.
    fn stock(&self, ids: &Ids) -> Result<String> {
        let (key, keys, sold) = (ids.key, 2 * ids.batches * ORDERS, ids.batches * ORDERS);
        let batch = format!("md5('past batch {key}')::uuid");
        let numbers = |first: i64, count: i64| format!("generate_series({first}::bigint, {}) n", first + count - 1);
        let slot = format!("n - {}", key - 1);
        let new_keys = |template: &str, first: i64, count: i64| {
            let values = [
                ("no", "n"),
                ("key_id", KEY_ID),
                ("batch_id", &batch),
                ("pool_id", &ids.pool.to_string()),
                ("slot", &slot),
            ];
            self.copy("shop.keys", template, &numbers(first, count), &values)
        };
        let event = |version: u8| {
            let values = [
                ("key_no", "n"),
                ("key_id", KEY_ID),
                ("xid", &xid(IMPORT_XID, &format!("n / {CHUNK} * 2 + {version}"))),
            ];
            let template = format!("attest.events WHERE key_no = {} AND version = {version}", self.key);
            self.copy("attest.events", &template, &numbers(key, keys), &values)
        };
        let statements = [
            self.copy(
                "shop.batches",
                &format!(
                    "shop.batches WHERE id = (SELECT batch_id FROM shop.keys WHERE no = {})",
                    self.key
                ),
                "(VALUES (1)) v (n)",
                &[
                    ("id", &batch),
                    ("sku_id", &format!("'{}'", ids.sku)),
                    ("name", "'past'"),
                ],
            )?,
            new_keys(&format!("shop.keys WHERE no = {}", self.key), key, sold)?,
            new_keys(
                &format!("shop.keys WHERE pool_id = {} ORDER BY slot DESC LIMIT 1", self.pool),
                key + sold,
                keys - sold,
            )?,
            self.copy(
                "shop.goods",
                &format!("shop.goods WHERE key_no = {}", self.key),
                &numbers(key, keys),
                &[("key_no", "n"), ("line", &slot)],
            )?,
            event(1)?,
            event(2)?,
            format!("UPDATE shop.pools SET tail = {} WHERE id = {}", keys + 1, ids.pool),
        ];
        Ok(statements.join(";\n") + ";\n")
    }

    /// The batches of sales, what they took, the orders, and the sold events.
    fn sales(&self, ids: &Ids) -> Result<String> {
        let (key, posting, batches) = (ids.key, ids.posting, ids.batches);
        let each_batch = format!("generate_series(0::bigint, {}) n", batches - 1);
        let each_key = format!("generate_series({key}::bigint, {}) n", key + batches * ORDERS - 1);
        let batch_of_key = format!("{posting} + (n - {key}) / {ORDERS}");
        let of_order = format!("(SELECT batch_id FROM shop.orders WHERE id = '{}')", self.order);
        let created_at_ms = past("created_at_ms", &batch_of_key);
        let mut orders = vec![
            ("id", ORDER_ID),
            ("keys", "ARRAY[n]"),
            ("batch_id", &batch_of_key),
            ("created_at_ms", &created_at_ms),
        ];
        orders.extend(self.orders.iter().map(|(column, value)| (*column, value.as_str())));
        let statements = [
            self.copy(
                "attest.sale_batches",
                &format!("attest.sale_batches WHERE id = {of_order}"),
                &each_batch,
                &[
                    ("id", &format!("{posting} + n")),
                    ("xid", &xid(SALE_XID, &format!("{posting} + n"))),
                    ("at_ms", &past("at_ms", &format!("{posting} + n"))),
                ],
            )?,
            self.copy(
                "shop.takes",
                &format!("shop.takes WHERE pool_id = {} ORDER BY first_slot LIMIT 1", self.pool),
                &each_batch,
                &[
                    ("pool_id", &ids.pool.to_string()),
                    ("first_slot", &format!("n * {ORDERS} + 1")),
                    ("end_slot", &format!("(n + 1) * {ORDERS} + 1")),
                    ("batch_id", &format!("{posting} + n")),
                ],
            )?,
            self.copy(
                "shop.orders",
                &format!("shop.orders WHERE id = '{}'", self.order),
                &each_key,
                &orders,
            )?,
            self.copy(
                "attest.events",
                &format!("attest.events WHERE key_no = {} AND kind = 3", self.key),
                &each_key,
                &[
                    ("key_no", "n"),
                    ("key_id", KEY_ID),
                    ("order_id", ORDER_ID),
                    ("xid", &xid(SALE_XID, &batch_of_key)),
                ],
            )?,
        ];
        Ok(statements.join(";\n") + ";\n")
    }

    /// The ledgers of the wallet that paid and of the product's revenue, and the transfers between them.
    fn money(&self, ids: &Ids) -> Result<String> {
        let (credit, revenue, posting, batches) = (self.credit, ids.revenue, ids.posting, ids.batches);
        let each_batch = format!("generate_series(0::bigint, {}) n", batches - 1);
        let amount = ORDERS * PRICE_MINOR;
        let newest =
            |wallet: i64| format!("shop.ledger_entries WHERE wallet_id = {wallet} ORDER BY posting_id DESC LIMIT 1");
        let statements = [
            self.copy(
                "shop.ledger_entries",
                &newest(credit),
                &each_batch,
                &[
                    ("posting_id", &format!("{posting} + n")),
                    (
                        "prev",
                        &format!("CASE n WHEN 0 THEN t.posting_id ELSE {posting} + n - 1 END"),
                    ),
                    ("delta_minor", &format!("-{amount}")),
                    ("balance_minor", &format!("t.balance_minor - {amount} * (n + 1)")),
                ],
            )?,
            self.copy(
                "shop.ledger_entries",
                &newest(self.revenue),
                &each_batch,
                &[
                    ("wallet_id", &revenue.to_string()),
                    ("posting_id", &format!("{posting} + n")),
                    ("prev", &format!("CASE WHEN n > 0 THEN {posting} + n - 1 END")),
                    ("delta_minor", &amount.to_string()),
                    ("balance_minor", &format!("{amount} * (n + 1)")),
                ],
            )?,
            self.copy(
                "shop.transfers",
                "shop.transfers WHERE kind = 'sale' LIMIT 1",
                &each_batch,
                &[
                    ("id", &format!("{} + n", posting + batches)),
                    ("cause", &format!("format('%s/{credit}/{revenue}', {posting} + n)")),
                    ("from_wallet", &credit.to_string()),
                    ("to_wallet", &revenue.to_string()),
                    ("amount_minor", &amount.to_string()),
                ],
            )?,
        ];
        Ok(statements.join(";\n"))
    }

    /// A statement that copies the one row `template` of `table` once for each of `rows`, with those values in its
    /// columns. A value may name the copied row `t` and the number `n`.
    fn copy(&self, table: &str, template: &str, rows: &str, values: &[(&str, &str)]) -> Result<String> {
        let found = self.columns.iter().find(|(name, _)| *name == table);
        let (_, columns) = found.ok_or_else(|| format!("{table} was not looked up"))?;
        if let Some((column, _)) = values
            .iter()
            .find(|(column, _)| !columns.iter().any(|name| name == column))
        {
            return Err(format!("{table} has no column {column}: rows of the past cannot be written").into());
        }
        let value = |column: &String| {
            let own = values.iter().find(|(name, _)| name == column);
            own.map_or_else(|| format!("t.{column}"), |(_, value)| (*value).to_owned())
        };
        let all: Vec<String> = columns.iter().map(value).collect();
        Ok(format!(
            "INSERT INTO {table} ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM (SELECT * FROM {template}) t, {rows}",
            columns.join(", "),
            all.join(", ")
        ))
    }
}

/// How long before the copied row the past begins: more minutes than it has batches.
const LONG_MS: i64 = 500_000 * 60_000;

/// A key's id by its number, as spread as real ones.
const KEY_ID: &str = "sha256(int8send(n))";
/// An order's id by the number of the key that it bought.
const ORDER_ID: &str = "md5('past ' || n)::uuid";

/// The time of a batch by its number: as many minutes after a day long before that of the copied row.
fn past(column: &str, batch: &str) -> String {
    format!("t.{column} - {LONG_MS} + ({batch}) * 60000")
}

/// The name of a transaction: those of one kind begin at `first`.
fn xid(first: i64, number: &str) -> String {
    format!("({first} + {number})::text::xid8")
}

/// A query for one id of what belongs to a product.
fn ids_of(product: &str, id: &str) -> String {
    format!(
        "SELECT {id} FROM shop.skus JOIN shop.pools ON pools.sku_id = skus.id \
         JOIN shop.wallets ON wallets.product_id = skus.product_id WHERE skus.product_id = '{product}'"
    )
}

/// A query that takes that many numbers from a sequence, and returns the last.
fn reserve(sequence: &str, numbers: i64) -> String {
    format!("SELECT setval({sequence}, nextval({sequence}) + {numbers} - 1)")
}
