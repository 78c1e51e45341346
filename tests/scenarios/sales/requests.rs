//! Malformed requests are refused with a reason, and the node continues to work.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::{Value, json};
use shelfproof_tests::Result;
use shelfproof_tests::client::{Answer, Client};
use shelfproof_tests::shop::{CURRENCY, PRICE, Purchase, Settings, TestShop, codes, order_lines, order_of};
use shelfproof_tests::vector_chain::block_on;

/// How long a node may take to answer bytes that are not HTTP, or to close the connection.
const RAW_BOUND: Duration = Duration::from_secs(20);

/// Checks that the answer is a problem in the form of RFC 9457, with a status that blames the client.
fn check_problem(what: &str, answer: &Answer) -> Result<Value> {
    let problem = answer.json().map_err(|error| format!("{what}: {error}"))?;
    assert!(
        (400..500).contains(&answer.status),
        "{what}: {} {problem}",
        answer.status
    );
    assert_eq!(answer.headers["content-type"], "application/problem+json", "{what}");
    assert_eq!(problem["status"], answer.status, "{what}");
    for field in ["type", "title", "detail", "code", "requestId"] {
        let said = problem[field].as_str().unwrap_or_default();
        assert!(!said.is_empty(), "{what}: no {field} in {problem}");
    }
    Ok(problem)
}

fn bodies_that_are_no_orders(product: &str) -> Vec<Vec<u8>> {
    let lines = |count| vec![json!({"product": product, "quantity": 1}); count];
    let quantities = [
        "0",
        "-1",
        "101",
        "1.5",
        "1e9",
        "99999999999999999999",
        "\"1\"",
        "null",
        "true",
    ];
    let with =
        |quantity: &&str| format!(r#"{{"lines":[{{"product":"{product}","quantity":{quantity}}}]}}"#).into_bytes();
    let mut bodies: Vec<Vec<u8>> = quantities.iter().map(with).collect();
    let good = json!({"product": product, "quantity": 1});
    bodies.extend(
        [
            json!(null),
            json!([]),
            json!("lines"),
            json!({}),
            json!({"lines": []}),
            json!({"lines": "none"}),
            json!({"lines": [null]}),
            json!({"lines": lines(21)}),
            json!({"lines": [{"product": "no-uuid", "quantity": 1}]}),
            json!({"lines": [{"product": product, "quantity": 1, "price": "nine"}]}),
            json!({"lines": [{"product": product, "quantity": 1, "price": 9.9}]}),
            json!({"lines": [{"product": product, "quantity": 1, "price": "9.900"}]}),
            json!({"lines": [good], "buyer": "0x12"}),
            json!({"lines": [good], "buyer": "secret"}),
            json!({"lines": [good], "line": []}),
        ]
        .map(|body| body.to_string().into_bytes()),
    );
    bodies.extend([
        Vec::new(),
        b"{".to_vec(),
        b"\xff\xfe{}".to_vec(),
        b"\0".repeat(10),
        vec![b'['; 50_000],
    ]);
    bodies.push(format!(r#"{{"lines":[],"padding":"{}"}}"#, "x".repeat(1 << 20)).into_bytes());
    bodies
}

#[test]
fn requests_that_are_no_orders_are_refused_and_the_node_goes_on() -> Result<()> {
    let mut shop = TestShop::start(&Settings::default())?;
    let product = shop.product(PRICE, CURRENCY)?;
    shop.stock(&product, &codes("requests", 10))?;
    let reseller = shop.reseller()?;
    shop.credit(&reseller, "100.00", CURRENCY)?;
    let address = shop.address(0);

    block_on(async {
        let mut client = shop.client(&reseller.token)?;
        for (number, body) in bodies_that_are_no_orders(&product).into_iter().enumerate() {
            let what = format!(
                "body {number}, {}",
                String::from_utf8_lossy(&body[..body.len().min(80)])
            );
            // A connection of its own: the node closes a connection whose body it did not read completely, perhaps
            // while another request is already being sent.
            let answer = shop
                .client(&reseller.token)?
                .order(&format!("no-order-{number}"), body)
                .await?;
            check_problem(&what, &answer)?;
        }
        for key in [String::new(), "k".repeat(101)] {
            check_problem(&format!("key {key:?}"), &client.order(&key, order_of(&product)).await?)?;
        }
        let problem = check_problem("no key", &client.post("/api/v1/orders", order_of(&product)).await?)?;
        assert_eq!(problem["code"], "missing_idempotency_key");
        for path in [
            "/api/v1/orders/none",
            "/api/v1/nothing",
            "/api/v1/orders?limit=101",
            "/api/v1/orders?cursor=%00",
        ] {
            check_problem(path, &client.get(path).await?)?;
        }
        check_callers(address, &shop.admin, &reseller.token, &product).await?;
        check_other_request(&mut client, &product).await
    })??;

    for raw in raw_bytes(&reseller.token) {
        let answer = answer_to(address, &raw)?;
        assert!(
            !answer.starts_with(b"HTTP/1.1 2") && !answer.starts_with(b"HTTP/1.1 5"),
            "{answer:?}"
        );
    }
    shop.node(0).wait_until_ready()?;
    assert!(!shop.node(0).has_ended()?);
    assert!(!shop.logs()?.contains("a panic"), "{}", shop.logs()?);
    assert_eq!(shop.ask("SELECT count(*) FROM attest.events WHERE kind = 3")?, 1);
    shop.check()
}

/// Returns the node's answer to bytes before it closes the connection. It may close it at any of the three steps, which
/// counts as an answer too.
fn answer_to(address: SocketAddr, raw: &[u8]) -> Result<Vec<u8>> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(RAW_BOUND))?;
    let mut answer = Vec::new();
    let talk = stream
        .write_all(raw)
        .and_then(|()| stream.shutdown(std::net::Shutdown::Write))
        .and_then(|()| stream.read_to_end(&mut answer));
    match talk {
        Err(error) if !hung_up(&error) => Err(error.into()),
        _ => Ok(answer),
    }
}

fn hung_up(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected};
    matches!(
        error.kind(),
        BrokenPipe | ConnectionAborted | ConnectionReset | NotConnected
    )
}

/// Checks that callers without the right to order are refused, whatever token they send.
async fn check_callers(address: SocketAddr, admin: &str, token: &str, product: &str) -> Result<()> {
    let last = if token.ends_with('0') { "1" } else { "0" };
    let forged = format!("{}{last}", &token[..token.len() - 1]);
    let callers = [
        ("", 401),
        ("x", 401),
        ("spk_", 401),
        ("spo_", 401),
        (&forged, 401),
        (&token[..token.len() - 1], 401),
        (admin, 403),
    ];
    for (shown, status) in callers {
        let answer = Client::new(address, shown)?.order("caller", order_of(product)).await?;
        check_problem("caller", &answer)?;
        assert_eq!(answer.status, status, "{}", answer.text());
    }
    Ok(())
}

/// Checks that a second request under the same key is refused, and that the first one stands.
async fn check_other_request(client: &mut Client, product: &str) -> Result<()> {
    let first = client.order("one-key", order_of(product)).await?;
    Purchase::read(&first)?;
    for other in [order_lines(&[(product, 2)]), order_lines(&[(product, 1), (product, 1)])] {
        let problem = check_problem("another body", &client.order("one-key", other).await?)?;
        assert_eq!(
            (&problem["status"], &problem["code"]),
            (&json!(422), &json!("idempotency_mismatch"))
        );
    }
    assert_eq!(client.order("one-key", order_of(product)).await?.body, first.body);
    Ok(())
}

fn raw_bytes(token: &str) -> Vec<Vec<u8>> {
    let head =
        format!("POST /api/v1/orders HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\nidempotency-key: raw\r\n");
    vec![
        b"\x16\x03\x01\x02\x00\x01".to_vec(),
        b"GET\r\n\r\n".to_vec(),
        b"\r\n".repeat(1000),
        format!("{head}content-length: 100\r\n\r\n{{").into_bytes(),
        format!("{head}content-length: -1\r\n\r\n").into_bytes(),
        format!("{head}transfer-encoding: chunked\r\n\r\nzz\r\n").into_bytes(),
        format!("{head}x: {}\r\n\r\n", "y".repeat(1 << 20)).into_bytes(),
    ]
}
