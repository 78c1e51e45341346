//! A merchant's published data: a folder, or a web server; every file bounded and compared with its anchored hash.

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::time::Duration;

use reqwest::{Client, Url};
use shelfproof_base::client::{self, HttpError};
use shelfproof_base::web::{NotWeb, parse_url};
use tokio::task;

use crate::epoch::{self, Header, MAX_DATA_BYTES};

/// Redirects that are followed.
const MAX_REDIRECTS: usize = 5;
/// Pauses before a file is asked for again; their number bounds the tries.
const RETRY_PAUSES: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(3)];

/// Where the data is.
#[derive(Clone, Debug)]
pub enum Data {
    /// A copy on this machine.
    Folder(PathBuf),
    /// The merchant's server, or a mirror.
    Server {
        /// Asks it.
        client: Client,
        /// The data's address, with a slash at its end.
        base: Url,
    },
}

/// Why a place cannot be one of data.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// Neither an address nor a folder.
    #[error("neither an http or https address nor a folder that is there")]
    Nowhere,
    /// An address that cannot be asked from here.
    #[error("{0}")]
    Http(#[from] HttpError),
}

/// Why an epoch's data is not to be had, in words; and who says so, for only a server's own answer speaks against the
/// merchant. None of it holds the address, which may hold a key to the data.
#[derive(Debug, thiserror::Error)]
pub enum Missing {
    /// The server answered: it does not have the data, or has other data than was anchored.
    #[error("{0}")]
    Answered(String),
    /// Nobody answered, or the server cannot now; or the copy on this machine lacks it.
    #[error("{0}")]
    Unknown(String),
    /// The copy on this machine is not what was anchored.
    #[error("{0}")]
    CopyDiffers(String),
}

impl Data {
    /// Looks where `place` leads: an address, or a folder that must be there.
    ///
    /// # Errors
    /// [`PlaceError`].
    pub fn open(place: &str) -> Result<Self, PlaceError> {
        if let Ok(mut base) = parse_url(place) {
            let client = client::client(&base, MAX_REDIRECTS)?;
            let path = format!("{}/", base.path().trim_end_matches('/'));
            base.set_path(&path);
            return Ok(Self::Server { client, base });
        }
        let folder = PathBuf::from(place);
        if folder.is_dir() {
            return Ok(Self::Folder(folder));
        }
        Err(PlaceError::Nowhere)
    }

    /// The data of an epoch, of the hash that was anchored. A server is asked again, a bounded number of times, where
    /// it may only be busy.
    ///
    /// # Errors
    /// [`Missing`].
    pub async fn fetch(&self, header: &Header) -> Result<Vec<u8>, Missing> {
        let path = epoch::data_path(header.number);
        let bytes = match self {
            Self::Folder(folder) => read(folder.join(&path))
                .await
                .map_err(|error| Missing::Unknown(format!("{path}: {error}")))?,
            Self::Server { client, base } => get(client, base, &path).await?,
        };
        let found = epoch::data_hash(&bytes);
        if found == header.data_hash {
            return Ok(bytes);
        }
        let why = format!("{path}: its SHA-256 is {found}, anchored was {}", header.data_hash);
        Err(match self {
            Self::Folder(_) => Missing::CopyDiffers(why),
            Self::Server { .. } => Missing::Answered(why),
        })
    }
}

async fn read(path: PathBuf) -> io::Result<Vec<u8>> {
    let read = move || {
        let mut bytes = Vec::new();
        File::open(path)?
            .take(MAX_DATA_BYTES as u64 + 1)
            .read_to_end(&mut bytes)?;
        if bytes.len() > MAX_DATA_BYTES {
            Err(io::Error::other("larger than an epoch can be"))
        } else {
            Ok(bytes)
        }
    };
    task::spawn_blocking(read).await?
}

async fn get(client: &Client, base: &Url, path: &str) -> Result<Vec<u8>, Missing> {
    let missing = |error: HttpError| {
        let why = format!("{path}: {error}");
        match error {
            // Statuses that pass by themselves, and a proxy's, are no answer of the merchant's.
            HttpError::Status(407 | 408 | 425 | 429) => Missing::Unknown(why),
            HttpError::Status(400..=499) | HttpError::TooLarge { .. } => Missing::Answered(why),
            _ => Missing::Unknown(why),
        }
    };
    let url = address(base, path).map_err(missing)?;
    for pause in RETRY_PAUSES {
        match client::get_bounded(client, url.clone(), MAX_DATA_BYTES).await {
            Err(HttpError::Unreachable(_) | HttpError::TimedOut | HttpError::Status(429 | 500..)) => {
                tokio::time::sleep(pause).await;
            }
            answer => return answer.map_err(missing),
        }
    }
    client::get_bounded(client, url, MAX_DATA_BYTES).await.map_err(missing)
}

/// A file's address: below the data's, with the query that the data's address came with, as a key to it may be there.
fn address(base: &Url, path: &str) -> Result<Url, HttpError> {
    let mut url = base.join(path).map_err(|_| HttpError::Url(NotWeb))?;
    url.set_query(base.query());
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_stays_at_the_end_of_every_address() {
        for (place, expected) in [
            (
                "https://shop.example/data?token=a%2Fb",
                "https://shop.example/data/v1/1?token=a%2Fb",
            ),
            ("https://shop.example/data/?t", "https://shop.example/data/v1/1?t"),
            ("https://shop.example", "https://shop.example/v1/1"),
        ] {
            let Ok(Data::Server { base, .. }) = Data::open(place) else {
                panic!("{place} is an address");
            };
            assert_eq!(address(&base, "v1/1").expect("an address").as_str(), expected);
        }
    }
}
