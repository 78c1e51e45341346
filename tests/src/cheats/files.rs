//! A web server of one folder of epochs' data: what is not there it does not have.

use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use shelfproof_verifier::epoch::data_path;

use crate::Result;

/// How long one who asks may take.
const BOUND: Duration = Duration::from_secs(5);

/// The most bytes of a request.
const REQUEST_MAX_BYTES: u64 = 16 * 1024;

/// The server, on the loopback, gone with its handle.
pub(super) struct DataServer {
    address: SocketAddr,
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl DataServer {
    /// Serves the data below `folder`, one request after another.
    pub(super) fn start(folder: &Path) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let (address, folder) = (listener.local_addr()?, folder.to_owned());
        let is_over = Arc::new(AtomicBool::new(false));
        let thread = thread::spawn({
            let is_over = Arc::clone(&is_over);
            move || {
                for stream in listener.incoming().flatten() {
                    if is_over.load(Ordering::Acquire) {
                        break;
                    }
                    // One who goes away ends their own request only.
                    serve(&stream, &folder).unwrap_or_default();
                }
            }
        });
        Ok(Self {
            address,
            is_over,
            thread: Some(thread),
        })
    }

    /// What to give as `--data`.
    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for DataServer {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Release);
        // Wakes the thread, which then sees that it is over.
        if TcpStream::connect(self.address).is_ok()
            && let Some(thread) = self.thread.take()
        {
            // It panics nowhere, and there would be nothing to do.
            let _ = thread.join();
        }
    }
}

fn serve(mut stream: &TcpStream, folder: &Path) -> io::Result<()> {
    stream.set_read_timeout(Some(BOUND))?;
    stream.set_write_timeout(Some(BOUND))?;
    let mut lines = BufReader::new(stream.take(REQUEST_MAX_BYTES)).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    while lines.next().transpose()?.is_some_and(|line| !line.is_empty()) {}
    let found = request.split(' ').nth(1).and_then(|path| file(folder, path));
    let (status, content) = match found.map(fs::read) {
        Some(Ok(content)) => ("200 OK", content),
        _ => ("404 Not Found", Vec::new()),
    };
    let length = content.len();
    write!(
        stream,
        "HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
    )?;
    stream.write_all(&content)
}

/// The file of an epoch's data; nothing else is served.
fn file(folder: &Path, path: &str) -> Option<PathBuf> {
    let path = path.strip_prefix('/')?;
    let number = path.strip_prefix("epochs/")?.strip_suffix(".events")?.parse().ok()?;
    (data_path(number) == path).then(|| folder.join(path))
}
