//! A cache of API keys, so that not every request reads its caller from the database.

use std::sync::Arc;

use moka::future::Cache;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::limits::{KEY_TTL, KNOWN_TTL, MAX_KEYS, MAX_STRANGERS, STRANGER_WAIT};
use super::problem::{Code, Problem};
use crate::domain::api_key::KnownKey;
use crate::domain::id::ApiKeyId;
use crate::flow::StoreError;

/// API keys that were looked up within [`KEY_TTL`], unknown ids included: guesses at one key's secret reach the
/// database no more often than its use. Guesses at ids take turns among themselves, and no known key waits for them.
#[derive(Debug)]
pub(crate) struct KeyCache {
    keys: Cache<ApiKeyId, Option<KnownKey>>,
    known: Cache<ApiKeyId, ()>,
    strangers: Semaphore,
}

/// Why a key was not looked up.
#[derive(Debug)]
enum NotFound {
    /// Too many keys that were never found are being looked up.
    Crowded,
    Store(Arc<StoreError>),
}

impl From<Arc<NotFound>> for Problem {
    fn from(error: Arc<NotFound>) -> Self {
        match &*error {
            NotFound::Crowded => Self::new(
                Code::Busy,
                "Too many API keys that this node does not know are being looked up. Repeat the request a little later.",
            ),
            NotFound::Store(error) => Arc::clone(error).into(),
        }
    }
}

impl KeyCache {
    pub(crate) fn new() -> Self {
        Self {
            keys: Cache::builder().max_capacity(MAX_KEYS).time_to_live(KEY_TTL).build(),
            known: Cache::builder().max_capacity(MAX_KEYS).time_to_idle(KNOWN_TTL).build(),
            strangers: Semaphore::new(MAX_STRANGERS),
        }
    }

    /// The key of that id, from `load` where it is not cached. Concurrent requests wait for one `load`.
    ///
    /// # Errors
    /// Those of `load`; they are not cached. `Busy` where an id that was never found waits too long for its turn.
    pub(crate) async fn find(
        &self,
        id: ApiKeyId,
        load: impl Future<Output = Result<Option<KnownKey>, StoreError>>,
    ) -> Result<Option<KnownKey>, Problem> {
        // `get` first: it is cheaper than `try_get_with`.
        if let Some(known) = self.keys.get(&id).await {
            return Ok(known);
        }
        let is_known = self.known.get(&id).await.is_some();
        let in_turn = async {
            // Strangers wait in the order of arrival. A permit is given back when its load ends.
            let _permit = if is_known {
                None
            } else {
                let permit = timeout(STRANGER_WAIT, self.strangers.acquire()).await;
                Some(permit.map_err(|_| NotFound::Crowded)?)
            };
            load.await.map_err(|error| NotFound::Store(Arc::new(error)))
        };
        let found = self.keys.try_get_with(id, in_turn).await;
        let found = found.map_err(|error: Arc<NotFound>| Problem::from(error))?;
        if found.is_some() {
            self.known.insert(id, ()).await;
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::sync::atomic::{AtomicU32, Ordering};

    use tokio::task::{JoinSet, yield_now};

    use super::*;
    use crate::domain::account::Role;
    use crate::domain::id::AccountId;

    #[tokio::test]
    async fn unknown_keys_are_remembered_and_failures_are_not() {
        let (cache, id, asked) = (KeyCache::new(), ApiKeyId::new(1, [0; 10]), AtomicU32::new(0));
        let failing = async {
            asked.fetch_add(1, Ordering::Relaxed);
            Err(StoreError::Database(sqlx::Error::PoolTimedOut))
        };
        assert!(cache.find(id, failing).await.is_err());
        for _ in 0..3 {
            let unknown = async {
                asked.fetch_add(1, Ordering::Relaxed);
                Ok(None)
            };
            assert!(cache.find(id, unknown).await.unwrap().is_none());
        }
        assert_eq!(asked.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn guesses_at_ids_do_not_hold_up_a_key_that_is_known() {
        let cache = Arc::new(KeyCache::new());
        let known = KnownKey {
            hash: [0; 32],
            account: AccountId::new(1, [0; 10]),
            role: Role::Reseller,
        };
        let (mine, guess) = (ApiKeyId::new(1, [0; 10]), ApiKeyId::new(2, [0; 10]));
        cache.find(mine, async { Ok(Some(known)) }).await.unwrap();
        let mut guesses = JoinSet::new();
        for number in 0..u8::try_from(MAX_STRANGERS).unwrap() {
            let cache = Arc::clone(&cache);
            let id = ApiKeyId::new(3, [number; 10]);
            guesses.spawn(async move { cache.find(id, pending()).await });
        }
        while cache.strangers.available_permits() > 0 {
            yield_now().await;
        }
        let refused = cache.find(guess, async { Ok(None) }).await;
        assert_eq!(refused.unwrap_err().code(), Code::Busy);
        cache.keys.invalidate(&mine).await;
        assert!(cache.find(mine, async { Ok(Some(known)) }).await.unwrap().is_some());
        guesses.shutdown().await;
        assert!(cache.find(guess, async { Ok(None) }).await.unwrap().is_none());
    }
}
