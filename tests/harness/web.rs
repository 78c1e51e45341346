//! A small web server on the loopback interface, whose answers come from a function.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::Result;

/// The greatest number of open connections. Further ones are closed without an answer.
const MAX_CONNECTIONS: usize = 64;

/// The longest first line and header fields of a request, in bytes.
const MAX_HEAD_BYTES: u64 = 16 << 10;

/// The longest body of a request, in bytes.
const MAX_BODY_BYTES: usize = 1 << 20;

/// How long a client may let the server wait.
const PATIENCE: Duration = Duration::from_secs(30);

/// Returns the answer for a path and the request's body.
type Answer = dyn Fn(&str, &[u8]) -> Reply + Send + Sync;

/// How a request is answered.
#[derive(Clone, Debug)]
pub enum Reply {
    /// With a status and a body.
    Status(u16, Vec<u8>),
    /// With a status, so many seconds in `Retry-After`, and a body.
    Later(u16, u64, Vec<u8>),
    /// The connection is closed without an answer.
    Closed,
}

/// A running server. After it is dropped it accepts no more connections, but finishes the answers in progress.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    ends: Arc<AtomicBool>,
    listening: Option<JoinHandle<()>>,
}

impl Server {
    /// Answers each path with the result of `answer`, or with 404. Paths begin with `/` and have no query.
    ///
    /// # Errors
    /// The system's error, if there is no free port or thread.
    pub fn start(answer: impl Fn(&str) -> Option<Vec<u8>> + Send + Sync + 'static) -> Result<Self> {
        Self::respond(move |path, _| answer(path))
    }

    /// Like [`start`](Self::start); `answer` also gets the request's body.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn respond(answer: impl Fn(&str, &[u8]) -> Option<Vec<u8>> + Send + Sync + 'static) -> Result<Self> {
        Self::reply(move |path, body| {
            answer(path, body).map_or(Reply::Status(404, Vec::new()), |content| Reply::Status(200, content))
        })
    }

    /// Like [`respond`](Self::respond), with any status or none.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn reply(answer: impl Fn(&str, &[u8]) -> Reply + Send + Sync + 'static) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let ends = Arc::new(AtomicBool::new(false));
        let (answer, until): (Arc<Answer>, _) = (Arc::new(answer), Arc::clone(&ends));
        let listening = thread::Builder::new().spawn(move || listen(&listener, &answer, &until))?;
        Ok(Self {
            address,
            ends,
            listening: Some(listening),
        })
    }

    /// Serves the files below `folder`.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn of_folder(folder: impl Into<PathBuf>) -> Result<Self> {
        let folder = folder.into();
        Self::start(move |path| {
            let within = path.trim_start_matches('/');
            let climbs = within.split('/').any(|part| part == "..");
            (!climbs).then(|| std::fs::read(folder.join(within)).ok())?
        })
    }

    /// The address at which it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address for clients: `http://127.0.0.1:…`, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::SeqCst);
        // Wakes the thread that waits for the next connection. If connecting fails, the thread has ended already.
        let _ = TcpStream::connect(self.address);
        if let Some(listening) = self.listening.take() {
            let _ = listening.join();
        }
    }
}

/// A place among the open connections.
struct Open(Arc<AtomicUsize>);

impl Open {
    /// Takes a place, unless there are too many connections.
    fn one_of(all: &Arc<AtomicUsize>) -> Option<Self> {
        let more = |open| (open < MAX_CONNECTIONS).then_some(open + 1);
        all.fetch_update(Ordering::SeqCst, Ordering::SeqCst, more).ok()?;
        Some(Self(Arc::clone(all)))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

fn listen(listener: &TcpListener, answer: &Arc<Answer>, ends: &AtomicBool) {
    let all = Arc::new(AtomicUsize::new(0));
    for stream in listener.incoming() {
        if ends.load(Ordering::SeqCst) {
            return;
        }
        let Some((stream, open)) = stream.ok().zip(Open::one_of(&all)) else {
            continue;
        };
        let answer = Arc::clone(answer);
        let serve = move || {
            let _open = open;
            // An error affects only this connection.
            let _ = serve(&stream, answer.as_ref());
        };
        // If no thread can be started, the connection is closed without an answer.
        let _ = thread::Builder::new().spawn(serve);
    }
}

fn serve(mut stream: &TcpStream, answer: &Answer) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let (path, body) = read_request(stream)?;
    let (status, later, content) = match answer(&path, &body) {
        Reply::Status(status, content) => (status, String::new(), content),
        Reply::Later(status, seconds, content) => (status, format!("retry-after: {seconds}\r\n"), content),
        Reply::Closed => return Ok(()),
    };
    write!(
        stream,
        "HTTP/1.1 {status} Scripted\r\n{later}content-length: {}\r\nconnection: close\r\n\r\n",
        content.len()
    )?;
    stream.write_all(&content)
}

/// Reads the path without its query, and the body.
fn read_request(stream: &TcpStream) -> io::Result<(String, Vec<u8>)> {
    let mut head = BufReader::new(stream).take(MAX_HEAD_BYTES);
    let mut first = String::new();
    head.read_line(&mut first)?;
    let mut length = 0;
    loop {
        let mut line = String::new();
        if head.read_line(&mut line)? <= 2 {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    if length > MAX_BODY_BYTES {
        return Err(io::Error::other("the request's body is too large"));
    }
    let mut body = vec![0; length];
    head.into_inner().read_exact(&mut body)?;
    let target = first.split_whitespace().nth(1).unwrap_or("/");
    let path = target.split('?').next().unwrap_or(target);
    Ok((path.to_owned(), body))
}
