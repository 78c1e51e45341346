//! The prover over HTTP, on a port of its own.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::Value;
use shelfproof_anchor::history::{EpochFile, History, Proven};
use shelfproof_anchor::http::{MAX_DOWNLOADS, serve};
use shelfproof_anchor::status::{Condition, Status};
use shelfproof_base::clock::now_ms;
use shelfproof_verifier::Code;
use shelfproof_verifier::chain::Identity;
use shelfproof_verifier::epoch::ListedHeader;
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::shop::{STOCK, Shop, stocked};

/// A prover that answers until it is told to stop.
struct Served {
    address: SocketAddr,
    status: watch::Sender<Status>,
    stop: watch::Sender<bool>,
    ended: JoinHandle<io::Result<()>>,
    runtime: Runtime,
}

/// An answer, read to its end.
struct Answer {
    status: u16,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The code of a problem in its form.
    fn problem(&self) -> String {
        let problem = self.json();
        assert_eq!(self.headers["content-type"], "application/problem+json");
        assert_eq!(self.headers["cache-control"], "no-store");
        assert_eq!(problem["status"], self.status);
        assert!(
            problem["title"].is_string() && problem["detail"].is_string(),
            "{problem}"
        );
        let code = problem["code"].as_str().unwrap();
        assert_eq!(problem["type"], format!("urn:shelfproof:problem:{code}"));
        code.to_owned()
    }
}

impl Served {
    fn start(history: History, identity: Identity) -> Self {
        let runtime = Runtime::new().unwrap();
        let (number, hash) = history.final_epoch();
        let (status, told) = watch::channel(Status {
            condition: Condition::Working,
            final_epoch: number,
            final_hash: hash,
            computed_epoch: number,
            at_ms: now_ms(),
            ..Status::default()
        });
        let (stop, mut stopped) = watch::channel(false);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let metrics = PrometheusBuilder::new().build_recorder().handle();
        let history = Arc::new(history);
        let ended = runtime.spawn(async move {
            let listener = tokio::net::TcpListener::from_std(listener)?;
            let until = async move { drop(stopped.wait_for(|stopped| *stopped).await) };
            serve(history, identity, told, metrics, listener, until).await
        });
        Self {
            address,
            status,
            stop,
            ended,
            runtime,
        }
    }

    fn send(&self, method: &str, path: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nhost: prover\r\nconnection: close\r\n\r\n"
        )
        .unwrap();
        stream
    }

    fn ask(&self, method: &str, path: &str) -> Answer {
        let mut bytes = Vec::new();
        self.send(method, path).read_to_end(&mut bytes).unwrap();
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers = lines.map(|line| line.split_once(": ").unwrap());
        Answer {
            status,
            headers: headers
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            body: bytes[end + 4..].to_vec(),
        }
    }

    fn get(&self, path: &str) -> Answer {
        self.ask("GET", path)
    }

    fn stop(self) {
        self.stop.send(true).unwrap();
        self.runtime.block_on(self.ended).unwrap().unwrap();
        assert!(TcpStream::connect(self.address).is_err(), "nobody listens any more");
    }
}

#[test]
fn keys_are_proved_to_whoever_asks() {
    let folder = tempfile::tempdir().unwrap();
    let (shop, history) = stocked(folder.path());
    let served = Served::start(history, shop.identity);
    for (code, verdict) in STOCK {
        let answer = served.get(&format!("/v1/keys/{}", shop.key(code)));
        assert_eq!(answer.status, 200);
        assert_eq!(answer.headers["content-type"], "application/json");
        assert_eq!(answer.headers["cache-control"], "no-store");
        assert_eq!(answer.headers["x-content-type-options"], "nosniff");
        let (identity, proven) = Proven::parse(&answer.body).unwrap();
        assert_eq!(identity, shop.identity);
        assert_eq!(shop.verdict(code, &proven).unwrap().verdict(), verdict);
    }
    let key = shop.key("A-1").to_string();
    for wrong in [
        "1",
        &key[2..],
        &key.to_uppercase(),
        &format!("{key}00"),
        "%ff",
        "0x%2f..",
    ] {
        let answer = served.get(&format!("/v1/keys/{wrong}"));
        assert_eq!(
            (answer.status, answer.problem().as_str()),
            (400, "invalid_key_id"),
            "{wrong}"
        );
    }
    served.stop();
}

#[test]
fn a_long_history_is_read_in_parts() {
    let folder = tempfile::tempdir().unwrap();
    let mut shop = Shop::new(1);
    let history = shop.open(folder.path());
    shop.live_long(&history, 401);
    let served = Served::start(history, shop.identity);
    let path = format!("/v1/keys/{}", shop.key("A-1"));
    let (_, newest) = Proven::parse(&served.get(&path).body).unwrap();
    let first = &newest.events[0];
    let older = served.get(&format!("{path}?before={}&epoch={}", first.event.version, first.epoch));
    let (_, older) = Proven::parse(&older.body).unwrap();
    let refused = shop.verdict_of_parts("A-1", &[newest, older]).unwrap_err();
    assert_eq!(refused.code, Code::TransferUnverified, "all else holds");
    for (query, status, code) in [
        ("before=2", 400, "invalid_part"),
        ("epoch=1", 400, "invalid_part"),
        ("before=-1&epoch=1", 400, "invalid_part"),
        ("before=4294967296&epoch=1", 400, "invalid_part"),
        ("before=2&epoch=x", 400, "invalid_part"),
        ("before=1&epoch=1", 404, "no_such_event"),
        ("before=2&epoch=99", 404, "no_such_event"),
    ] {
        let answer = served.get(&format!("{path}?{query}"));
        assert_eq!((answer.status, answer.problem().as_str()), (status, code), "{query}");
    }
    served.stop();
}

#[test]
fn what_is_nowhere_or_not_to_be_read_is_a_problem() {
    let folder = tempfile::tempdir().unwrap();
    let shop = Shop::new(1);
    let served = Served::start(shop.open(folder.path()), shop.identity);
    let path = format!("/v1/keys/{}", shop.key("A-1"));
    let answer = served.get(&path);
    assert_eq!((answer.status, answer.problem().as_str()), (404, "nothing_final"));
    for path in [
        "/",
        "/v1/keys",
        "/v1/keys/",
        "/v2/status",
        "/data/epochs/",
        "/map/format",
    ] {
        let answer = served.get(path);
        assert_eq!((answer.status, answer.problem().as_str()), (404, "not_found"), "{path}");
    }
    let answer = served.ask("POST", &path);
    assert_eq!((answer.status, answer.problem().as_str()), (405, "method_not_allowed"));
    assert_eq!(answer.headers["allow"], "GET,HEAD");
    served.stop();
}

#[test]
fn a_damaged_file_is_the_operators_to_mend() {
    let folder = tempfile::tempdir().unwrap();
    let (shop, history) = stocked(folder.path());
    fs::remove_file(history.published_path(EpochFile::Events(1))).unwrap();
    let served = Served::start(history, shop.identity);
    let answer = served.get(&format!("/v1/keys/{}", shop.key("A-1")));
    assert_eq!((answer.status, answer.problem().as_str()), (503, "storage"));
    let said = String::from_utf8(answer.body).unwrap();
    assert!(!said.contains(folder.path().to_str().unwrap()), "{said}");
    // A key that is not in that epoch is not concerned.
    assert_eq!(served.get(&format!("/v1/keys/{}", shop.key("A-5"))).status, 200);
    served.stop();
}

#[test]
fn published_data_is_sent_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let (shop, history) = stocked(folder.path());
    let files: Vec<(u64, Vec<u8>)> = (1..=3)
        .map(|number| {
            (
                number,
                fs::read(history.published_path(EpochFile::Events(number))).unwrap(),
            )
        })
        .collect();
    // One that is not final, of many chunks and a part.
    let waiting: Vec<u8> = (0..1_000_000_u32)
        .flat_map(u32::to_be_bytes)
        .take(109 * 20_000)
        .collect();
    fs::write(history.published_path(EpochFile::Events(4)), &waiting).unwrap();
    let served = Served::start(history, shop.identity);
    for (number, data) in files {
        let answer = served.get(&format!("/data/epochs/{number:010}.events"));
        assert_eq!((answer.status, &answer.body), (200, &data));
        assert_eq!(answer.headers["content-length"], data.len().to_string());
        assert_eq!(answer.headers["content-type"], "application/octet-stream");
        assert_eq!(answer.headers["cache-control"], "public, max-age=31536000, immutable");
    }
    let answer = served.get("/data/epochs/0000000003.header.json");
    let listed = ListedHeader::parse(&answer.body).unwrap();
    assert_eq!((answer.status, listed.header.number, listed.block), (200, 3, Some(103)));
    assert_eq!(
        served.get("/data/epochs/0000000004.header.json").status,
        404,
        "it is not final"
    );
    let answer = served.get("/data/epochs/0000000004.events");
    assert_eq!((answer.status, answer.body), (200, waiting));
    assert_eq!(answer.headers["cache-control"], "no-cache", "it may still be replaced");
    let answer = served.ask("HEAD", "/data/epochs/0000000004.events");
    assert_eq!((answer.status, answer.body.len()), (200, 0));
    assert_eq!(answer.headers["content-length"], (109 * 20_000).to_string());
    for wrong in [
        "1.events",
        "00000000001.events",
        "+000000001.events",
        "0000000001.events.next",
        "0000000001",
        "0000000009.events",
        "..%2f..%2fproofs%2f0000000001.proofs",
        "%2e%2e/proofs/0000000001.proofs",
    ] {
        let answer = served.get(&format!("/data/epochs/{wrong}"));
        assert_eq!(
            (answer.status, answer.problem().as_str()),
            (404, "not_found"),
            "{wrong}"
        );
    }
    served.stop();
}

#[test]
fn downloads_that_nobody_takes_do_not_pile_up() {
    let folder = tempfile::tempdir().unwrap();
    let (shop, history) = stocked(folder.path());
    // Larger than all buffers on the way; without a byte on the disk.
    let large = File::create(history.published_path(EpochFile::Events(4))).unwrap();
    large.set_len(109 << 20).unwrap();
    let served = Served::start(history, shop.identity);
    let path = "/data/epochs/0000000004.events";
    let mut taken: Vec<TcpStream> = (0..MAX_DOWNLOADS).map(|_| served.send("GET", path)).collect();
    for stream in &mut taken {
        let mut first = [0; 12];
        stream.read_exact(&mut first).unwrap();
        assert_eq!(&first, b"HTTP/1.1 200");
    }
    let answer = served.get("/data/epochs/0000000001.events");
    assert_eq!((answer.status, answer.problem().as_str()), (503, "busy"));
    assert_eq!(answer.headers["retry-after"], "1");
    assert_eq!(served.get("/healthz").status, 200, "the rest goes on");
    drop(taken);
    let is_served = |_| served.get("/data/epochs/0000000001.events").status == 200;
    assert!((0..100_000).any(is_served), "the places are given back");
    // An epoch's file cannot be larger than that.
    large.set_len((109 << 20) + 1).unwrap();
    let answer = served.get(path);
    assert_eq!((answer.status, answer.problem().as_str()), (503, "storage"));
    served.stop();
}

#[test]
fn how_it_fares_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let (shop, history) = stocked(folder.path());
    let (_, hash) = history.final_epoch();
    let served = Served::start(history, shop.identity);
    let answer = served.get("/v1/status");
    let status: Status = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!((answer.status, &status), (200, &*served.status.borrow()));
    assert_eq!(answer.json()["finalHash"], hash.to_string());
    assert_eq!(served.get("/healthz").json()["condition"], "working");
    for condition in Condition::ALL {
        served.status.send_modify(|status| {
            status.condition = condition;
            status.detail = "what only its own people read".to_owned();
        });
        let answer = served.get("/healthz");
        if condition.is_well() {
            assert_eq!(
                (answer.status, &answer.json()["condition"]),
                (200, &condition.name().into())
            );
        } else {
            assert_eq!((answer.status, answer.problem().as_str()), (503, condition.name()));
            assert_eq!(answer.json()["detail"], condition.sentence());
        }
        assert_eq!(served.get("/v1/status").json()["condition"], condition.name());
    }
    // Who says nothing for long is not well, whatever was said last.
    served.status.send_modify(|status| {
        status.condition = Condition::Working;
        status.at_ms = now_ms() - 600_000;
    });
    assert_eq!(served.get("/healthz").status, 503);
    let answer = served.get("/metrics");
    assert_eq!(
        (answer.status, answer.headers["content-type"].as_str()),
        (200, "text/plain; version=0.0.4")
    );
    served.stop();
}
