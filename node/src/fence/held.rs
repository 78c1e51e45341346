//! What a half of the fence knows of the database that connections lead to: whether it was compared, and why nothing may be
//! sold over it. A comparison that fails changes nothing about a database that was compared before: a running database
//! does not fall behind, and what does not answer must not stop sales.

use std::fmt::{Debug, Display};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use shelfproof_anchor::store::fence::Instance;
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

use super::{FENCE_PERIOD, FIRST_PERIOD};

/// The database, as it is held against something that may know more. `R` says why it is refused.
#[derive(Debug)]
pub(super) struct Held<R> {
    /// What it is held against, in words.
    against: &'static str,
    observed: RwLock<Observed<R>>,
    /// Notified when connections lead to another database.
    moved: Notify,
}

#[derive(Debug)]
struct Observed<R> {
    state: State<R>,
    /// The database that the newest connection leads to.
    instance: Option<Instance>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum State<R> {
    /// No comparison of this database has succeeded yet; why, in words for anybody.
    Unknown(String),
    Open,
    /// Nothing may be sold, for this reason.
    Closed(R),
}

impl<R: Clone + Debug + Display + PartialEq> Held<R> {
    pub(super) fn new(against: &'static str) -> Self {
        Self {
            against,
            observed: RwLock::new(Observed {
                state: State::Unknown("it is being asked".to_owned()),
                instance: None,
            }),
            moved: Notify::new(),
        }
    }

    /// Notes the database that a new connection leads to. If it is another than the one that was compared, nothing is
    /// sold until that one is compared too: it may be an old backup.
    pub(super) fn reached(&self, instance: Instance) {
        let mut observed = self.observed.write().unwrap_or_else(PoisonError::into_inner);
        if observed.instance.replace(instance) == Some(instance) {
            return;
        }
        if observed.state == State::Open {
            let why = "the database's server was started again, or another took its place";
            tracing::error!(
                "the fence is closed until the database was compared with {} again: {why}",
                self.against
            );
            observed.state = State::Unknown(why.to_owned());
        }
        drop(observed);
        self.moved.notify_one();
    }

    /// Whether a connection to that database may sell.
    pub(super) fn admits(&self, instance: &Instance) -> bool {
        let observed = self.observed();
        observed.state == State::Open && observed.instance.as_ref() == Some(instance)
    }

    pub(super) fn state(&self) -> State<R> {
        self.observed().state.clone()
    }

    /// Waits until the next comparison is due: soon as long as none has succeeded, or where connections lead to another
    /// database.
    pub(super) async fn due(&self) {
        sleep(FIRST_PERIOD).await;
        if !matches!(self.observed().state, State::Unknown(_)) {
            let _ = timeout(FENCE_PERIOD, self.moved.notified()).await;
        }
    }

    /// Notes why the database that was compared is refused, if it is, or why none could be compared.
    pub(super) fn note(&self, compared: Result<(Option<R>, Instance), String>) {
        let mut observed = self.observed.write().unwrap_or_else(PoisonError::into_inner);
        let after = match compared {
            Ok((Some(why), _)) => State::Closed(why),
            // Connections lead to another database by now, which says nothing about that one.
            Ok((None, instance)) if observed.instance != Some(instance) => return,
            Ok((None, _)) => State::Open,
            Err(why) if matches!(observed.state, State::Unknown(_)) => State::Unknown(why),
            Err(_) => return,
        };
        let against = self.against;
        match (&observed.state, &after) {
            (before, after) if before == after => {}
            (_, State::Closed(why)) => tracing::error!("the fence is closed, and nothing is sold: {why}"),
            (State::Closed(_), State::Open) => tracing::error!("the database has all that {against} has again"),
            (_, State::Open) => tracing::info!("the database has all that {against} has"),
            _ => {}
        }
        observed.state = after;
    }

    fn observed(&self) -> RwLockReadGuard<'_, Observed<R>> {
        self.observed.read().unwrap_or_else(PoisonError::into_inner)
    }
}
