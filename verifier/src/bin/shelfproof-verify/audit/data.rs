//! Opening published data, with this program's errors.

use shelfproof_base::client::Reach;
use shelfproof_verifier::published::{Data, Missing, PlaceError};

use crate::cause::Cause;
use crate::report::Failure;

/// Opens what `--data` names.
pub(crate) fn open(place: &str) -> Result<Data, Failure> {
    let refuse = |error| match error {
        PlaceError::Nowhere => format!("--data is {error}"),
        PlaceError::Http(error) => format!("--data: {error}"),
    };
    Data::open(place, Reach::Any).map_err(|error| Failure::new(Cause::Input, refuse(error)))
}

/// For commands to which missing data is no breach.
impl From<Missing> for Failure {
    fn from(missing: Missing) -> Self {
        match missing {
            Missing::Answered(why) | Missing::Silent(why) | Missing::Unknown(why) => Self::new(Cause::DataMissing, why),
            Missing::Network(why) => Self::new(Cause::Network, why),
            Missing::CopyDiffers(why) => Self::new(Cause::CopyDiffers, why),
        }
    }
}
