//! Order tokens are revoked: the one that leaked opens nothing any more, the next one opens the order, and nothing else
//! changes.

use std::time::Duration;

use serde_json::{Value, json};
use shelfproof_tests::Result;
use shelfproof_tests::client::Client;
use shelfproof_tests::load::at_once;
use shelfproof_tests::shop::{CURRENCY, PRICE, Purchase, Reseller, Settings, TestShop, codes, order_of};
use shelfproof_tests::vector_chain::block_on;
use sqlx::{Connection, PgConnection};
use tokio::time::{sleep, timeout};

const UNKNOWN: &str = "0192f0c4-b3d4-7e5f-8a6b-7c8d9e0f1a2b";

/// What a request to revoke the first token says.
const FIRST: &str = r#"{"generation":1}"#;

/// How long a session may take to wait for a lock, or to end.
const BOUND: Duration = Duration::from_secs(20);

/// A shop with `nodes` nodes, a product with stock, and a reseller with credit.
fn shop(nodes: usize) -> Result<(TestShop, Reseller, String)> {
    let shop = TestShop::start(&Settings {
        nodes,
        ..Settings::default()
    })?;
    let product = shop.product(PRICE, CURRENCY)?;
    shop.stock_by_api(&product, &codes("token", 4))?;
    let reseller = shop.reseller()?;
    shop.credit(&reseller, "100", CURRENCY)?;
    Ok((shop, reseller, product))
}

/// Waits until the query answers yes.
async fn wait_until(database: &mut PgConnection, query: &'static str) -> Result<()> {
    timeout(BOUND, async {
        while !sqlx::query_scalar::<_, bool>(query).fetch_one(&mut *database).await? {
            sleep(Duration::from_millis(10)).await;
        }
        Result::Ok(())
    })
    .await
    .map_err(|_| format!("not in time: {query}"))?
}

fn revoke_path(purchase: &Purchase) -> String {
    format!("/api/v1/orders/{}/revoke-token", purchase.order)
}

/// The answers of every endpoint that takes an order's token: their statuses.
async fn statuses(shop: &TestShop, token: &str, purchase: &Purchase) -> Result<Vec<u16>> {
    let mut client = shop.client(token)?;
    let order = format!("/api/v1/orders/{}", purchase.order);
    let mut statuses = Vec::new();
    for path in [
        order.clone(),
        format!("/api/v1/proofs/{}", purchase.order),
        format!("/api/v1/proofs/{}", purchase.items[0].key_id),
    ] {
        statuses.push(client.get(&path).await?.status);
    }
    statuses.push(client.post(&format!("{order}/redeem"), r#"{"item":1}"#).await?.status);
    // The only ones: every other endpoint refuses such a token, whatever it opens.
    statuses.push(client.get("/api/v1/orders").await?.status);
    Ok(statuses)
}

/// What [`statuses`] are for a token that opens its order. There is no prover.
const OPENS: [u16; 5] = [200, 503, 503, 200, 403];
const REFUSED: [u16; 5] = [401; 5];

#[test]
fn a_revoked_token_is_refused_everywhere_and_the_next_one_opens_the_order() -> Result<()> {
    let (shop, reseller, product) = shop(1)?;
    block_on(is_replaced(&shop, &reseller, &product))??;
    shop.check()
}

async fn is_replaced(shop: &TestShop, reseller: &Reseller, product: &str) -> Result<()> {
    let mut client = shop.client(&reseller.token)?;
    let first = client.order("one", order_of(product)).await?;
    let (leaked, other) = (
        Purchase::read(&first)?,
        Purchase::read(&client.order("two", order_of(product)).await?)?,
    );
    assert_eq!(statuses(shop, &leaked.token, &leaked).await?, OPENS);
    let order = format!("/api/v1/orders/{}", leaked.order);
    let seen = client.get(&order).await?.expect(200)?;
    assert_eq!(
        (&seen["token"], &seen["tokenGeneration"]),
        (&json!(leaked.token), &json!(1))
    );

    let revoked = client.post(&revoke_path(&leaked), FIRST).await?;
    let answer = revoked.expect(200)?;
    assert_eq!(
        (&answer["order"], &answer["generation"]),
        (&json!(leaked.order), &json!(1))
    );
    let next = answer["token"].as_str().ok_or("no token")?.to_owned();
    assert_eq!(statuses(shop, &leaked.token, &leaked).await?, REFUSED);
    assert_eq!(statuses(shop, &next, &leaked).await?, OPENS);
    assert_eq!(
        statuses(shop, &other.token, &other).await?,
        OPENS,
        "another order's token"
    );
    // Who shows a token is told none: a request with the leaked one may be under way while it is revoked.
    for (shown, token) in [(&reseller.token, json!(next)), (&next, json!(null))] {
        let seen = shop.client(shown)?.get(&order).await?.expect(200)?;
        assert_eq!((&seen["token"], &seen["tokenGeneration"]), (&token, &json!(2)));
    }

    // What was answered first is answered again, to the byte.
    assert_eq!(client.post(&revoke_path(&leaked), FIRST).await?.body, revoked.body);
    assert_eq!(client.order("one", order_of(product)).await?.body, first.body);
    assert_eq!(statuses(shop, &leaked.token, &leaked).await?, REFUSED);

    // The next one leaks too. A late repeat for the first one does not touch the third.
    let again = client
        .post(&revoke_path(&leaked), r#"{"generation":2}"#)
        .await?
        .expect(200)?;
    let third = again["token"].as_str().ok_or("no token")?;
    assert_eq!(client.post(&revoke_path(&leaked), FIRST).await?.expect(200)?, again);
    for (token, expected) in [(leaked.token.as_str(), REFUSED), (&next, REFUSED), (third, OPENS)] {
        assert_eq!(statuses(shop, token, &leaked).await?, expected);
    }
    Ok(())
}

#[test]
fn a_token_is_revoked_by_the_buying_reseller_and_by_an_admin_alone() -> Result<()> {
    let (shop, reseller, product) = shop(1)?;
    let other = shop.reseller()?;
    block_on(is_revoked_by(&shop, &reseller, &other, &product))??;
    let facts = shop.postgres.psql(
        &shop.database,
        "SELECT body FROM shop.outbox WHERE topic = 'order.token_revoked' ORDER BY id",
    )?;
    let generations: Vec<Value> = facts
        .lines()
        .map(|fact| Ok(serde_json::from_str::<Value>(fact)?["generation"].clone()))
        .collect::<Result<_>>()?;
    assert_eq!(generations, [1, 2], "{facts}");
    Ok(())
}

async fn is_revoked_by(shop: &TestShop, reseller: &Reseller, other: &Reseller, product: &str) -> Result<()> {
    let mut client = shop.client(&reseller.token)?;
    let bought = Purchase::read(&client.order("one", order_of(product)).await?)?;
    let path = revoke_path(&bought);
    let unknown = format!("/api/v1/orders/{UNKNOWN}/revoke-token");
    for (token, path, body, status, code) in [
        (&other.token, &path, FIRST, 404, "not_found"),
        (&bought.token, &path, FIRST, 403, "forbidden"),
        (&reseller.token, &unknown, FIRST, 404, "not_found"),
        (&shop.admin, &unknown, FIRST, 404, "not_found"),
        (&reseller.token, &path, r#"{"generation":2}"#, 400, "invalid_field"),
        (&reseller.token, &path, r#"{"generation":0}"#, 400, "invalid_field"),
        (&reseller.token, &path, "{}", 400, "invalid_field"),
    ] {
        let problem = shop.client(token)?.post(path, body).await?.expect(status)?;
        assert_eq!(problem["code"], code, "{path} {body}: {problem}");
        if status == 400 {
            assert_eq!(problem["field"], "/generation", "{problem}");
        }
    }
    assert_eq!(statuses(shop, &bought.token, &bought).await?, OPENS);

    let mut admin = shop.client(&shop.admin)?;
    let revoked = admin.post(&path, FIRST).await?.expect(200)?;
    assert_eq!(
        (&revoked["generation"], &revoked["token"]),
        (&json!(1), &Value::Null),
        "{revoked}"
    );
    let order = format!("/api/v1/orders/{}", bought.order);
    let seen = admin.get(&order).await?.expect(200)?;
    assert_eq!(
        (&seen["tokenGeneration"], &seen["token"]),
        (&json!(2), &Value::Null),
        "{seen}"
    );
    let seen = client.get(&order).await?.expect(200)?;
    let next = seen["token"].as_str().ok_or("no token")?;
    assert_eq!(statuses(shop, next, &bought).await?, OPENS);

    let command = |order, generation| ["admin", "order", "revoke-token", order, "--generation", generation];
    let revoked = shop.cli.json(&command(&bought.order, "2"))?;
    assert_eq!(
        revoked,
        shop.cli.json(&command(&bought.order, "1"))?,
        "it was revoked before"
    );
    assert_eq!(revoked["generation"], 2);
    assert_eq!(statuses(shop, next, &bought).await?, REFUSED);
    let shown = shop.cli.json(&["admin", "order", "show", &bought.order])?;
    assert_eq!(
        (&shown["tokenGeneration"], &shown["token"]),
        (&json!(3), &Value::Null),
        "{shown}"
    );
    for (args, words) in [
        (command(&bought.order, "4"), "newest token has the generation 3"),
        (command(UNKNOWN, "1"), "there is no order"),
    ] {
        let error = shop.cli.run(&args).err().ok_or("it was revoked")?.to_string();
        assert!(error.contains(words), "{error}");
    }
    Ok(())
}

#[test]
fn of_those_who_revoke_a_token_at_once_all_get_the_next_one() -> Result<()> {
    let (shop, reseller, product) = shop(2)?;
    let bought = block_on(async {
        let mut client = shop.client(&reseller.token)?;
        Purchase::read(&client.order("one", order_of(&product)).await?)
    })??;
    let path = revoke_path(&bought);
    let callers = (0..8).map(|caller| {
        let (client, path) = (Client::new(shop.address(caller % 2), &reseller.token), path.clone());
        async move { client?.post(&path, FIRST).await?.expect(200) }
    });
    let answers: Vec<Value> = at_once(callers)?.into_iter().collect::<Result<_>>()?;
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    assert_eq!(
        shop.ask("SELECT count(*) FROM shop.outbox WHERE topic = 'order.token_revoked'")?,
        1
    );
    let next = answers[0]["token"].as_str().ok_or("no token")?;
    assert_eq!(block_on(statuses(&shop, next, &bought))??, OPENS);
    Ok(())
}

#[test]
fn a_node_that_is_killed_while_it_revokes_leaves_the_token_whole() -> Result<()> {
    let (mut shop, reseller, product) = shop(2)?;
    let bought = block_on(async {
        let mut client = shop.client(&reseller.token)?;
        Purchase::read(&client.order("one", order_of(&product)).await?)
    })??;
    let path = revoke_path(&bought);
    block_on(async {
        let mut holder = PgConnection::connect(&shop.postgres.connection_url(&shop.database)).await?;
        sqlx::raw_sql("BEGIN; SELECT FROM shop.orders FOR UPDATE")
            .execute(&mut holder)
            .await?;
        let mut client = Client::new(shop.address(1), &reseller.token)?;
        let asked = path.clone();
        let asking = tokio::spawn(async move { client.post(&asked, FIRST).await.map(|answer| answer.status) });
        wait_until(&mut holder, "SELECT count(*) > 0 FROM pg_locks WHERE NOT granted").await?;
        shop.kill_node(1);
        assert!(asking.await?.is_err(), "the node answered");
        sqlx::raw_sql("ROLLBACK").execute(&mut holder).await?;
        // The server notices that the node is gone once its session has the lock.
        let gone =
            "SELECT count(*) = 0 FROM pg_stat_activity WHERE state LIKE '%transaction%' AND pid <> pg_backend_pid()";
        wait_until(&mut holder, gone).await
    })??;
    assert_eq!(block_on(statuses(&shop, &bought.token, &bought))??, OPENS);
    block_on(async { shop.client(&reseller.token)?.post(&path, FIRST).await?.expect(200) })??;
    assert_eq!(block_on(statuses(&shop, &bought.token, &bought))??, REFUSED);
    assert_eq!(
        shop.ask("SELECT count(*) FROM shop.outbox WHERE topic = 'order.token_revoked'")?,
        1
    );
    shop.check()
}
