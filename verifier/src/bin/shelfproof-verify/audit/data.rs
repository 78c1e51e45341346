//! Published data, in this program's words.

use shelfproof_verifier::published::{Data, Missing, PlaceError};

use crate::cause::Cause;
use crate::report::Failure;

/// Looks where `--data` leads.
pub(crate) fn open(place: &str) -> Result<Data, Failure> {
    let refuse = |error| match error {
        PlaceError::Nowhere => format!("--data is {error}"),
        PlaceError::Http(error) => format!("--data: {error}"),
    };
    Data::open(place).map_err(|error| Failure::new(Cause::Input, refuse(error)))
}

/// Where nothing more can be said than that the data is missing.
impl From<Missing> for Failure {
    fn from(missing: Missing) -> Self {
        match missing {
            Missing::Answered(why) | Missing::Unknown(why) => Self::new(Cause::DataMissing, why),
            Missing::CopyDiffers(why) => Self::new(Cause::CopyDiffers, why),
        }
    }
}
