//! The products, accounts and coupons whose orders are held back, shared by all workers of this node.
//!
//! A product is held back if its next key cannot be sold; a product, an account or a coupon, if another transaction has
//! locked one of its rows. A batch still looks up whether such an order was placed before, and answers it if it was. A new
//! order is parked or refused for now without any further statement, so that the other orders of the batch are not
//! delayed. Everything here is in memory: a restart forgets it, and the first batches find it out again.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::domain::sale::{Intent, Neighbour};

/// The pause before a product whose next key could not be sold is tried again.
const UNSELLABLE_PAUSE: Duration = Duration::from_secs(5);

/// How long orders are parked after the first try that found their row locked. The pause doubles with each further try,
/// since most rows are locked only for the length of one commit.
const LOCKED_PAUSE: Duration = Duration::from_millis(10);
/// The longest time that orders are parked between two tries.
const LOCKED_PAUSE_MAX: Duration = Duration::from_millis(160);

/// One try in this many waits for the locked row, which is one batch in about two seconds. If other transactions lock
/// the row one after the other, it is never found free; only a transaction that waits gets its turn.
const TRIES_TO_WAIT: u32 = 12;

/// How long a trouble is kept after its pause if no order finds out whether it has ended.
const MEMORY: Duration = Duration::from_mins(1);

/// Why the orders of a product, an account or a coupon are held back.
#[derive(Clone, Copy, Debug)]
enum Trouble {
    /// The product's next key cannot be sold: its goods do not open, or its row is damaged.
    Unsellable,
    /// Another transaction has locked its pool, its wallet, or itself. `tries` counts the attempts to lock it.
    Locked { tries: u32 },
}

/// What a batch does with a new order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Advice {
    Try,
    /// It is parked until that time.
    Park(Instant),
    /// Its customer is told to try again later.
    Refuse,
}

/// The known troubles, each with the end of its pause.
#[derive(Debug, Default)]
pub(super) struct Troubles(Mutex<HashMap<Neighbour, (Trouble, Instant)>>);

impl Troubles {
    /// What a batch does with `intent` at the time `now`.
    pub(super) fn advise(&self, intent: &Intent, now: Instant) -> Advice {
        let troubles = self.troubles();
        if troubles.is_empty() {
            return Advice::Try;
        }
        let mut advice = Advice::Try;
        for neighbour in intent.neighbours() {
            match troubles.get(&neighbour) {
                // A payment is taken all the same; what it pays may be held, or a person decides.
                Some((Trouble::Unsellable, until)) if now < *until && intent.placing().is_some() => {
                    return Advice::Refuse;
                }
                Some((Trouble::Locked { .. }, until)) if now < *until => advice = Advice::Park(*until),
                _ => {}
            }
        }
        advice
    }

    /// Whether a batch that needs the rows of `neighbour` must not wait for them. Once in [`TRIES_TO_WAIT`] tries this
    /// returns `false`, and extends the pause so that the orders of other batches stay parked while that batch waits.
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

    /// Records that another transaction has locked a row of `neighbour`.
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

    /// Records that no row of `neighbour` is locked any more.
    pub(super) fn unlocked(&self, neighbour: Neighbour) {
        let mut troubles = self.troubles();
        if let Some((Trouble::Locked { .. }, _)) = troubles.get(&neighbour) {
            troubles.remove(&neighbour);
        }
    }

    /// Records that the next key of `neighbour`'s pool cannot be sold.
    pub(super) fn unsellable(&self, neighbour: Neighbour) {
        self.add(neighbour, Trouble::Unsellable, UNSELLABLE_PAUSE);
    }

    fn add(&self, neighbour: Neighbour, trouble: Trouble, pause: Duration) {
        let now = Instant::now();
        let until = now + pause;
        let mut troubles = self.troubles();
        // Removes what is out of date, so that the map does not grow over time.
        troubles.retain(|_, (_, until)| now < *until + MEMORY);
        if troubles.insert(neighbour, (trouble, until)).is_none() {
            tracing::warn!(%neighbour, ?trouble, "the orders of one product, account or coupon are held back");
        }
    }

    fn troubles(&self) -> MutexGuard<'_, HashMap<Neighbour, (Trouble, Instant)>> {
        // Every change is a single insertion or removal, so the map is consistent even after a panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
