//! The published data, for merchants without a file server, and from mirrors.

use std::io::ErrorKind;
use std::str::FromStr;
use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use shelfproof_base::server::file::Download;
use shelfproof_verifier::epoch::MAX_DATA_BYTES;

use super::Prover;
use super::problem::Problem;

/// The digits of an epoch's number in its file's name.
const DIGITS: usize = 10;

pub(super) async fn download(
    State(prover): State<Arc<Prover>>,
    name: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    let number = name.ok().and_then(|Path(name)| name.parse().ok());
    let EpochFile(number) = number.ok_or(Problem::NotFound)?;
    let place = Arc::clone(&prover.downloads).try_acquire_owned();
    let place = place.map_err(|_| Problem::Busy)?;
    let file = match Download::open(&prover.history.data_path(number), MAX_DATA_BYTES as u64).await {
        Err(error) if error.kind() == ErrorKind::NotFound => return Err(Problem::NotFound),
        Err(error) => {
            tracing::error!(number, %error, "an epoch's data could not be read");
            return Err(Problem::Storage);
        }
        Ok(file) => file,
    };
    // Data that is not final may be replaced before it is anchored, after a backup was restored.
    let cached = if number <= prover.status.borrow().final_epoch {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let headers = [
        (CONTENT_TYPE, "application/octet-stream".to_owned()),
        (CONTENT_LENGTH, file.bytes().to_string()),
        (CACHE_CONTROL, cached.to_owned()),
    ];
    Ok((headers, file.into_body(place)).into_response())
}

/// The number in the name of an epoch's data file. No other name is accepted, so nothing else in the folder can be requested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EpochFile(pub u64);

impl FromStr for EpochFile {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        let digits = name.strip_suffix(".events").ok_or(())?;
        let is_number = digits.len() == DIGITS && digits.bytes().all(|digit| digit.is_ascii_digit());
        digits.parse().ok().filter(|_| is_number).map(Self).ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_epoch_s_file_has_a_name() {
        assert_eq!("0000000012.events".parse(), Ok(EpochFile(12)));
        for name in [
            "12.events",
            "00000000012.events",
            "0000000012.events.tmp",
            "+000000012.events",
            "../0000000012.events",
            "０000000012.events",
            "",
        ] {
            assert!(name.parse::<EpochFile>().is_err(), "{name}");
        }
    }
}
