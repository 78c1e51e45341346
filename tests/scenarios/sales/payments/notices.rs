//! Notices: repeated, forged, and cut off by a crash of the node.

use std::time::Duration;

use http_body_util::Full;
use hyper::Request;
use hyper::header::HOST;
use serde_json::json;
use shelfproof_tests::Result;
use shelfproof_tests::client::Client;
use shelfproof_tests::load::at_once;
use shelfproof_tests::shop::{OTHER_PID, PID, PayingShop, notice, signed};
use shelfproof_tests::vector_chain::block_on;
use tokio::time::sleep;

use super::{MOVED, key, notify, shop};

/// How many times a notice is sent at once.
const TIMES: usize = 100;

#[test]
fn a_notice_sent_a_hundred_times_at_once_delivers_once_and_is_taken_each_time() -> Result<()> {
    let shop = shop(5)?;
    let (query, placed) = block_on(async {
        shop.hold_notices(true).await?;
        let placed = shop.place(&key("a"), 1).await?;
        let trade_no = shop.pay(&placed.url).await?;
        Result::Ok((signed(PID, notice(PID, &placed.payment, &trade_no)), placed))
    })??;
    let address = shop.shop.address(0);
    let sent = at_once((0..TIMES).map(|_| {
        let query = query.clone();
        async move {
            let mut client = Client::new(address, "").map_err(|error| error.to_string())?;
            let answer = notify(&mut client, "main", &query).await;
            answer.map_err(|error| error.to_string())
        }
    }))?;
    assert_eq!(sent.len(), TIMES);
    for answer in sent {
        assert_eq!(answer?, (200, "success".to_owned()));
    }
    let order = block_on(shop.order(&placed))??;
    assert_eq!(
        (&order["state"], order["items"].as_array().map(Vec::len)),
        (&json!("delivered"), Some(1))
    );
    for (count, sql) in [
        (1, "SELECT count(*) FROM shop.payments WHERE state = 'received'"),
        (1, "SELECT count(*) FROM shop.transfers WHERE kind = 'payment'"),
        (1, "SELECT count(*) FROM shop.transfers WHERE kind = 'sale'"),
        (0, "SELECT count(*) FROM shop.reviews"),
    ] {
        assert_eq!(shop.shop.ask(sql)?, count, "{sql}");
    }
    shop.shop.check()
}

#[test]
fn a_notice_that_was_taken_is_taken_again_without_the_gateway() -> Result<()> {
    let shop = shop(1)?;
    let query = block_on(async {
        shop.hold_notices(true).await?;
        let placed = shop.place(&key("a"), 1).await?;
        let trade_no = shop.pay(&placed.url).await?;
        let query = signed(PID, notice(PID, &placed.payment, &trade_no));
        let answer = notify(&mut shop.guest()?, "main", &query).await?;
        assert_eq!(answer, (200, "success".to_owned()));
        shop.wait_for(&placed, "delivered").await?;
        Result::Ok(query)
    })??;
    shop.stop_gateway()?;
    let answer = block_on(async { notify(&mut shop.guest()?, "main", &query).await })??;
    assert_eq!(answer, (200, "success".to_owned()));
    shop.shop.check()
}

#[test]
fn what_is_no_notice_of_a_payment_moves_nothing() -> Result<()> {
    let shop = shop(2)?;
    block_on(moves_nothing(&shop))??;
    assert_eq!(shop.shop.ask(MOVED)?, 0);
    let logs = shop.shop.logs()?;
    assert!(logs.contains("a notice was refused"), "refusals are logged");
    assert!(
        logs.contains("the gateway does not confirm payment 0"),
        "with the payment that they name"
    );
    Ok(())
}

async fn moves_nothing(shop: &PayingShop) -> Result<()> {
    let placed = shop.place(&key("a"), 1).await?;
    let mut client = shop.guest()?;
    let good = || notice(PID, &placed.payment, "T1");
    let right = signed(PID, good());
    let sign = right
        .split('&')
        .find(|part| part.starts_with("sign="))
        .ok_or("unsigned")?;
    let unknown = "0192f0c4a1b27c3d8e4f5a6b7c8d9e0f";
    for (why, gateway, query, status) in [
        (
            "forged",
            "main",
            right.replace(sign, &format!("sign={}", "0".repeat(32))),
            400,
        ),
        ("without a signature", "main", right.replace(sign, "sign="), 400),
        (
            "of another amount than was signed",
            "main",
            right.replace("money=9.90", "money=0.01"),
            400,
        ),
        (
            "of another amount",
            "main",
            signed(PID, good().with("money", "9.89")),
            400,
        ),
        (
            "of an unknown order",
            "main",
            signed(PID, notice(PID, unknown, "T1")),
            400,
        ),
        ("of no order", "main", signed(PID, notice(PID, "1", "T1")), 400),
        (
            "without the trade's number",
            "main",
            signed(PID, good().with("trade_no", "")),
            400,
        ),
        (
            "of another account",
            "main",
            signed(OTHER_PID, notice(OTHER_PID, &placed.payment, "T1")),
            400,
        ),
        (
            "for another account",
            "main",
            signed(PID, notice(OTHER_PID, &placed.payment, "T1")),
            400,
        ),
        ("to another account", "second", right.clone(), 400),
        (
            "by another account",
            "other",
            signed(OTHER_PID, notice(OTHER_PID, &placed.payment, "T1")),
            400,
        ),
        ("to nobody", "nowhere", right.clone(), 404),
        ("empty", "main", String::new(), 400),
        ("that the gateway does not confirm", "main", right.clone(), 409),
        (
            "the page's own query",
            "main",
            placed.url.split_once('?').ok_or("no query")?.1.to_owned(),
            400,
        ),
    ] {
        let answer = notify(&mut client, gateway, &query).await?;
        assert_eq!(answer, (status, "fail".to_owned()), "a notice {why}");
    }
    let unpaid = signed(PID, good().with("trade_status", "WAIT_BUYER_PAY"));
    assert_eq!(notify(&mut client, "main", &unpaid).await?, (200, "success".to_owned()));
    for method in ["PUT", "DELETE", "HEAD"] {
        let request = Request::builder()
            .method(method)
            .uri(format!("/pay/main/notice?{right}"));
        let request = request.header(HOST, "shop").body(Full::default())?;
        assert_eq!(client.send(request).await?.status, 405, "{method}");
    }
    let long = client.post("/pay/main/notice", "x".repeat(65_537)).await?;
    assert_eq!((long.status, long.text()), (413, "fail".to_owned()));
    Ok(())
}

#[test]
fn a_node_that_is_killed_between_a_notice_and_its_answer_loses_nothing() -> Result<()> {
    let mut shop = shop(8)?;
    for round in 0..6_u32 {
        let (placed, query) = block_on(async {
            shop.hold_notices(true).await?;
            let placed = shop.place(&key(&format!("{round}")), 1).await?;
            let trade_no = shop.pay(&placed.url).await?;
            Result::Ok((placed.clone(), signed(PID, notice(PID, &placed.payment, &trade_no))))
        })??;
        // From before the notice is read to after it was answered.
        block_on(async {
            let mut client = shop.guest()?;
            let sent = notify(&mut client, "main", &query);
            tokio::select! {
                _ = sent => {}
                () = sleep(Duration::from_millis(u64::from(round) * 8)) => {}
            }
            Result::Ok(())
        })??;
        shop.restart_node()?;
        block_on(async {
            let answer = notify(&mut shop.guest()?, "main", &query).await?;
            assert_eq!(answer, (200, "success".to_owned()), "round {round}");
            let order = shop.wait_for(&placed, "delivered").await?;
            assert_eq!(order["items"].as_array().map(Vec::len), Some(1));
            Result::Ok(())
        })??;
    }
    let received = "SELECT count(*) FROM shop.payments WHERE state = 'received'";
    assert_eq!(shop.shop.ask(received)?, 6);
    shop.shop.check()
}
