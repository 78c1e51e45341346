//! A proxy for the chain's node that changes its answers, and an address without a node.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use serde_json::Value;
use shelfproof_tests::web::Server;

/// Starts a proxy for the node at `url`. `lie` gets the method and parameters of every call, also of those in one
/// request, and may change its answer.
pub(crate) fn before_node(url: &str, lie: impl Fn(&Value, &mut Value) + Send + Sync + 'static) -> Server {
    let host = url.trim_start_matches("http://").to_owned();
    let server = Server::respond(move |_, body| {
        let asked: Value = serde_json::from_slice(body).ok()?;
        let mut answered = forward(&host, body).ok()?;
        match answered.as_array_mut() {
            Some(answers) => {
                for answer in answers {
                    let call = asked.as_array()?.iter().find(|call| call["id"] == answer["id"])?;
                    lie(call, answer);
                }
            }
            None => lie(&asked, &mut answered),
        }
        Some(answered.to_string().into_bytes())
    });
    server.expect("a server")
}

/// An address at which nobody listens.
pub(crate) fn closed_port() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    format!("http://{}", listener.local_addr().expect("its address"))
}

/// Sends a JSON-RPC call to the node.
fn forward(host: &str, body: &[u8]) -> std::io::Result<Value> {
    let mut stream = TcpStream::connect(host)?;
    write!(
        stream,
        "POST / HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    )?;
    stream.write_all(body)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n");
    let end = end.ok_or_else(|| std::io::Error::other("no head"))?;
    Ok(serde_json::from_slice(&answer[end + 4..])?)
}
