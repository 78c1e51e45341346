//! A web server that hands out every forgery.

use std::collections::BTreeMap;

use serde_json::json;

use super::Forgery;
use crate::Result;
use crate::web::Server;

/// The running server, which ends when this is dropped.
#[derive(Debug)]
pub struct ForgingShop {
    server: Server,
}

impl ForgingShop {
    /// Answers `GET /` with the list of the forgeries, each with the code with which it must be refused, and `GET
    /// /<name>` with that bundle.
    ///
    /// # Errors
    /// The system's error, if there is no free port or thread.
    pub fn open(forgeries: &[Forgery]) -> Result<Self> {
        let kind = |forgery: &Forgery| json!({"name": forgery.name, "expected": forgery.expected.as_str()});
        let list = json!({"kinds": forgeries.iter().map(kind).collect::<Vec<_>>()}).to_string();
        let bundle = |forgery: &Forgery| (format!("/{}", forgery.name), forgery.bundle.clone());
        let mut pages: BTreeMap<String, Vec<u8>> = forgeries.iter().map(bundle).collect();
        pages.insert("/".to_owned(), list.into_bytes());
        Ok(Self {
            server: Server::start(move |path| pages.get(path).cloned())?,
        })
    }

    /// The address at which it serves.
    #[must_use]
    pub const fn server(&self) -> &Server {
        &self.server
    }
}
