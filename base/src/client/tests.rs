//! Tests of the client against a server on the loopback interface.

use std::net::SocketAddr;
use std::time::Instant;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;

const BOUNDS: Bounds = Bounds {
    bytes: 1 << 16,
    time: Duration::from_secs(10),
};

/// Starts a server on the loopback interface, and returns its address.
async fn server() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer(stream));
        }
    });
    address
}

/// Answers one request by its path, and closes the connection.
async fn answer(mut stream: TcpStream) {
    let mut head = vec![0; 4_096];
    let length = stream.read(&mut head).await.unwrap();
    let head = String::from_utf8_lossy(&head[..length]).into_owned();
    let path = head.split(' ').nth(1).unwrap_or_default();
    let redirect = |to: &str| format!("302 Found\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n");
    let text = match path {
        "/hello" => "200 OK\r\ncontent-length: 5\r\n\r\nhello".to_owned(),
        "/announced" => "200 OK\r\ncontent-length: 99999999\r\n\r\n".to_owned(),
        // Without a length, so that the body lasts until the connection closes.
        "/endless" => format!("200 OK\r\n\r\n{}", "x".repeat(1 << 17)),
        "/refused" => "503 Service Unavailable\r\ncontent-length: 4\r\n\r\nbusy".to_owned(),
        "/loop" => redirect("/loop"),
        "/to-hello" => redirect("/hello"),
        "/to-file" => redirect("file:///etc/passwd"),
        "/to-plain" => redirect("http://192.0.2.1/hello"),
        "/silent" => return tokio::time::sleep(Duration::from_mins(1)).await,
        _ => "404 Not Found\r\ncontent-length: 0\r\n\r\n".to_owned(),
    };
    let text = format!("HTTP/1.1 {}", text.replacen("\r\n", "\r\nconnection: close\r\n", 1));
    // The client may have closed the connection after reading enough.
    let _ = stream.write_all(text.as_bytes()).await;
}

async fn get(place: &str, reach: Reach, redirects: usize) -> Result<Vec<u8>, HttpError> {
    let url = Url::parse(place).unwrap();
    Client::new(&url, reach, redirects).unwrap().get(url, BOUNDS).await
}

#[tokio::test]
async fn a_private_address_is_reached_only_if_it_was_typed() {
    let port = server().await.port();
    for host in ["127.0.0.1", "127.1", "0x7f000001", "localhost"] {
        let place = format!("http://{host}:{port}/hello");
        assert_eq!(get(&place, Reach::Any, 0).await.unwrap(), b"hello", "{host}");
        let refused = get(&place, Reach::Public, 0).await;
        assert!(matches!(refused, Err(HttpError::Private)), "{host}: {refused:?}");
    }
    let url = Url::parse(&format!("http://localhost:{port}/hello")).unwrap();
    let client = Client::new(&url, Reach::Public, 0).unwrap();
    let posted = client.post_json(&url, b"{}".to_vec(), BOUNDS).await;
    assert!(matches!(posted, Err(HttpError::Private)), "{posted:?}");
}

/// The proxy's own name is exempt from the resolver's check, and with a proxy the resolver is not asked for other
/// names.
#[tokio::test]
async fn a_private_name_is_refused_before_a_proxy_is_asked_for_it() {
    let url = Url::parse(&format!("http://localhost:{}/hello", server().await.port())).unwrap();
    let proxies = Proxies(["localhost".to_owned()].into());
    let client = Client {
        reach: Reach::Public,
        redirects: 0,
        secured: false,
        own: build(&url, Reach::Public, &proxies).unwrap(),
        public: build(&url, Reach::Public, &proxies).unwrap(),
        proxies,
    };
    let refused = client.get(url, BOUNDS).await;
    assert!(matches!(refused, Err(HttpError::Private)), "{refused:?}");
}

#[tokio::test]
async fn redirects_are_followed_up_to_their_bound() {
    let address = server().await;
    let place = |path| format!("http://{address}{path}");
    assert_eq!(get(&place("/to-hello"), Reach::Any, 1).await.unwrap(), b"hello");
    let refused = get(&place("/to-hello"), Reach::Any, 0).await;
    assert!(matches!(refused, Err(HttpError::Status(302))), "{refused:?}");
    for path in ["/loop", "/to-file"] {
        let refused = get(&place(path), Reach::Any, 5).await;
        assert!(matches!(refused, Err(HttpError::Redirect(_))), "{path}: {refused:?}");
    }
}

/// 192.0.2.1 is an address for documentation, at which nobody answers: nothing is sent to it.
#[tokio::test]
async fn a_secured_client_reads_plain_http_from_this_machine_alone() {
    let port = server().await.port();
    let get = async |place: &str| {
        let url = Url::parse(place).unwrap();
        let client = Client::new(&url, Reach::Any, 1).unwrap().secured();
        client.get(url, BOUNDS).await
    };
    for host in ["127.0.0.1", "localhost"] {
        assert_eq!(get(&format!("http://{host}:{port}/to-hello")).await.unwrap(), b"hello");
    }
    let led = format!("http://127.0.0.1:{port}/to-plain");
    for place in ["http://192.0.2.1/hello", "http://shop.invalid/", led.as_str()] {
        let refused = get(place).await;
        assert!(matches!(refused, Err(HttpError::Plain)), "{place}: {refused:?}");
    }
}

#[tokio::test]
async fn answers_are_bounded_in_bytes() {
    let address = server().await;
    for path in ["/announced", "/endless"] {
        let answer = get(&format!("http://{address}{path}"), Reach::Any, 0).await;
        assert!(
            matches!(answer, Err(HttpError::TooLarge { max_bytes: 65_536 })),
            "{path}: {answer:?}"
        );
    }
}

#[tokio::test]
async fn answers_are_bounded_in_time() {
    let address = server().await;
    let url = Url::parse(&format!("http://{address}/silent")).unwrap();
    let client = Client::new(&url, Reach::Any, 0).unwrap();
    let (start, time) = (Instant::now(), Duration::from_millis(100));
    let answer = client.get(url, Bounds { time, ..BOUNDS }).await;
    assert!(matches!(answer, Err(HttpError::TimedOut)), "{answer:?}");
    assert!(start.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn a_status_is_an_error_of_a_get_and_an_answer_to_a_post() {
    let address = server().await;
    let place = format!("http://{address}/refused");
    assert!(matches!(get(&place, Reach::Any, 0).await, Err(HttpError::Status(503))));
    let url = Url::parse(&place).unwrap();
    let client = Client::new(&url, Reach::Any, 0).unwrap();
    let answer = client.post_json(&url, b"{}".to_vec(), BOUNDS).await.unwrap();
    assert_eq!((answer.status, answer.body.as_slice()), (503, &b"busy"[..]));
}
