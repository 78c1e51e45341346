//! The state that every route shares.

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::attempts::Attempts;
use super::exports::Exports;
use super::key_cache::KeyCache;
use super::readiness::Readiness;
use crate::app::App;

pub(crate) struct Shop {
    pub(crate) app: Arc<App>,
    pub(crate) keys: KeyCache,
    pub(crate) readiness: Readiness,
    /// Permits for imports.
    pub(crate) imports: Semaphore,
    /// Permits for readers of the epochs' data.
    pub(crate) downloads: Arc<Semaphore>,
    /// Look-ups of guests' orders, whose passwords could be guessed: by address, and by contact.
    pub(crate) lookups: Attempts,
    pub(crate) lookups_of_contact: Attempts,
    /// Lists that are sent as files.
    pub(crate) exports: Arc<Exports>,
}
