//! A shop's published data: a folder, or a web server; every file bounded and compared with its anchored hash.

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::time::Duration;

use reqwest::{Client, Url};
use shelfproof_verifier::chain::rpc::http::{self, HttpError};
use shelfproof_verifier::epoch::{self, Header, MAX_EVENTS};
use shelfproof_verifier::event::EVENT_BYTES;

use crate::cause::Cause;
use crate::report::Failure;

/// The largest file of an epoch.
const MAX_BYTES: usize = MAX_EVENTS as usize * EVENT_BYTES;
/// Redirects that are followed.
const MAX_REDIRECTS: usize = 5;
/// Pauses before a file is asked for again; their number bounds the tries.
const RETRY_PAUSES: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(3)];

/// Where the data is.
#[derive(Debug)]
pub(crate) enum Data {
    /// A copy on this machine.
    Folder(PathBuf),
    /// The shop's server, or a mirror.
    Server {
        /// Asks it.
        client: Client,
        /// The data's address, with a slash at its end.
        base: Url,
    },
}

/// Why an epoch's data is not to be had, in words.
#[derive(Debug)]
pub(crate) struct Missing(pub(crate) String);

impl Data {
    /// Looks where `place` leads: an address, or a folder that must be there.
    pub(crate) fn open(place: &str) -> Result<Self, Failure> {
        if let Ok(mut base) = http::parse_url(place) {
            let client = http::client(&base, MAX_REDIRECTS)
                .map_err(|error| Failure::new(Cause::Input, format!("--data: {error}")))?;
            let path = format!("{}/", base.path().trim_end_matches('/'));
            base.set_path(&path);
            return Ok(Self::Server { client, base });
        }
        let folder = PathBuf::from(place);
        if folder.is_dir() {
            return Ok(Self::Folder(folder));
        }
        Err(Failure::new(
            Cause::Input,
            "--data is neither an http or https address nor a folder that is there",
        ))
    }

    /// The data of an epoch, of the hash that was anchored.
    pub(crate) async fn fetch(&self, header: &Header) -> Result<Vec<u8>, Missing> {
        let path = epoch::data_path(header.number);
        let bytes = match self {
            Self::Folder(folder) => read(&folder.join(&path)).map_err(|error| Missing(format!("{path}: {error}")))?,
            Self::Server { client, base } => get(client, base, &path).await?,
        };
        let found = epoch::data_hash(&bytes);
        if found == header.data_hash {
            return Ok(bytes);
        }
        Err(Missing(format!(
            "{path}: its SHA-256 is {found}, anchored was {}",
            header.data_hash
        )))
    }
}

fn read(path: &PathBuf) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > MAX_BYTES {
        Err(io::Error::other("larger than an epoch can be"))
    } else {
        Ok(bytes)
    }
}

async fn get(client: &Client, base: &Url, path: &str) -> Result<Vec<u8>, Missing> {
    let missing = |error: HttpError| Missing(format!("{path}: {error}"));
    let url = base.join(path).map_err(|_| missing(HttpError::Url))?;
    for pause in RETRY_PAUSES {
        match http::get_bounded(client, url.clone(), MAX_BYTES).await {
            Err(HttpError::Unreachable(_) | HttpError::TimedOut | HttpError::Status(429 | 500..)) => {
                tokio::time::sleep(pause).await;
            }
            answer => return answer.map_err(missing),
        }
    }
    http::get_bounded(client, url, MAX_BYTES).await.map_err(missing)
}
