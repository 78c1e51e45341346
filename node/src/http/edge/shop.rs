//! The state that every route shares.

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::key_cache::KeyCache;
use super::readiness::Readiness;
use crate::app::App;

/// The state of all routes.
pub(crate) struct Shop {
    /// The shop's parts.
    pub(crate) app: Arc<App>,
    /// API keys that were looked up lately.
    pub(crate) keys: KeyCache,
    /// The last report of `/readyz`.
    pub(crate) readiness: Readiness,
    /// Permits for imports.
    pub(crate) imports: Semaphore,
    /// Permits for readers of the epochs' data.
    pub(crate) downloads: Arc<Semaphore>,
}
