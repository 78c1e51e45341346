//! Which products and accounts are in trouble, as every worker of this node remembers it for a while. Their new orders are
//! parked or told to come back after one look whether they were placed before, so that no other order is held up again.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::domain::sale::{Intent, Neighbour};

/// How long a product whose next key cannot be sold is not tried again.
const UNSELLABLE_PAUSE: Duration = Duration::from_secs(5);

/// How long the orders that need a locked row are parked before it is tried again: at first, and at most. The time doubles
/// with each try, because most rows are locked for the length of one commit.
const LOCKED_PAUSE: Duration = Duration::from_millis(10);
const LOCKED_PAUSE_MAX: Duration = Duration::from_millis(160);

/// Of that many tries one waits for the row, as everybody else does: a row that others lock in turn is never found free, and
/// only who waits has a place among them. It is one batch in about two seconds.
const TRIES_TO_WAIT: u32 = 12;

/// How long after its pause a trouble is remembered, where no order came by that found it over.
const MEMORY: Duration = Duration::from_mins(1);

/// What is wrong with a product or an account.
#[derive(Clone, Copy, Debug)]
enum Trouble {
    /// The product's next key cannot be sold: its goods do not open, or its row is damaged.
    Unsellable,
    /// Somebody else has locked its pool or wallet.
    Locked { tries: u32 },
}

/// What follows for an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Advice {
    Try,
    /// It is parked until then.
    Park(Instant),
    /// Its customer is told to come back.
    Refuse,
}

/// The troubles that are known, each with the end of its pause.
#[derive(Debug, Default)]
pub(super) struct Troubles(Mutex<HashMap<Neighbour, (Trouble, Instant)>>);

impl Troubles {
    /// What follows for `intent` at the time `now`.
    pub(super) fn advise(&self, intent: &Intent, now: Instant) -> Advice {
        let troubles = self.troubles();
        if troubles.is_empty() {
            return Advice::Try;
        }
        let mut advice = Advice::Try;
        for neighbour in intent.neighbours() {
            match troubles.get(&neighbour) {
                Some((Trouble::Unsellable, until)) if now < *until => return Advice::Refuse,
                Some((Trouble::Locked { .. }, until)) if now < *until => advice = Advice::Park(*until),
                _ => {}
            }
        }
        advice
    }

    /// Whether a batch that needs the rows of `neighbour` leaves them out where they are locked. The one batch that is to wait
    /// for them finds out here, and meanwhile the others' orders of that neighbour stay parked.
    pub(super) fn skips(&self, neighbour: Neighbour) -> bool {
        let mut troubles = self.troubles();
        let Some((Trouble::Locked { tries }, until)) = troubles.get_mut(&neighbour) else {
            return false;
        };
        if *tries % TRIES_TO_WAIT != 0 {
            return true;
        }
        *tries += 1;
        *until = Instant::now() + LOCKED_PAUSE_MAX * 2;
        false
    }

    /// Remembers that somebody else has locked a row of `neighbour`.
    pub(super) fn locked(&self, neighbour: Neighbour) {
        let tries = match self.troubles().get(&neighbour) {
            Some((Trouble::Locked { tries }, _)) => tries.saturating_add(1),
            _ => 1,
        };
        let pause = LOCKED_PAUSE
            .saturating_mul(1 << (tries - 1).min(10))
            .min(LOCKED_PAUSE_MAX);
        self.add(neighbour, Trouble::Locked { tries }, pause);
    }

    /// When an order that needs the locked rows of `neighbour` is tried again.
    pub(super) fn locked_until(&self, neighbour: Neighbour) -> Instant {
        let until = self.troubles().get(&neighbour).map(|(_, until)| *until);
        until.unwrap_or_else(Instant::now)
    }

    /// Forgets that a row of `neighbour` was locked.
    pub(super) fn unlocked(&self, neighbour: Neighbour) {
        let mut troubles = self.troubles();
        if let Some((Trouble::Locked { .. }, _)) = troubles.get(&neighbour) {
            troubles.remove(&neighbour);
        }
    }

    /// Remembers that the next key of `neighbour`'s pool cannot be sold.
    pub(super) fn unsellable(&self, neighbour: Neighbour) {
        self.add(neighbour, Trouble::Unsellable, UNSELLABLE_PAUSE);
    }

    fn add(&self, neighbour: Neighbour, trouble: Trouble, pause: Duration) {
        let now = Instant::now();
        let until = now + pause;
        let mut troubles = self.troubles();
        // Keeps the map as small as what is in trouble, also after weeks.
        troubles.retain(|_, (_, until)| now < *until + MEMORY);
        if troubles.insert(neighbour, (trouble, until)).is_none() {
            tracing::warn!(%neighbour, ?trouble, "orders are held back, those of others go on");
        }
    }

    fn troubles(&self) -> MutexGuard<'_, HashMap<Neighbour, (Trouble, Instant)>> {
        // Each change is one insertion or removal, so whoever panicked with the lock left a whole map.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
