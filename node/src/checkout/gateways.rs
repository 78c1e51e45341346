//! The accounts that this node collects through.

use std::collections::BTreeMap;

use shelfproof_base::web::{NotWeb, Url, parse_url};
use sqlx::PgPool;
use tokio::sync::Semaphore;

use crate::domain::gateway_account::GatewayAccount;
use crate::flow::FlowError;
use crate::flow::bind_gateway::bind_gateway;
use crate::gateway::account::{Account, Gateway};
use crate::gateway::rules::OpenError;

/// The most pages that one account's gateway makes at once for this node.
const PAGES_MAX: usize = 16;

/// An account that this node collects through.
#[derive(Debug)]
pub struct Collector {
    /// As the database knows it.
    pub account: GatewayAccount,
    pub gateway: Gateway,
    /// Permits to have a page made, so that guests of a slow gateway do not take all of this node's requests.
    pub pages: Semaphore,
    /// Where the gateway sends its notices, and where it sends the buyer's browser.
    pub notify_url: Url,
    pub return_url: Url,
}

/// All of them, by name.
#[derive(Debug, Default)]
pub struct Gateways(BTreeMap<String, Collector>);

/// Why an account cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenGatewaysError {
    #[error("gateways.{0}: {1}")]
    Open(String, OpenError),
    /// Its name is bound to another protocol or currency.
    #[error(transparent)]
    Bind(#[from] FlowError),
    #[error("checkout.public_url: {0}")]
    Url(#[from] NotWeb),
}

impl Gateways {
    /// Opens the accounts of the configuration, and binds each to its name. Their addresses are below `public_url`.
    ///
    /// # Errors
    /// Where one cannot be used, or its name is bound to another.
    pub async fn open(
        pool: &PgPool,
        accounts: &BTreeMap<String, Account>,
        public_url: Option<&str>,
    ) -> Result<Self, OpenGatewaysError> {
        let mut opened = BTreeMap::new();
        for (name, settings) in accounts {
            let open = Gateway::open(settings).map_err(|error| OpenGatewaysError::Open(name.clone(), error))?;
            let address = |path: &str| {
                let base = public_url.unwrap_or_default().trim_end_matches('/');
                parse_url(&format!("{base}/pay/{name}/{path}"))
            };
            let collector = Collector {
                account: bind_gateway(pool, name, settings.kind(), settings.currency()).await?,
                gateway: open,
                pages: Semaphore::new(PAGES_MAX),
                notify_url: address("notice")?,
                return_url: address("return")?,
            };
            opened.insert(name.clone(), collector);
        }
        Ok(Self(opened))
    }

    /// The account of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Collector> {
        self.0.get(name)
    }

    /// The account of that number.
    #[must_use]
    pub fn of_number(&self, id: i32) -> Option<&Collector> {
        self.all().find(|collector| collector.account.id == id)
    }

    /// All of them, by name.
    pub fn all(&self) -> impl Iterator<Item = &Collector> {
        self.0.values()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
