//! What every endpoint reaches.

use std::sync::Arc;

use axum::extract::FromRef;
use tokio::sync::Semaphore;

use super::auth::KeyCache;
use super::health::Readiness;
use crate::app::App;
use crate::http::api::json::MaxBytes;

/// The shop behind the endpoints.
pub(crate) struct Shop {
    /// Its parts.
    pub(crate) app: Arc<App>,
    /// Who may call.
    pub(crate) keys: KeyCache,
    /// Whether it can sell.
    pub(crate) readiness: Readiness,
    /// Places for imports.
    pub(crate) imports: Semaphore,
    /// Places for readers of the epochs' data.
    pub(crate) downloads: Arc<Semaphore>,
}

impl FromRef<Arc<Shop>> for MaxBytes {
    fn from_ref(shop: &Arc<Shop>) -> Self {
        Self(shop.app.config.http.body_max_bytes)
    }
}
