//! The node's sale as a pgbench script: its own SQL files, with expressions in place of the parameters.
//!
//! Two numbers determine what differs between transactions, so that the script costs almost nothing to evaluate: the
//! first order, from which the ids follow, and the pool's cursor, from which the numbers of the keys follow. Hashes,
//! signatures and bodies, which the node computes, are constant bytes of the same length.

use std::fs;

use super::super::shop::BenchShop;
use shelfproof_tests::shop::{CURRENCY, PRICE_MINOR};
use shelfproof_tests::{Result, tools};

/// The rows that the statements name, as they are in the database.
pub(super) struct Rows {
    account: String,
    product: String,
    pool: i64,
    credit: i64,
    revenue: i64,
    /// The number of a key minus its slot.
    offset: i64,
    body_chars: i64,
}

impl Rows {
    /// Reads them from the database, in which at least one key must be sold.
    pub(super) fn read(shop: &BenchShop) -> Result<Self> {
        let ask = |sql: &str| shop.shop.ask(sql);
        if ask("SELECT count(DISTINCT no - slot) FROM shop.keys")? != 1 {
            return Err("the keys' numbers do not follow their slots".into());
        }
        let wallet = |kind: &str| ask(&format!("SELECT id FROM shop.wallets WHERE kind = '{kind}'"));
        let database = &shop.shop.database;
        let account = "SELECT account_id FROM shop.wallets WHERE kind = 'credit'";
        Ok(Self {
            account: shop.shop.postgres.psql(database, account)?,
            product: shop.product.clone(),
            pool: ask("SELECT id FROM shop.pools")?,
            credit: wallet("credit")?,
            revenue: wallet("revenue")?,
            offset: ask("SELECT min(no - slot) FROM shop.keys")?,
            body_chars: ask("SELECT max(char_length(body)) FROM attest.events WHERE kind = 3")?,
        })
    }
}

/// Returns a transaction over `batch` orders of one key each.
pub(super) fn script(rows: &Rows, batch: i64) -> Result<String> {
    let node = |name: &str, parameters: &[String]| statement(&format!("node/src/store/sql/{name}.sql"), parameters);
    let anchor = |name: &str, parameters: &[String]| statement(&format!("anchor/src/store/sql/{name}.sql"), parameters);
    let numbers = |start: &str| format!("generate_series({start}, {start} + {}) AS number", batch - 1);
    // The node's ids are hashes, so they are spread over the whole index. These are too.
    let orders = format!(
        "ARRAY(SELECT md5(number::text)::uuid FROM {})",
        numbers(":order::bigint")
    );
    let keys = format!(
        "ARRAY(SELECT number FROM {})",
        numbers(&format!("(:cursor::bigint + {})", rows.offset))
    );
    let same = |value: &str| format!("array_fill({value}, ARRAY[{batch}])");
    let bytes = |length: i64| same(&format!("decode(repeat('a7', {length}), 'hex')"));
    let account = same(&format!("'{}'::uuid", rows.account));
    let (at_ms, at_s) = (same("1790000000000::bigint"), same("1790000000::bigint"));
    let (version, hash, price) = (same("3"), bytes(32), same(&format!("{PRICE_MINOR}::bigint")));
    let list = |items: &[&String]| items.iter().map(|item| (*item).clone()).collect::<Vec<_>>();

    let earlier = node("sale_earlier", &list(&[&orders]))?;
    let (product, payer) = (
        format!("ARRAY['{}'::uuid]", rows.product),
        format!("ARRAY['{}'::uuid]", rows.account),
    );
    let none = "ARRAY[]::uuid[]".to_owned();
    let locked = node("sale_lock", &list(&[&product, &payer, &none, &none]))?;
    let facts = node("sale_facts", &list(&[&product, &payer]))?;
    let wanted = [
        &rows.pool.to_string(),
        &batch.to_string(),
        ":cursor::bigint",
        ":tail::bigint",
        "0::bigint",
    ];
    let taken = node("sale_keys", &wanted.map(|value| format!("ARRAY[{value}]")))?;
    let total = PRICE_MINOR * batch;
    let line = format!("{{\"({},,1,{PRICE_MINOR},0,{PRICE_MINOR},delivered)\"}}", rows.product);
    let write = node(
        "sale_write",
        &[
            // The takes of the pool.
            vec![
                format!("ARRAY[{}]", rows.pool),
                "ARRAY[:cursor::bigint]".to_owned(),
                format!("ARRAY[:cursor::bigint + {batch}]"),
                "ARRAY[0::bigint]".to_owned(),
                "ARRAY[0::bigint]".to_owned(),
            ],
            // Wallets and transfers.
            vec![
                format!("ARRAY[{}, {}]", rows.credit, rows.revenue),
                format!("ARRAY[-{total}, {total}]"),
                format!("ARRAY[{}]", rows.credit),
                format!("ARRAY[{}]", rows.revenue),
                format!("ARRAY[{total}]"),
                "1790000000000::bigint".to_owned(),
                "decode(repeat('a7', 65), 'hex')".to_owned(),
            ],
            // Orders.
            list(&[&orders, &hash, &account, &same("NULL::bytea"), &same("'api'::text")]),
            list(&[
                &same("NULL::bytea"),
                &same("'delivered'::text"),
                &version,
                &same("NULL::text"),
            ]),
            vec![
                same(&format!("'{line}'::text")),
                format!("ARRAY(SELECT '{{' || number || '}}' FROM unnest({keys}) AS number)"),
            ],
            list(&[&price, &same("0::bigint"), &price]),
            vec![same(&format!("'{CURRENCY}'::text"))],
        ]
        .concat(),
    )?;
    let body = same(&format!("repeat('x', {})", rows.body_chars));
    let (before, kind) = (same("2::smallint"), same("3::smallint"));
    let append = anchor(
        "event_append",
        &[
            list(&[
                &keys, &version, &before, &kind, &at_ms, &hash, &hash, &hash, &hash, &body,
            ]),
            list(&[&at_s, &orders, &same("1")]),
        ]
        .concat(),
    )?;
    let prepare = node("session_prepare", &["'250ms'".to_owned()])?;
    Ok(format!(
        "\\if :new\n{prepare};\n\\set new 0\n\\endif\n\\set order :client_id * 1000000000 + :first\nBEGIN;\n{earlier};\n{locked};\nSELECT cursor, tail FROM ({facts}) facts WHERE is_pool \\gset\n{taken};\n\
         {write};\n{append};\nCOMMIT;\n\\set first :first + {batch}\n"
    ))
}

/// Returns the statement in a file, without its comments, with each `$n` replaced by the n-th of `parameters`.
fn statement(path: &str, parameters: &[String]) -> Result<String> {
    let text = fs::read_to_string(tools::root().join(path))?;
    let code = text.lines().filter(|line| !line.trim_start().starts_with("--"));
    let mut statement = code.collect::<Vec<_>>().join("\n");
    // From the last parameter to the first, so that $1 is not found in $10.
    for (at, parameter) in parameters.iter().enumerate().rev() {
        let name = format!("${}", at + 1);
        if !statement.contains(&name) {
            return Err(format!("{path} has no {name}").into());
        }
        statement = statement.replace(&name, parameter);
    }
    if statement.contains('$') {
        return Err(format!("{path} has more than {} parameters", parameters.len()).into());
    }
    Ok(statement)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_parameter_of_the_node_s_files_gets_a_value() -> Result<()> {
        let rows = Rows {
            account: "01890a5d-ac96-774b-bcce-b302099a8057".to_owned(),
            product: "01890a5d-ac96-774b-bcce-b302099a8058".to_owned(),
            pool: 1,
            credit: 1,
            revenue: 2,
            offset: 0,
            body_chars: 200,
        };
        let text = script(&rows, 24)?;

        assert!(!text.contains('$'), "{text}");
        assert_eq!(text.matches("\nBEGIN;").count() + text.matches("\nCOMMIT;").count(), 2);
        Ok(())
    }
}
