//! The shop: `shelfproof dev`, with its database, chain, anchor and API, started as any user starts it.

use std::env;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use std::{fs, thread};

use secrecy::ExposeSecret;
use shelfproof::config::Config;
use shelfproof_base::config::Settings;
use shelfproof_verifier::chain::Identity;

use super::place::Place;
use shelfproof_tests::child::{Server, Signal, command};
use shelfproof_tests::client::Client;
use shelfproof_tests::shop::{Cli, address_after};
use shelfproof_tests::{Result, tools};

/// How long it may take to start. Its children have time limits of their own.
const START_BOUND: Duration = Duration::from_mins(3);

/// The pause between two checks whether it listens.
const POLL: Duration = Duration::from_millis(50);

/// The running `shelfproof dev`.
pub(super) struct DemoShop {
    server: Mutex<Option<Server>>,
    folder: PathBuf,
}

/// Addresses and keys of a running shop.
#[derive(Clone, Debug)]
pub(super) struct OpenShop {
    /// The address of the API.
    pub(super) address: SocketAddr,
    /// The address of the chain's node.
    pub(super) rpc: String,
    /// The address at which the anchor serves proofs.
    pub(super) prover: SocketAddr,
    /// The merchant.
    pub(super) identity: Identity,
    /// The address of its published data.
    pub(super) data_uri: String,
    /// The configuration file.
    pub(super) config: PathBuf,
    /// The merchant's command line.
    pub(super) cli: Cli,
    /// An administrator's API key.
    pub(super) admin: String,
    /// The API key of the reseller that buys.
    pub(super) reseller: String,
}

impl DemoShop {
    /// Starts the shop, without waiting until it serves.
    pub(super) fn start(place: &Place) -> Result<Self> {
        let folder = place.shop();
        let mut dev = command(tools::binary("shelfproof")?, None, Signal::Terminate);
        dev.args(["dev", "--listen", "127.0.0.1:0", "--folder"]).arg(&folder);
        dev.current_dir(tools::root());
        for (name, _) in env::vars_os() {
            if name.to_string_lossy().starts_with("SHELFPROOF_") {
                dev.env_remove(name);
            }
        }
        dev.env("SHELFPROOF_ANVIL", tools::foundry("anvil")?);
        let log = place.join("shop.log");
        let server = Server::start_holding("shelfproof dev", dev, Signal::Terminate, &log, Some(place.lock()))?;
        Ok(Self {
            server: Mutex::new(Some(server)),
            folder,
        })
    }

    /// Waits until the shop serves.
    pub(super) fn open(&self) -> Result<OpenShop> {
        let end = Instant::now() + START_BOUND;
        let address = loop {
            if let Some(why) = self.failure() {
                return Err(why.into());
            }
            let log = self.server().as_ref().map(Server::log).unwrap_or_default();
            if let Some(address) = address_after(&log, "listening on http://") {
                break address;
            }
            if Instant::now() > end {
                return Err(format!("the shop is not open after {START_BOUND:?}; its log:\n{log}").into());
            }
            thread::sleep(POLL);
        };
        let config = self.folder.join("shelfproof.toml");
        let read = Config::read(&Settings::read_apart(&config, &[])?)?;
        let prover = read.proofs.prover.ok_or("the shop knows no prover")?;
        Ok(OpenShop {
            address,
            rpc: read.chain.rpc.expose_secret().to_owned(),
            prover: prover.expose_secret().trim_start_matches("http://").parse()?,
            identity: read.chain.identity(),
            data_uri: read.shop.data_uri,
            cli: Cli::new(
                tools::binary("shelfproof")?,
                config.clone(),
                &self.folder.with_file_name("merchant.log"),
            ),
            config,
            admin: self.token("admin.key")?,
            reseller: self.token("reseller.key")?,
        })
    }

    /// Why the shop ended by itself; `None` while it runs.
    pub(super) fn failure(&self) -> Option<String> {
        let mut server = self.server();
        match server.as_mut()?.has_ended() {
            Ok(false) => None,
            Ok(true) => Some(format!(
                "the shop ended by itself; its log:\n{}",
                server.as_ref().map(Server::log).unwrap_or_default()
            )),
            Err(error) => Some(error.to_string()),
        }
    }

    /// Ends the shop with all its children, in order.
    pub(super) fn stop(&self) -> Result<()> {
        match self.server().take() {
            Some(mut server) => Ok(server.stop(Signal::Terminate)?),
            None => Ok(()),
        }
    }

    fn token(&self, file: &str) -> Result<String> {
        Ok(fs::read_to_string(self.folder.join(file))?.trim_end().to_owned())
    }

    fn server(&self) -> MutexGuard<'_, Option<Server>> {
        self.server.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OpenShop {
    /// A client with that token.
    pub(super) fn client(&self, token: &str) -> Result<Client> {
        Client::new(self.address, token)
    }
}
