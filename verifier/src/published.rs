//! A merchant's published data, read from a folder or a web server. Every file is bounded, and compared with its
//! anchored hash.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::PathBuf;
use std::time::Duration;

use shelfproof_base::client::{Bounds, Client, HttpError, Reach};
use shelfproof_base::web::{NotWeb, Url, is_page, parse_url};
use tokio::task;

use crate::delta;
use crate::epoch::{self, Header, ListedHeader, MAX_DATA_BYTES};
use crate::event::EVENT_BYTES;

/// The rate, in bytes a second, at which the largest file passes within its time.
const SLOWEST: usize = 200_000;
/// The least time that a file has.
const LEAST_TIME: Duration = Duration::from_mins(10);
/// Redirects that are followed.
const MAX_REDIRECTS: usize = 5;
/// The pauses before a file is requested again; one try more than there are pauses.
const RETRY_PAUSES: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(3)];

/// Where the data is.
#[derive(Clone, Debug)]
pub enum Data {
    /// A copy on this machine.
    Folder(PathBuf),
    /// The merchant's server, or a mirror.
    Server {
        /// The client for all requests.
        client: Client,
        /// The data's address, with a slash at its end.
        base: Url,
    },
}

/// Why a place cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// Neither an address nor a folder.
    #[error("neither an http or https address nor a folder that is there")]
    Nowhere,
    /// An address that no client can be made for.
    #[error("{0}")]
    Http(#[from] HttpError),
}

/// Why an epoch's data is missing, in English, by who is responsible. No message contains the address, which may contain
/// an access key.
#[derive(Debug, thiserror::Error)]
pub enum Missing {
    /// The server answered that it has none (404, 410), or sent as many bytes as the epoch has that are not it.
    #[error("{0}")]
    Answered(String),
    /// The server gave no usable answer: none at all, another status, or bytes of another length. Only a long silence
    /// counts against the merchant.
    #[error("{0}")]
    Silent(String),
    /// The request could not be made from this machine, or the copy on it lacks the file.
    #[error("{0}")]
    Unknown(String),
    /// The answer may be that of something between here and the server: a page, or a status by which networks, proxies
    /// and filters let nobody through.
    #[error("{0}")]
    Network(String),
    /// The copy on this machine is not what was anchored.
    #[error("{0}")]
    CopyDiffers(String),
}

impl Data {
    /// Opens an address, or a folder that exists. With [`Reach::Public`], for what a third party wrote, `place` must be
    /// a public address.
    ///
    /// # Errors
    /// [`PlaceError`].
    pub fn open(place: &str, reach: Reach) -> Result<Self, PlaceError> {
        if let Some(base) = base_of(place) {
            let client = Client::new(&base, reach, MAX_REDIRECTS)?;
            return Ok(Self::Server { client, base });
        }
        let folder = PathBuf::from(place);
        if reach == Reach::Any && folder.is_dir() {
            return Ok(Self::Folder(folder));
        }
        Err(PlaceError::Nowhere)
    }

    /// Whether what it lacks is lacking at the address that the registry names for the merchant's data, and not only in
    /// another copy of it. Where the registry names no web address, every server is asked in its place.
    #[must_use]
    pub fn is_at(&self, data_uri: &str) -> bool {
        match self {
            Self::Folder(_) => false,
            Self::Server { base, .. } => base_of(data_uri).is_none_or(|named| named == *base),
        }
    }

    /// Reads the data of an epoch, which has the hash that was anchored. Requests that fail for what may be a passing
    /// reason are repeated a bounded number of times.
    ///
    /// # Errors
    /// [`Missing`].
    pub async fn fetch(&self, header: &Header) -> Result<Vec<u8>, Missing> {
        let path = epoch::data_path(header.number);
        let bytes = match self {
            Self::Folder(folder) => read(folder.join(&path), MAX_DATA_BYTES)
                .await
                .map_err(|error| Missing::Unknown(format!("{path}: {error}")))?,
            Self::Server { client, base } => {
                let got = get(client, base, &path, MAX_DATA_BYTES).await;
                got.map_err(|error| missing(&path, &error))?
            }
        };
        let found = epoch::data_hash(&bytes);
        if found == header.data_hash {
            return Ok(bytes);
        }
        let why = format!("{path}: its SHA-256 is {found}, anchored was {}", header.data_hash);
        Err(match self {
            Self::Folder(_) => Missing::CopyDiffers(why),
            Self::Server { .. } if bytes.len() as u64 == header.event_count.saturating_mul(EVENT_BYTES as u64) => {
                Missing::Answered(why)
            }
            // Another length may be half a file, or anything that is not the shop's.
            Self::Server { .. } if is_page(&bytes) => Missing::Network(a_page(&path)),
            Self::Server { .. } => Missing::Silent(format!("{why}, and its length is another")),
        })
    }

    /// Reads the delta of an epoch with events of so many keys. What it proves is not checked here; a folder answers
    /// for what it lacks as a server does.
    ///
    /// # Errors
    /// [`Missing`].
    pub async fn fetch_delta(&self, number: u64, keys: usize) -> Result<Vec<u8>, Missing> {
        let (path, max_bytes) = (delta::delta_path(number), delta::max_bytes(keys));
        match self {
            Self::Folder(folder) => read(folder.join(&path), max_bytes).await.map_err(|error| {
                let why = format!("{path}: {error}");
                match error.kind() {
                    ErrorKind::NotFound | ErrorKind::FileTooLarge => Missing::Answered(why),
                    _ => Missing::Unknown(why),
                }
            }),
            Self::Server { client, base } => {
                match get(client, base, &path, max_bytes).await {
                    // A delta begins with 00 or 01.
                    Ok(page) if is_page(&page) => Err(Missing::Network(a_page(&path))),
                    Err(error @ HttpError::TooLarge { .. }) => Err(Missing::Answered(format!("{path}: {error}"))),
                    answer => answer.map_err(|error| missing(&path, &error)),
                }
            }
        }
    }

    /// Reads an epoch's header file; `None` without one. It is a hint, which the registry's hash confirms, so nobody asks
    /// why there is none.
    pub async fn fetch_header(&self, number: u64) -> Option<ListedHeader> {
        let (path, max_bytes) = (epoch::header_path(number), ListedHeader::MAX_FILE_BYTES);
        let bytes = match self {
            Self::Folder(folder) => read(folder.join(&path), max_bytes).await.ok()?,
            Self::Server { client, base } => get(client, base, &path, max_bytes).await.ok()?,
        };
        ListedHeader::parse(&bytes).ok()
    }
}

/// A web address, with a slash at the end of its path.
fn base_of(place: &str) -> Option<Url> {
    let mut base = parse_url(place).ok()?;
    let path = format!("{}/", base.path().trim_end_matches('/'));
    base.set_path(&path);
    Some(base)
}

fn a_page(path: &str) -> String {
    format!("{path}: a page for people came in its place")
}

/// Reads a file of at most `max_bytes`.
async fn read(path: PathBuf, max_bytes: usize) -> io::Result<Vec<u8>> {
    let read = move || {
        let mut bytes = Vec::new();
        File::open(path)?.take(max_bytes as u64 + 1).read_to_end(&mut bytes)?;
        if bytes.len() > max_bytes {
            Err(ErrorKind::FileTooLarge.into())
        } else {
            Ok(bytes)
        }
    };
    task::spawn_blocking(read).await?
}

/// Who is responsible for an answer without the file. What is neither the server's word that it has none, nor that of
/// something on the way, asks for another try.
fn missing(path: &str, error: &HttpError) -> Missing {
    let why = format!("{path}: {error}");
    match error {
        HttpError::Status(404 | 410) => Missing::Answered(why),
        error if error.may_be_the_network() => Missing::Network(why),
        // What this machine's certificates and its user forbid is not the server's.
        HttpError::Url(_) | HttpError::Client(_) | HttpError::Private => Missing::Unknown(why),
        _ => Missing::Silent(why),
    }
}

async fn get(client: &Client, base: &Url, path: &str, max_bytes: usize) -> Result<Vec<u8>, HttpError> {
    let bounds = Bounds {
        bytes: max_bytes,
        time: LEAST_TIME.max(Duration::from_secs((max_bytes / SLOWEST) as u64)),
    };
    let url = address(base, path)?;
    for pause in RETRY_PAUSES {
        match client.get(url.clone(), bounds).await {
            Err(HttpError::Unreachable(_) | HttpError::TimedOut | HttpError::Status(429 | 500..)) => {
                tokio::time::sleep(pause).await;
            }
            answer => return answer,
        }
    }
    client.get(url, bounds).await
}

/// A file's address: below the data's address, with the same query, which may contain an access key.
fn address(base: &Url, path: &str) -> Result<Url, HttpError> {
    let mut url = base.join(path).map_err(|_| HttpError::Url(NotWeb))?;
    url.set_query(base.query());
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_a_third_party_wrote_is_no_folder_and_no_private_address() {
        assert!(matches!(Data::open("/", Reach::Public), Err(PlaceError::Nowhere)));
        let Ok(Data::Server { client, base }) = Data::open("http://127.0.0.1:1/data", Reach::Public) else {
            panic!("it is an address");
        };
        let refused = get(&client, &base, "v1/1", 1).await;
        assert!(matches!(refused, Err(HttpError::Private)), "{refused:?}");
    }

    #[test]
    fn only_the_servers_own_word_counts_against_the_merchant_at_once() {
        let answered = |status| matches!(missing("f", &HttpError::Status(status)), Missing::Answered(_));
        let network = |status| matches!(missing("f", &HttpError::Status(status)), Missing::Network(_));
        let silent = |status| matches!(missing("f", &HttpError::Status(status)), Missing::Silent(_));
        for status in 300..600 {
            assert_eq!(answered(status), [404, 410].contains(&status), "{status}");
            assert_eq!(network(status), [401, 403, 407, 451, 511].contains(&status), "{status}");
            assert_eq!(silent(status), !answered(status) && !network(status), "{status}");
        }
        let (too_large, redirect) = (HttpError::TooLarge { max_bytes: 1 }, HttpError::Redirect("away"));
        for error in [too_large, redirect, HttpError::TimedOut] {
            assert!(matches!(missing("f", &error), Missing::Silent(_)), "{error}");
        }
        for error in [HttpError::Private, HttpError::Client(String::new())] {
            assert!(matches!(missing("f", &error), Missing::Unknown(_)), "{error}");
        }
    }

    #[test]
    fn a_mirror_is_not_at_the_registry_s_address() {
        let Ok(data) = Data::open("https://shop.example/data", Reach::Any) else {
            panic!("it is an address");
        };
        for named in [
            "https://shop.example/data",
            "https://SHOP.example:443/data/",
            "",
            "no address",
        ] {
            assert!(data.is_at(named), "{named}");
        }
        for named in [
            "http://shop.example/data",
            "https://shop.example/Data",
            "https://shop.example/data?t",
            "https://mirror.example/data",
        ] {
            assert!(!data.is_at(named), "{named}");
        }
        assert!(!Data::Folder("/".into()).is_at(""));
    }

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
            let Ok(Data::Server { base, .. }) = Data::open(place, Reach::Any) else {
                panic!("{place} is an address");
            };
            assert_eq!(address(&base, "v1/1").expect("an address").as_str(), expected);
        }
    }
}
