//! The clients against small servers that are written out here.

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Sender, channel};
use std::thread;

use super::*;

/// A request as it came: its idempotency key and its body.
type Came = (String, String);

/// Reads one request. Returns `None` when the client closes the connection.
fn read_request(reader: &mut BufReader<TcpStream>) -> Option<Came> {
    let (mut key, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end().split_once(": ") {
            Some(("idempotency-key", value)) => value.clone_into(&mut key),
            Some(("content-length", value)) => length = value.parse().ok()?,
            None if line == "\r\n" => break,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((key, String::from_utf8(body).ok()?))
}

/// Starts a server that writes what `answer` returns for each request, and that closes the connection after an answer
/// that says so. It ends with the test.
fn serve(came: Sender<Came>, answer: fn(&Came) -> Vec<Vec<u8>>) -> Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for stream in listener.incoming().map_while(std::result::Result::ok) {
            let came = came.clone();
            thread::spawn(move || {
                let mut reader = BufReader::new(stream.try_clone()?);
                let mut writer = stream;
                writer.set_nodelay(true)?;
                while let Some(request) = read_request(&mut reader) {
                    let parts = answer(&request);
                    let _ = came.send(request);
                    for part in &parts {
                        writer.write_all(part)?;
                        thread::sleep(Duration::from_millis(1));
                    }
                    if parts.concat().windows(5).any(|word| word == b"close") {
                        break;
                    }
                }
                std::io::Result::Ok(())
            });
        }
    });
    Ok(address)
}

fn load(address: SocketAddr, bodies: &[&str]) -> Load {
    Load {
        address,
        token: "t".to_owned(),
        bodies: bodies.iter().map(|body| (*body).to_owned()).collect(),
        clients: 3,
        expects: is_sale,
    }
}

fn plan(orders: u32) -> Plan {
    Plan {
        rate: None,
        length: Duration::from_secs(20),
        orders,
    }
}

/// The request's body, sent back in pieces.
fn echo(came: &Came) -> Vec<Vec<u8>> {
    let text = format!(
        "HTTP/1.1 201 Created\r\ncontent-length: {}\r\n\r\n{}",
        came.1.len(),
        came.1
    );
    text.as_bytes().chunks(17).map(<[u8]>::to_vec).collect()
}

#[test]
fn every_order_has_its_own_key_and_bodies_come_in_turn() -> Result<()> {
    let (sender, came) = channel();
    let load = load(serve(sender, echo)?, &["one", "two, longer", ""]);
    let answers = load.run(&plan(30))?;
    let came: Vec<Came> = came.try_iter().collect();
    let keys: HashSet<&String> = came.iter().map(|(key, _)| key).collect();
    assert_eq!((answers.len(), came.len(), keys.len()), (30, 30, 30));
    assert!(keys.iter().all(|key| uuid::Uuid::parse_str(key).is_ok()));
    for body in &load.bodies {
        let answered = answers.iter().filter(|answer| *answer.body == *body.as_bytes());
        assert_eq!(answered.count(), 10, "{body:?}");
    }
    Ok(())
}

#[test]
fn an_open_loop_sends_at_its_rate() -> Result<()> {
    let (sender, _came) = channel();
    let load = load(serve(sender, echo)?, &["x"]);
    let answers = load.run(&Plan {
        rate: Some(100.0),
        length: Duration::from_millis(300),
        orders: u32::MAX,
    })?;
    let mut due: Vec<Duration> = answers.iter().map(|answer| answer.due).collect();
    due.sort_unstable();
    assert_eq!(
        due,
        (0..30)
            .map(|number| Duration::from_millis(number * 10))
            .collect::<Vec<_>>()
    );
    Ok(())
}

#[test]
fn a_connection_that_the_server_closes_is_opened_again() -> Result<()> {
    let closing = |_: &Came| vec![b"HTTP/1.1 201 Created\r\nconnection: close\r\ncontent-length: 0\r\n\r\n".to_vec()];
    let (sender, came) = channel();
    load(serve(sender, closing)?, &["x"]).run(&plan(9))?;
    assert_eq!(came.try_iter().count(), 9);
    Ok(())
}

#[test]
fn loads_run_at_the_same_time_and_expect_their_own_statuses() -> Result<()> {
    let refusing = |_: &Came| vec![b"HTTP/1.1 409 Conflict\r\ncontent-length: 4\r\n\r\nnone".to_vec()];
    let (sender, _came) = channel();
    let sales = load(serve(sender.clone(), echo)?, &["x"]);
    let mut refusals = load(serve(sender, refusing)?, &["x"]);
    let error = refusals.run(&plan(1)).unwrap_err().to_string();
    assert_eq!(error, "order 0: 409: none");
    refusals.expects = |status| status == 409;
    let answers = run_together(&[&sales, &refusals], &plan(5))?;
    let statuses = answers
        .iter()
        .map(|answers| answers.iter().map(|answer| answer.status).collect());
    assert_eq!(statuses.collect::<Vec<Vec<u16>>>(), [vec![201; 5], vec![409; 5]]);
    Ok(())
}

#[test]
fn what_is_no_whole_answer_ends_the_run() -> Result<()> {
    type Answers = fn(&Came) -> Vec<Vec<u8>>;
    let cases: [(Answers, &str); 3] = [
        (
            |_| vec![b"HTTP/1.1 201 Created\r\ncontent-length: 9\r\n\r\nclose".to_vec()],
            "closed after 48 bytes",
        ),
        (
            |_| vec![b"HTTP/1.1 201 Created\r\ncontent-length: 1\r\n\r\nxyz".to_vec()],
            "2 bytes follow",
        ),
        (|_| Vec::new(), "was not answered within 200ms"),
    ];
    for (answer, why) in cases {
        let (sender, _came) = channel();
        let load = load(serve(sender, answer)?, &["x"]);
        let error = run_within(&[&load], &plan(3), Duration::from_millis(200)).unwrap_err();
        assert!(error.to_string().contains(why), "{error}");
    }
    Ok(())
}
