use axum::body::{Body, to_bytes};
use axum::http::header::{ACCEPT, ALLOW, CONTENT_TYPE, RETRY_AFTER};
use axum::routing::{get, post};
use serde_json::Value;
use tokio::sync::oneshot;
use tower::ServiceExt;

use super::api::json::{Json, MaxBytes};
use super::api::problem::MEDIA_TYPE;
use super::edge::problem::{Code, Problem};
use super::*;

const MAX: MaxBytes = MaxBytes(64);

fn router(places: usize) -> Router {
    let router = Router::new()
        .route("/fine", get(|| async { "fine" }))
        .route("/panics", get(|| async { panic!("geheim") as &str }))
        .route("/slow", get(|| async { pending::<&str>().await }))
        .route("/json", post(|Json(body): Json<u32>| async move { body.to_string() }))
        .route("/fails", get(|| async { Problem::internal(std::fmt::Error) }));
    let limits = RequestLimits {
        in_flight: Arc::new(Semaphore::new(places)),
        bound: Duration::from_millis(50),
    };
    guard(router, limits, page_or_problem).with_state(MAX)
}

async fn send(request: Request) -> (Response<()>, String) {
    let (head, body) = router(1).oneshot(request).await.unwrap().into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    (
        Response::from_parts(head, ()),
        String::from_utf8(body.to_vec()).unwrap(),
    )
}

fn ask(method: &str, path: &str) -> Request {
    Request::builder().method(method).uri(path).body(Body::empty()).unwrap()
}

fn ask_json(media_type: &str, body: &'static str) -> Request {
    let request = Request::builder()
        .method("POST")
        .uri("/json")
        .header(CONTENT_TYPE, media_type);
    request.body(Body::from(body)).unwrap()
}

#[tokio::test]
async fn every_error_is_a_problem_with_the_requests_id() {
    for (request, status, code) in [
        (ask("GET", "/nothing"), 404, "not_found"),
        (ask("DELETE", "/fine"), 405, "method_not_allowed"),
        (ask("GET", "/panics"), 500, "internal"),
        (ask("GET", "/fails"), 500, "internal"),
        (ask("GET", "/slow"), 503, "timed_out"),
        (ask_json("text/plain", "1"), 415, "unsupported_media_type"),
        (ask_json("application/json", "\"a\""), 400, "invalid_field"),
        (ask_json("application/json", "1 1"), 400, "malformed_body"),
    ] {
        let path = request.uri().clone();
        let (head, body) = send(request).await;
        assert_eq!(head.status().as_u16(), status, "{path}");
        assert_eq!(head.headers()[CONTENT_TYPE], MEDIA_TYPE, "{path}");
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(body["code"], code, "{path}");
        assert_eq!(body["status"], status, "{path}");
        assert_eq!(body["type"], format!("urn:shelfproof:problem:{code}"), "{path}");
        assert_eq!(
            body["requestId"],
            head.headers()["x-request-id"].to_str().unwrap(),
            "{path}"
        );
        assert!(!body.to_string().contains("geheim"), "{body}");
        assert_eq!(head.headers().contains_key(RETRY_AFTER), status == 503, "{path}");
        assert_eq!(head.headers().contains_key(ALLOW), status == 405, "{path}");
    }
}

/// As a browser asks when an address is entered.
const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

#[tokio::test]
async fn a_person_reads_errors_as_pages_and_a_program_as_problems() {
    for (path, accept, is_page) in [
        ("/nothing", BROWSER, true),
        ("/panics", "Text/HTML; q=0.5", true),
        ("/nothing", "application/json", false),
        ("/nothing", "*/*", false),
        ("/api/v1/nothing", BROWSER, false),
    ] {
        let mut request = ask("GET", path);
        request.headers_mut().insert(ACCEPT, HeaderValue::from_static(accept));
        let (head, body) = send(request).await;
        let id = head.headers()["x-request-id"].to_str().unwrap();
        assert!(body.contains(id), "{body}");
        assert!(!body.contains("geheim"), "{body}");
        let varies = head.headers().get(VARY).is_some_and(|by| by == "accept");
        assert_eq!(varies, !path.starts_with("/api/"), "{path}");
        if is_page {
            assert_eq!(head.headers()[CONTENT_TYPE], "text/html; charset=utf-8", "{path}");
            let number = head.status().as_str().to_owned();
            let (chinese, english) = match number.as_str() {
                "404" => ("这里没有", "no page at this address"),
                _ => ("服务内部出错", "went wrong in the service"),
            };
            for words in [&number, chinese, english] {
                assert!(body.contains(words), "{words}: {body}");
            }
        } else {
            assert_eq!(head.headers()[CONTENT_TYPE], MEDIA_TYPE, "{path}");
        }
    }
}

#[test]
fn every_error_page_is_well_formed() {
    for code in Code::all() {
        let response = web::error_page::write(&Problem::new(code, "<script>"), "id");
        assert_eq!(response.status(), code.status(), "{code:?}");
    }
}

#[tokio::test]
async fn a_request_keeps_a_plain_id_and_gets_one_otherwise() {
    for (sent, is_kept) in [
        ("abc-1.2_3", true),
        ("a b", false),
        ("", false),
        (&*"a".repeat(65), false),
    ] {
        let mut request = ask("GET", "/fine");
        request
            .headers_mut()
            .insert("x-request-id", HeaderValue::from_str(sent).unwrap());
        let (head, _) = send(request).await;
        let id = head.headers()["x-request-id"].to_str().unwrap();
        assert_eq!(id == sent, is_kept, "{sent:?}");
        assert!(is_kept || id.len() == 32, "{id}");
    }
}

#[tokio::test]
async fn a_body_has_a_bound_announced_or_not() {
    let long = "1".repeat(MAX.0 + 1);
    let announced = Request::builder().header("content-length", long.len().to_string());
    for request in [announced, Request::builder()] {
        let request = request
            .method("POST")
            .uri("/json")
            .header(CONTENT_TYPE, "application/json");
        let (head, body) = send(request.body(Body::from(long.clone())).unwrap()).await;
        assert_eq!(head.status().as_u16(), 413, "{body}");
    }
}

#[tokio::test]
async fn requests_in_flight_have_a_bound() {
    let (entered, waits) = oneshot::channel();
    let entered = Arc::new(std::sync::Mutex::new(Some(entered)));
    let holds = get(move || {
        let entered = entered.lock().unwrap().take();
        async move {
            entered.unwrap().send(()).unwrap();
            pending::<&str>().await
        }
    });
    let limits = RequestLimits {
        in_flight: Arc::new(Semaphore::new(1)),
        bound: Duration::from_mins(1),
    };
    let router = guard(Router::new().route("/holds", holds), limits, page_or_problem);
    let first = tokio::spawn(router.clone().oneshot(ask("GET", "/holds")));
    waits.await.unwrap();
    let second = router.oneshot(ask("GET", "/holds")).await.unwrap();
    assert_eq!(second.status().as_u16(), 503);
    assert_eq!(second.headers()[RETRY_AFTER], "1");
    first.abort();
}
