use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{RawQuery, State};
use axum::http::Request;
use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::response::Response;
use axum::routing::get;
use serde_json::{Value, json};
use shelfproof_base::clock::now_ms;
use tokio::time::sleep;
use tower::ServiceExt;

use super::*;
use crate::domain::money::{Currency, Money};
use crate::domain::payment::PaymentId;
use crate::gateway::account::{Account, Gateway};
use crate::gateway::epay::settings::EpayV1Settings;
use crate::gateway::{GatewayError, NewPayment, NewRefund, Notice, NoticeRequest, Port, RefundReport, Report};

const KEY: &str = "wq8xkUwzKbWn4Ha7";

/// How long a test waits for what happens by itself.
const PATIENCE: Duration = Duration::from_secs(20);

/// A test gateway, the account of a shop with it, and where that shop takes notices.
struct Place {
    base: Url,
    router: Router,
    gateway: Gateway,
    notify_url: Url,
    return_url: Url,
    desk: Arc<Desk>,
}

/// What the shop was sent, and whether it says `success`.
#[derive(Default)]
struct Desk {
    queries: Mutex<Vec<String>>,
    is_silent: AtomicBool,
}

async fn take(State(desk): State<Arc<Desk>>, RawQuery(query): RawQuery) -> &'static str {
    desk.queries.lock().unwrap().push(query.unwrap_or_default());
    if desk.is_silent.load(Ordering::SeqCst) {
        "fail"
    } else {
        "success"
    }
}

const HERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

fn account(minute_ms: u64) -> TestAccount {
    TestAccount {
        pid: 1001,
        key: SecretString::from(KEY),
        minute: Duration::from_millis(minute_ms),
    }
}

impl Place {
    async fn new(minute_ms: u64) -> Self {
        let test = TestGateway::bind(HERE, account(minute_ms), now_ms()).await.unwrap();
        let base = parse_url(&format!("http://{}/", test.address().unwrap())).unwrap();
        let router = http::router(Arc::clone(&test.shared));
        tokio::spawn(test.serve(std::future::pending()));
        let desk = Arc::new(Desk::default());
        let shop = TcpListener::bind(HERE).await.unwrap();
        let shop_url = parse_url(&format!("http://{}/", shop.local_addr().unwrap())).unwrap();
        let notices = Router::new().route("/notify", get(take)).with_state(Arc::clone(&desk));
        tokio::spawn(server::run(notices, shop, DRAIN, std::future::pending()));
        let settings = Account::Test(EpayV1Settings {
            url: base.to_string(),
            pid: 1001,
            key: SecretString::from(KEY),
            pay_type: None,
        });
        assert_eq!(settings.broken(), []);
        Self {
            base,
            router,
            gateway: Gateway::open(&settings).unwrap(),
            notify_url: shop_url.join("notify").unwrap(),
            return_url: shop_url.join("order?t=1").unwrap(),
            desk,
        }
    }

    async fn create(&self, id: PaymentId) -> Url {
        let payment = NewPayment {
            id,
            amount: yuan(990),
            subject: "月卡 <Pro> & more",
            expires_at_ms: 0,
            client: None,
            notify_url: &self.notify_url,
            return_url: &self.return_url,
        };
        self.gateway.create(&payment).await.unwrap().url
    }

    async fn control(&self, path: &str, body: &Value) -> Value {
        let client = Client::new(&self.base, Reach::Any, 0).unwrap();
        let bounds = shelfproof_base::client::Bounds {
            bytes: 1 << 20,
            time: PATIENCE,
        };
        let url = self.base.join(path).unwrap();
        let body = body.to_string().into_bytes();
        let answer = client.post_json(&url, body, bounds).await.unwrap();
        serde_json::from_slice(&answer.body).unwrap()
    }

    async fn request(&self, request: Request<Body>) -> Response {
        self.router.clone().oneshot(request).await.unwrap()
    }

    async fn get(&self, url: &Url) -> (u16, String) {
        let response = self.request(Request::get(path(url)).body(Body::empty()).unwrap()).await;
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    /// The counts of the only order's notices, once `is_enough` of them.
    async fn counts(&self, is_enough: impl Fn(&Value) -> bool) -> Value {
        let end = Instant::now() + PATIENCE;
        loop {
            let (_, orders) = self.get(&self.base.join("control/orders").unwrap()).await;
            let orders: Value = serde_json::from_str(&orders).unwrap();
            let counts = orders[0]["notices"].clone();
            if is_enough(&counts) {
                return counts;
            }
            assert!(Instant::now() < end, "{counts}");
            sleep(Duration::from_millis(5)).await;
        }
    }

    fn read(&self, query: &str) -> Notice {
        let request = NoticeRequest {
            is_post: false,
            query,
            content_type: None,
            signature: None,
            body: b"",
        };
        self.gateway.notice(&request, now_ms()).unwrap()
    }
}

fn yuan(minor: i64) -> Money {
    Money {
        minor,
        currency: Currency::CNY,
    }
}

fn path(url: &Url) -> &str {
    &url[url::Position::BeforePath..]
}

fn n(counts: &Value, name: &str) -> u64 {
    counts[name].as_u64().unwrap()
}

#[tokio::test]
async fn a_payment_from_its_page_to_its_refund() {
    let place = Place::new(1).await;
    let id = PaymentId::generate();
    let url = place.create(id).await;
    // The gateway has no order before the buyer opens the page.
    assert_eq!(place.gateway.query(id, None).await.unwrap(), Report::Closed);
    let (status, page) = place.get(&url).await;
    assert_eq!(status, 200);
    assert!(
        page.contains("月卡 &lt;Pro&gt; &amp; more") && page.contains("¥9.90"),
        "{page}"
    );
    assert_eq!(place.gateway.query(id, None).await.unwrap(), Report::Open);

    let paid = place.control("control/pay", &json!({ "url": url.as_str() })).await;
    assert_eq!(paid["out_trade_no"], id.to_string());
    place.counts(|counts| n(counts, "taken") == 1).await;
    let query = place.desk.queries.lock().unwrap()[0].clone();
    assert!(query.contains("money=9.9&"), "{query}");
    let Notice::Received(received) = place.read(&query) else {
        panic!("not received: {query}");
    };
    assert_eq!((received.payment, received.amount), (id, yuan(990)));
    assert_eq!(received.trade_no, paid["trade_no"]);
    for trade_no in [None, Some(received.trade_no.as_str())] {
        let report = place.gateway.query(id, trade_no).await.unwrap();
        assert_eq!(report, Report::Received(received.clone()));
    }
    let wrong = place
        .gateway
        .query(PaymentId::generate(), Some(&received.trade_no))
        .await;
    assert!(matches!(wrong, Err(GatewayError::Malformed(_))), "{wrong:?}");

    let refund = NewRefund {
        id: PaymentId::generate(),
        payment: id,
        trade_no: &received.trade_no,
        amount: yuan(990),
    };
    assert_eq!(place.gateway.refund(&refund).await.unwrap(), RefundReport::Done);
    // Asked for again, as after an answer that was lost.
    assert_eq!(place.gateway.refund(&refund).await.unwrap(), RefundReport::Done);
    assert_eq!(place.gateway.query(id, None).await.unwrap(), Report::Closed);
    let (_, orders) = place.get(&place.base.join("control/orders").unwrap()).await;
    assert!(orders.contains("\"refunded_minor\":990"), "{orders}");
}

#[tokio::test]
async fn a_part_is_refunded_once() {
    let place = Place::new(1).await;
    let id = PaymentId::generate();
    let url = place.create(id).await;
    let paid = place.control("control/pay", &json!({ "url": url.as_str() })).await;
    let refund = |minor| NewRefund {
        id: PaymentId::generate(),
        payment: id,
        trade_no: paid["trade_no"].as_str().unwrap(),
        amount: yuan(minor),
    };
    let more = place.gateway.refund(&refund(991)).await.unwrap();
    assert!(matches!(more, RefundReport::Refused(_)), "{more:?}");
    assert_eq!(place.gateway.refund(&refund(300)).await.unwrap(), RefundReport::Done);
    for minor in [300, 990] {
        let again = place.gateway.refund(&refund(minor)).await.unwrap();
        assert!(matches!(again, RefundReport::Refused(_)), "{minor}: {again:?}");
    }
    let (_, orders) = place.get(&place.base.join("control/orders").unwrap()).await;
    assert!(orders.contains("\"refunded_minor\":300"), "{orders}");
}

#[tokio::test]
async fn a_notice_is_repeated_until_it_is_taken() {
    let place = Place::new(1).await;
    place.desk.is_silent.store(true, Ordering::SeqCst);
    let url = place.create(PaymentId::generate()).await;
    place.control("control/pay", &json!({ "url": url.as_str() })).await;
    place.counts(|counts| n(counts, "not_taken") >= 2).await;
    place.desk.is_silent.store(false, Ordering::SeqCst);
    let counts = place.counts(|counts| n(counts, "taken") == 1).await;
    assert!(n(&counts, "sent") <= 6);
    sleep(Duration::from_millis(100)).await;
    let after = place.counts(|_| true).await;
    assert_eq!(after, counts, "nothing is sent after it was taken");
}

#[tokio::test]
async fn an_order_s_notices_have_an_end() {
    let place = Place::new(1).await;
    place.desk.is_silent.store(true, Ordering::SeqCst);
    let url = place.create(PaymentId::generate()).await;
    place.control("control/pay", &json!({ "url": url.as_str() })).await;
    place.counts(|counts| n(counts, "not_taken") == 6).await;
    sleep(Duration::from_millis(150)).await;
    assert_eq!(n(&place.counts(|_| true).await, "sent"), 6);
}

#[tokio::test]
async fn notices_can_be_lost_and_sent_late_and_many_times() {
    // An hour: none is repeated by itself.
    let place = Place::new(3_600_000).await;
    place.control("control/hold", &json!({ "held": true })).await;
    let id = PaymentId::generate();
    let url = place.create(id).await;
    place.control("control/pay", &json!({ "url": url.as_str() })).await;
    let counts = place.counts(|counts| n(counts, "held_back") == 1).await;
    assert_eq!(n(&counts, "sent"), 0);
    // The query knows it, although no notice came.
    assert!(matches!(
        place.gateway.query(id, None).await.unwrap(),
        Report::Received(_)
    ));
    let many = json!({ "out_trade_no": id.to_string(), "times": 8 });
    let sent = place.control("control/send", &many).await;
    assert_eq!(sent, json!({ "taken": 8 }));
    let queries = place.desk.queries.lock().unwrap().clone();
    assert!(queries.len() == 8 && queries.iter().all(|query| *query == queries[0]));
    for (path, body) in [
        ("control/pay", json!({ "url": url.as_str() })),
        ("control/pay", json!({ "url": "x" })),
        ("control/send", json!({ "out_trade_no": "x", "times": 1 })),
        ("control/send", json!({ "out_trade_no": id.to_string(), "times": 65 })),
    ] {
        assert!(place.control(path, &body).await["error"].is_string(), "{path} {body}");
    }
}

#[tokio::test]
async fn the_page_s_buttons_lead_back_to_the_shop() {
    let place = Place::new(1).await;
    let id = PaymentId::generate();
    let url = place.create(id).await;
    let (_, page) = place.get(&url).await;
    let (_, rest) = page.split_once("name=\"trade_no\" value=\"").unwrap();
    let (trade_no, _) = rest.split_once('"').unwrap();
    let press = async |button: &str| {
        let form = Body::from(format!("trade_no={trade_no}&do={button}"));
        let kind = "application/x-www-form-urlencoded";
        let request = Request::post("/pay").header(CONTENT_TYPE, kind).body(form).unwrap();
        let response = place.request(request).await;
        let location = response
            .headers()
            .get(LOCATION)
            .map(|url| url.to_str().unwrap().to_owned());
        (response.status().as_u16(), location)
    };
    assert_eq!(press("fail").await, (303, Some(place.return_url.to_string())));
    assert_eq!(place.gateway.query(id, None).await.unwrap(), Report::Open);
    let (status, location) = press("pay").await;
    let location = parse_url(&location.unwrap()).unwrap();
    assert_eq!((status, location.path()), (303, "/order"));
    let signed = location.query().unwrap().strip_prefix("t=1&").unwrap();
    assert!(matches!(place.read(signed), Notice::Received(_)));
    assert_eq!(press("pay").await, (400, None), "it is paid already");
}

#[tokio::test]
async fn what_is_not_signed_by_the_account_is_refused() {
    let place = Place::new(1).await;
    let url = place.create(PaymentId::generate()).await;
    for (from, to) in [
        ("money=9.90", "money=0.01"),
        ("pid=1001", "pid=1002"),
        ("sign=", "sign=0"),
    ] {
        let changed = url.as_str().replace(from, to);
        let (status, page) = place.get(&parse_url(&changed).unwrap()).await;
        assert!(status == 400 && page.contains("Cannot be paid"), "{changed}");
    }
    for query in ["act=order&pid=1001&key=wrong&out_trade_no=1", "act=query", ""] {
        let mut url = place.base.join("api.php").unwrap();
        url.set_query(Some(query));
        let (_, answer) = place.get(&url).await;
        assert!(
            answer.contains("\"code\":-3") || answer.contains("\"code\":-5"),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn it_listens_on_this_machine_only_and_wants_a_key() {
    let anywhere = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
    let refused = TestGateway::bind(anywhere, account(1), 0).await;
    assert!(matches!(refused, Err(TestGatewayError::NotHere(_))));
    let weak = TestAccount {
        key: SecretString::from("123456"),
        ..account(1)
    };
    let refused = TestGateway::bind(HERE, weak, 0).await;
    assert!(matches!(refused, Err(TestGatewayError::Key(_))));
    let test = TestGateway::bind(HERE, account(1), 0).await.unwrap();
    assert!(!format!("{test:?}").contains(KEY));
}
