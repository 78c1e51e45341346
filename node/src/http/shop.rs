//! What every endpoint reaches.

use std::sync::Arc;

use axum::extract::FromRef;
use tokio::sync::Semaphore;

use super::auth::KeyCache;
use super::health::Readiness;
use super::json::MaxBytes;
use crate::app::App;

/// The shop behind the endpoints.
pub(crate) struct Shop {
    /// Its parts.
    pub(crate) app: Arc<App>,
    /// Who may call.
    pub(crate) keys: KeyCache,
    /// Whether it can sell.
    pub(super) readiness: Readiness,
    /// Places for imports.
    pub(super) imports: Semaphore,
    /// Places for readers of the epochs' data.
    pub(super) downloads: Arc<Semaphore>,
}

impl FromRef<Arc<Shop>> for MaxBytes {
    fn from_ref(shop: &Arc<Shop>) -> Self {
        Self(shop.app.config.http.body_max_bytes)
    }
}
