//! Nothing secret is read where it does not belong: logs, answers to others, metrics, errors, command lines.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::json;
use shelfproof_tests::Result;
use shelfproof_tests::client::{Answer, Client};
use shelfproof_tests::shop::{CURRENCY, PRICE, Purchase, Settings, Shop, codes, order_lines, order_of};
use shelfproof_tests::vector_chain::block_on;

/// Orders of the run, and the codes on the shelf.
const ORDERS: usize = 40;
const STOCK: usize = 100;

/// The command lines of every process, again and again until told to stop.
fn watch_processes(stop: &AtomicBool) -> String {
    let mut seen = String::new();
    while !stop.load(Ordering::Relaxed) {
        for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
            let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
            let line = String::from_utf8_lossy(&line).replace('\0', " ");
            // Each once: what is shown again tells nothing new.
            if !line.is_empty() && !seen.contains(&line) {
                seen += &line;
                seen.push('\n');
            }
        }
        thread::sleep(Duration::from_millis(2));
    }
    seen
}

#[test]
fn nothing_secret_is_read_where_it_does_not_belong() -> Result<()> {
    let stop = AtomicBool::new(false);
    let (ran, processes) = thread::scope(|scope| {
        let watcher = scope.spawn(|| watch_processes(&stop));
        let ran = run();
        stop.store(true, Ordering::Relaxed);
        (ran, watcher.join())
    });
    let (secrets, mut read) = ran?;
    let processes = processes.map_err(|_| "the watcher panicked")?;
    assert!(processes.contains(" serve"), "no node was seen: {processes}");
    read.push(("command lines", processes));
    for (place, text) in &read {
        assert!(*place != "logs" || !text.contains("a panic"), "{place}: {text}");
        for (what, secret) in &secrets {
            assert!(!secret.is_empty());
            // The secret itself is not printed here either.
            assert!(!text.contains(secret.as_str()), "{place}: holds {what}");
        }
    }
    Ok(())
}

type Named = Vec<(&'static str, String)>;

/// A shop's life, good and bad: its secrets, and all that others could read of it.
fn run() -> Result<(Named, Named)> {
    let mut shop = Shop::start(&Settings {
        nodes: 2,
        ..Settings::default()
    })?;
    let product = shop.product(PRICE, CURRENCY)?;
    let mut stock = codes("secret", STOCK);
    // Lines that are refused: one twice, one too long, one that is no code.
    let (odd, long) = ("!!! ??? !!!".to_owned(), "SECRETLONG".repeat(500));
    shop.stock(&product, &[&stock[..], &[stock[0].clone(), odd, long.clone()]].concat())?;
    let (channel, other) = (shop.channel()?, shop.channel()?);
    shop.credit(&channel, "10000.00", CURRENCY)?;

    let (purchases, mut read) = block_on(sell(&shop, &product, &channel.token, &other.token))??;
    shop.kill_node(1);
    read.push(("metrics", block_on(metrics(&shop))??));
    for command in [
        &["admin", "check"][..],
        &["activate", "none"],
        &["import", "none", "--product", "none"],
        &["--help"],
    ] {
        let output = shop.cli.output(command)?;
        read.push((
            "command line",
            String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned(),
        ));
    }
    read.push(("logs", shop.logs()?));

    stock.push(long);
    let canonical = |code: &String| ("a canonical code", code.replace('-', "").to_lowercase());
    let tokens = [&channel.token, &other.token, &shop.admin];
    let keys = tokens.map(|token| ("an API key", token.rsplit('_').next().unwrap_or_default().to_owned()));
    let order_tokens = purchases
        .iter()
        .map(|purchase| ("an order's token", purchase.token.clone()));
    let mut secrets: Named = Shop::secrets().map(|secret| ("a password", secret.to_owned())).to_vec();
    secrets.extend(stock.iter().map(canonical));
    secrets.extend(keys);
    secrets.extend(order_tokens);
    secrets.extend(stock.into_iter().map(|code| ("a code", code)));
    Ok((secrets, read))
}

/// Sales and failures; what was bought, and what others than the buyer were answered.
async fn sell(shop: &Shop, product: &str, token: &str, other: &str) -> Result<(Vec<Purchase>, Named)> {
    let (mut client, mut others, mut admin) = (shop.client(token)?, shop.client(other)?, shop.client(&shop.admin)?);
    let (mut purchases, mut read) = (Vec::new(), Vec::new());
    let mut keep = |answer: Answer| {
        read.push((
            "an answer to another",
            format!("{:?} {}", answer.headers, answer.text()),
        ));
    };
    for number in 0..ORDERS {
        let bought = client.order(&format!("secret-{number}"), order_of(product)).await?;
        let purchase = Purchase::read(&bought)?;
        let order = format!("/api/v1/orders/{}", purchase.order);
        keep(others.get(&order).await?);
        keep(
            others
                .post(&format!("{order}/redeem"), json!({"item": 1}).to_string())
                .await?,
        );
        keep(admin.get(&order).await?);
        let forged = format!("{}x", purchase.token);
        keep(Client::new(shop.address(1), &forged)?.get(&order).await?);
        let mut holder = Client::new(shop.address(1), &purchase.token)?;
        assert_eq!(holder.get(&order).await?.status, 200);
        purchases.push(purchase);
    }
    let first = &purchases[0];
    let redeem = format!("/api/v1/orders/{}/redeem", first.order);
    client
        .post(&redeem, json!({"item": 1}).to_string())
        .await?
        .expect(200)?;
    let refund = format!("/api/v1/orders/{}/refund", purchases[1].order);
    keep(admin.post(&refund, json!({"item": 1}).to_string()).await?);
    keep(
        admin
            .post(
                &format!("/api/v1/keys/{}/void", first.items[0].key_id),
                json!({"reason": "test"}).to_string(),
            )
            .await?,
    );
    for path in ["orders", "orders?limit=100", "wallet"] {
        keep(others.get(&format!("/api/v1/{path}")).await?);
    }
    for path in ["products", "batches"] {
        keep(admin.get(&format!("/api/v1/{path}")).await?);
    }
    keep(admin.get(&format!("/api/v1/keys/{}", first.items[0].key_id)).await?);
    keep(admin.get(&format!("/api/v1/products/{product}/stock")).await?);
    // Failures: no credit, no stock, another request, no token, no JSON.
    keep(others.order("secret-poor", order_of(product)).await?);
    keep(client.order("secret-many", order_lines(&[(product, 100)])).await?);
    keep(client.order("secret-0", order_lines(&[(product, 2)])).await?);
    keep(client.order("secret-none", first.items[0].code.clone()).await?);
    keep(
        Client::new(shop.address(0), "")?
            .get(&format!("/api/v1/orders/{}", first.order))
            .await?,
    );
    keep(
        Client::new(shop.address(0), &first.items[0].code)?
            .get("/api/v1/orders")
            .await?,
    );
    for path in ["/readyz", "/.well-known/shelfproof.json", "/openapi.json"] {
        keep(others.get(path).await?);
    }
    Ok((purchases, read))
}

async fn metrics(shop: &Shop) -> Result<String> {
    let mut text = String::new();
    for token in ["", &shop.admin] {
        text += &shop.client(token)?.get("/metrics").await?.text();
    }
    Ok(text)
}
