//! Reads an epoch back from where the public reads it, before its transaction is signed: one that the server does not
//! have is a breach an hour after it is final, and an epoch that is anchored cannot be taken back.

use std::sync::Arc;
use std::time::Duration;

use alloy_primitives::B256;
use shelfproof_base::client::Reach;
use shelfproof_base::web::{is_web_address, parse_url};
use shelfproof_verifier::chain::rpc::RpcSource;
use shelfproof_verifier::delta::delta_path;
use shelfproof_verifier::event::EVENT_BYTES;
use shelfproof_verifier::published::Data;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::SubmitError;
use crate::history::{EpochFile, History, HistoryError};
use crate::store::epochs::EpochRoots;
use crate::tx::TxError;

/// The time in which an epoch must have been read back, with what is added for each megabyte: the server is the
/// merchant's own. The submitter does nothing else meanwhile.
const BOUND: Duration = Duration::from_mins(1);
const BOUND_A_MEGABYTE: Duration = Duration::from_secs(1);

/// An epoch's published files, and where the public reads them.
pub struct ReadBack {
    history: Arc<History>,
    /// Where to read in place of the address that the registry names: an address, which may hold a password, or a
    /// folder.
    place: Option<String>,
    /// The epoch that was read back last.
    done: Option<B256>,
}

impl ReadBack {
    /// `history` holds the files as they were written.
    #[must_use]
    pub const fn new(history: Arc<History>, place: Option<String>) -> Self {
        Self {
            history,
            place,
            done: None,
        }
    }

    /// Whether everybody gets the epoch's data and delta, byte for byte.
    ///
    /// # Errors
    /// [`SubmitError::NotPublished`] where not, with the address and what was answered; where the chain or the
    /// history's folder cannot be read.
    pub(super) async fn check(&mut self, source: &RpcSource, roots: &EpochRoots) -> Result<(), SubmitError> {
        if self.done == Some(roots.hash) {
            return Ok(());
        }
        let place = match &self.place {
            Some(place) => place.clone(),
            None => registered(source).await?,
        };
        let delta = self.written_delta(roots.header.number).await?;
        let answered = if self.place.is_some() || is_web_address(&place) {
            read(&place, roots, delta).await
        } else {
            Err("the registry holds no http or https address".to_owned())
        };
        answered.map_err(|answered| SubmitError::NotPublished {
            epoch: roots.header.number,
            place: shown(&place),
            answered,
        })?;
        self.done = Some(roots.hash);
        Ok(())
    }

    async fn written_delta(&self, number: u64) -> Result<Vec<u8>, SubmitError> {
        let history = Arc::clone(&self.history);
        let read = spawn_blocking(move || {
            let path = history.published_path(EpochFile::Delta(number));
            std::fs::read(&path).map_err(HistoryError::io(&path))
        });
        Ok(read.await??)
    }
}

/// The address that the registry names.
async fn registered(source: &RpcSource) -> Result<String, SubmitError> {
    source.newest_block().await.map_err(TxError::from)?;
    Ok(source.data_uri().await.map_err(TxError::from)?)
}

/// Reads data and delta of an epoch; why that is not what was written, in words.
async fn read(place: &str, roots: &EpochRoots, delta: Vec<u8>) -> Result<(), String> {
    let data = Data::open(place, Reach::Any).map_err(|error| error.to_string())?;
    let header = &roots.header;
    let keys = usize::try_from(header.event_count).unwrap_or(usize::MAX);
    let both = async {
        // This compares the data with its hash.
        data.fetch(header).await.map_err(|missing| missing.to_string())?;
        let found = data.fetch_delta(header.number, keys).await;
        let found = found.map_err(|missing| missing.to_string())?;
        if found == delta {
            Ok(())
        } else {
            Err(format!("{}: other bytes than were written", delta_path(header.number)))
        }
    };
    let megabytes = u32::try_from((keys * EVENT_BYTES + delta.len()) >> 20).unwrap_or(u32::MAX);
    let bound = BOUND.saturating_add(BOUND_A_MEGABYTE.saturating_mul(megabytes));
    let late = || format!("no whole answer within {} s", bound.as_secs());
    timeout(bound, both).await.unwrap_or_else(|_| Err(late()))
}

/// An address without what may be a password in it.
fn shown(place: &str) -> String {
    match parse_url(place) {
        Ok(url) => format!("{}{}", url.origin().ascii_serialization(), url.path()),
        Err(_) => format!("{place:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_user_and_query() {
        assert_eq!(
            shown("https://user:geheim@shop.example:8443/data?key=geheim"),
            "https://shop.example:8443/data"
        );
        assert_eq!(shown("ipfs://\u{1b}x"), "\"ipfs://\\u{1b}x\"");
    }
}
