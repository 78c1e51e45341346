//! One more event of one key: the key's row and the event, in the caller's transaction.

use alloy_primitives::B256;
use shelfproof_anchor::store::events::{EventError, NewEvent, event_append};
use shelfproof_verifier::event::{KeyEvent, Kind, Opening};
use shelfproof_verifier::vocabulary::body::Body;
use sqlx::PgConnection;

use super::clock::{ClockError, check_clock};
use crate::domain::key::{self, Head};
use crate::store::StoreError;
use crate::store::key::{Advanced, key_advance};

/// Why a key got no further event.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Event(#[from] EventError),
    #[error(transparent)]
    Clock(#[from] ClockError),
    /// The protocol allows no such event after the key's last one.
    #[error("a key that is {from} cannot be {to}", from = .from.name(), to = .to.name())]
    Illegal { from: Kind, to: Kind },
    #[error("the key was changed by another request at the same moment; send the request again")]
    Stale,
}

impl From<sqlx::Error> for StepError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Appends an event of the body's kind to a key. `body` is hashed into the event under a new random salt.
///
/// # Errors
/// `Illegal` where the protocol allows no such event, `Stale` where the key is no longer as `head` says.
pub(super) async fn step<B: Body + Sync>(
    connection: &mut PgConnection,
    head: &Head,
    body: &B,
    now_ms: u64,
) -> Result<KeyEvent, StepError> {
    check_clock(connection, now_ms).await?;
    let illegal = StepError::Illegal {
        from: head.state,
        to: B::KIND,
    };
    let opening = Opening {
        salt: B256::from(rand::random::<[u8; 32]>()),
        body: body.to_json(),
    };
    let link = key::next(head, B::KIND, now_ms, opening).ok_or(illegal)?;
    if key_advance(connection, head.key_no, &link.event).await? == Advanced::Stale {
        return Err(StepError::Stale);
    }
    let appended = NewEvent {
        sale: None,
        key_no: head.key_no,
        before: Some(head.state),
        event: link.event,
        opening: link.opening,
    };
    event_append(connection, &[appended])
        .await
        .map_err(|error| match error {
            // The key was sold since its head was read: a sale does not show in the key's row.
            EventError::Database(error) if is_event_there(&error) => StepError::Stale,
            error => error.into(),
        })?;
    Ok(link.event)
}

/// Whether an event was refused because its key has one of that version.
fn is_event_there(error: &sqlx::Error) -> bool {
    let constraint = error.as_database_error().and_then(|error| error.constraint());
    constraint == Some("events_pkey")
}
