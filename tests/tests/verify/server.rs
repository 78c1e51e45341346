//! A web server of a few lines, and a node that lies.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use serde_json::Value;

/// What a path is answered with, by the request's body; `None` is 404.
type Answer = dyn Fn(&str, &[u8]) -> Option<Vec<u8>>;

/// A server: `answer` gives a path's content, or `None` for 404.
pub(crate) struct Server {
    url: String,
}

impl Server {
    pub(crate) fn start(answer: impl Fn(&str) -> Option<Vec<u8>> + Send + Sync + 'static) -> Self {
        Self::respond(move |path, _| answer(path))
    }

    /// Stands before the node at `url`: `lie` sees every call's method and parameters, and may change its answer.
    pub(crate) fn before_node(url: &str, lie: impl Fn(&Value, &mut Value) + Send + Sync + 'static) -> Self {
        let host = url.trim_start_matches("http://").to_owned();
        Self::respond(move |_, body| {
            let call: Value = serde_json::from_slice(body).ok()?;
            let mut answer = forward(&host, body).ok()?;
            lie(&call, &mut answer);
            Some(answer.to_string().into_bytes())
        })
    }

    fn respond(answer: impl Fn(&str, &[u8]) -> Option<Vec<u8>> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("its address"));
        let answer = Arc::new(answer);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let answer = Arc::clone(&answer);
                // A client that goes away ends its own connection only.
                thread::spawn(move || serve(stream, answer.as_ref()).unwrap_or_default());
            }
        });
        Self { url }
    }

    pub(crate) fn url(&self) -> String {
        self.url.clone()
    }

    /// An address at which nobody listens.
    pub(crate) fn closed_port() -> String {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        format!("http://{}", listener.local_addr().expect("its address"))
    }
}

/// A JSON-RPC call to the node itself.
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

fn serve(stream: TcpStream, answer: &Answer) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? <= 2 {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let path = first.split_whitespace().nth(1).unwrap_or("/");
    let (status, content) = answer(path, &body).map_or(("404 Not Found", Vec::new()), |content| ("200 OK", content));
    let mut stream = stream;
    write!(
        stream,
        "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        content.len()
    )?;
    stream.write_all(&content)
}
