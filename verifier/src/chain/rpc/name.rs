//! What errors call a node that is one of several.

use super::{Held, RpcError, RpcSource};

impl RpcSource {
    /// Calls the node by that name in errors, since it is one of several.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        self.name = Some(name.into());
        self
    }

    /// The node's name, by which errors tell it from others.
    #[must_use]
    pub fn name(&self) -> &str {
        self.name.as_deref().unwrap_or("the node")
    }

    /// The error with the node's name, if it has one.
    #[must_use]
    pub fn blamed(&self, error: RpcError) -> RpcError {
        match &self.name {
            None => error,
            Some(name) => RpcError::OfNode {
                node: name.to_string(),
                error: Box::new(error),
            },
        }
    }

    /// What the node says that the registry holds of an epoch.
    pub(super) fn words(&self, (hash, anchored_at_s): Held) -> String {
        let name = self.name();
        if hash.is_zero() {
            format!("; {name}: there is none, so it lags or hides it")
        } else {
            format!("; {name}: {hash}, anchored at {anchored_at_s}")
        }
    }
}
