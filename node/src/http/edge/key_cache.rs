//! A cache of API keys, so that not every request reads its caller from the database.

use std::sync::Arc;

use moka::future::Cache;

use super::limits::{KEY_TTL, MAX_KEYS};
use super::problem::Problem;
use crate::domain::api_key::KnownKey;
use crate::domain::id::ApiKeyId;
use crate::flow::StoreError;

/// API keys that were looked up within [`KEY_TTL`], unknown ids included: guesses at one key's secret reach the
/// database no more often than its use.
#[derive(Clone, Debug)]
pub(crate) struct KeyCache(Cache<ApiKeyId, Option<KnownKey>>);

impl KeyCache {
    pub(crate) fn new() -> Self {
        Self(Cache::builder().max_capacity(MAX_KEYS).time_to_live(KEY_TTL).build())
    }

    /// The key of that id, from `load` where it is not cached. Concurrent requests wait for one `load`.
    ///
    /// # Errors
    /// Those of `load`; they are not cached.
    pub(crate) async fn find(
        &self,
        id: ApiKeyId,
        load: impl Future<Output = Result<Option<KnownKey>, StoreError>>,
    ) -> Result<Option<KnownKey>, Problem> {
        // `get` first: it is cheaper than `try_get_with`.
        if let Some(known) = self.0.get(&id).await {
            return Ok(known);
        }
        let found = self.0.try_get_with(id, load).await;
        found.map_err(|error: Arc<StoreError>| Problem::from(error))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

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
}
