//! What is known of API keys, remembered for a few seconds, so that a request need not ask the database who sends it.

use std::sync::Arc;

use moka::future::Cache;

use crate::domain::id::ApiKeyId;
use crate::http::edge::limits::{KEY_TTL, MAX_KEYS};
use crate::http::edge::problem::Problem;
use crate::store::StoreError;
use crate::store::api_key::KnownKey;

/// The keys asked about lately, also those that there are not: guessing at one key's secret asks the database no more
/// often than using it.
#[derive(Clone, Debug)]
pub(crate) struct KeyCache(Cache<ApiKeyId, Option<KnownKey>>);

impl KeyCache {
    /// An empty cache.
    pub(crate) fn new() -> Self {
        Self(Cache::builder().max_capacity(MAX_KEYS).time_to_live(KEY_TTL).build())
    }

    /// The key of that id, from `load` where it was not asked lately. Requests that ask at once wait for one `load`.
    ///
    /// # Errors
    /// Those of `load`; they are not remembered.
    pub(crate) async fn find(
        &self,
        id: ApiKeyId,
        load: impl Future<Output = Result<Option<KnownKey>, StoreError>>,
    ) -> Result<Option<KnownKey>, Problem> {
        // Before `try_get_with`, which makes ready to load and costs more.
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
