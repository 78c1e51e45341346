//! Data keys that are open. Unwrapping one takes some microseconds at every sale, and most sales need the same few.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::{DataKey, VaultError, WrappedKey};
use crate::domain::id::BatchId;

/// The most keys that are kept. One more, and the cache starts anew: so rare that nothing cleverer pays.
const MAX_KEYS: usize = 1024;

/// Open data keys by batch, each beside the wrapped form that it came from: another form is opened, never answered for.
#[derive(Default)]
pub(super) struct Cache(Mutex<HashMap<BatchId, (WrappedKey, Arc<DataKey>)>>);

impl Cache {
    /// The key that is kept for `wrapped`, or what `open` makes of it.
    pub(super) fn get_or(
        &self,
        batch: BatchId,
        wrapped: &WrappedKey,
        open: impl FnOnce() -> Result<DataKey, VaultError>,
    ) -> Result<Arc<DataKey>, VaultError> {
        // Whoever panicked with the lock left a whole map: each change is one insertion.
        let mut keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((kept, key)) = keys.get(&batch)
            && kept == wrapped
        {
            return Ok(Arc::clone(key));
        }
        let key = Arc::new(open()?);
        if keys.len() >= MAX_KEYS {
            keys.clear();
        }
        keys.insert(batch, (wrapped.clone(), Arc::clone(&key)));
        Ok(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(n: usize) -> BatchId {
        BatchId::new(n as u64, [0; 10])
    }

    fn wrapped(n: usize) -> WrappedKey {
        WrappedKey {
            wrapped: n.to_be_bytes().to_vec(),
            master_generation: 1,
        }
    }

    #[test]
    fn a_key_is_kept_for_its_own_wrapped_form() {
        let cache = Cache::default();
        let new = || Ok(DataKey::random());
        let first = cache.get_or(batch(1), &wrapped(1), new).unwrap();
        assert!(Arc::ptr_eq(&first, &cache.get_or(batch(1), &wrapped(1), new).unwrap()));
        assert!(!Arc::ptr_eq(&first, &cache.get_or(batch(1), &wrapped(2), new).unwrap()));
        assert!(!Arc::ptr_eq(&first, &cache.get_or(batch(2), &wrapped(1), new).unwrap()));
    }

    #[test]
    fn what_does_not_open_is_not_kept() {
        let cache = Cache::default();
        let refuse = || Err(VaultError::Goods(batch(1)));
        assert!(cache.get_or(batch(1), &wrapped(1), refuse).is_err());
        assert!(cache.0.lock().unwrap().is_empty());
    }

    #[test]
    fn no_more_than_the_bound_are_kept() {
        let cache = Cache::default();
        for n in 0..3 * MAX_KEYS {
            cache.get_or(batch(n), &wrapped(n), || Ok(DataKey::random())).unwrap();
            assert!(cache.0.lock().unwrap().len() <= MAX_KEYS);
        }
    }
}
