//! A test shop with a chain, an anchor and one node, each a real process, and mirrors of it. Dropping it ends all of
//! them.

use std::net::SocketAddr;
use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::child::{Server, Signal, command};
use crate::client::Answer;
use crate::merchant_chain::{Merchant, MerchantChain};
use crate::postgres::Durability;
use crate::shop::{Chain, Settings, TestShop};
use crate::vector_chain::block_on;
use crate::{Result, tools};

mod buyer;
mod proving;
mod verifier;

pub use buyer::{Bought, Secret};
pub use proving::{Proving, Starting, follow};
pub use verifier::{Said, Verifier};

/// How long a sale may take to be proved. Blocks and epochs come every second.
const PROOF_BOUND: Duration = Duration::from_mins(1);

/// The pause between two polls.
const POLL: Duration = Duration::from_millis(100);

/// The anchor's section of the configuration.
const ANCHOR: &str = "
[anchor]
folder = \"anchor\"
listen = \"127.0.0.1:0\"
poll_ms = 100
";

/// Options of an anchored shop.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Whether commits survive a crash of the machine.
    pub durability: Durability,
    /// The folder in which the cluster's folder is created.
    pub disk: PathBuf,
    /// The seconds between two blocks of the chain.
    pub block_time_s: u64,
    /// The seconds between two epochs.
    pub every_s: u64,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            durability: Durability::None,
            disk: std::env::temp_dir(),
            block_time_s: 1,
            every_s: 1,
        }
    }
}

/// A [`TestShop`] with a chain and an anchor.
#[derive(Debug)]
pub struct AnchoredShop {
    // Dropped in this order: the anchor before the database and the chain that it uses.
    anchor: Option<Proving>,
    shop: TestShop,
    pub chain: MerchantChain,
}

impl AnchoredShop {
    /// Starts the chain, the shop, the anchor and one node. The node serves the anchor's data at the registered
    /// address.
    ///
    /// # Errors
    /// The output of a program that failed.
    pub fn start(plan: &Plan) -> Result<Self> {
        let chain = block_on(MerchantChain::deploy(Some(plan.block_time_s)))??;
        let shop = TestShop::start(&Settings {
            nodes: 0,
            durability: plan.durability,
            disk: plan.disk.clone(),
            chain: Some(Chain {
                identity: chain.identity,
                rpc: chain.anvil.url().to_owned(),
            }),
        })?;
        block_on(chain.register(&Merchant {
            vrf_public_key: shop.public_key("vrf")?.parse()?,
            anchorer: shop.public_key("anchorer")?.parse()?,
            receipt_signer: shop.public_key("receipt-1")?.parse()?,
            data_uri: "http://127.0.0.1:1/data".to_owned(),
        }))??;
        shop.configure(&format!("{ANCHOR}every_s = {}\n", plan.every_s))?;
        let mut anchored = Self {
            anchor: None,
            shop,
            chain,
        };
        let address = anchored.start_anchor()?;
        anchored.configure(&format!(
            "[proofs]\nprover = \"http://{address}\"\ndata_folder = \"anchor/data\"\n"
        ))?;
        let node = anchored.add_node()?;
        let uri = format!("http://{node}/data");
        anchored.by_owner(&["rotate", "data-uri", &uri])?;
        Ok(anchored)
    }

    /// Starts the anchor, and waits until it answers.
    ///
    /// # Errors
    /// The anchor's log, if it does not answer.
    pub fn start_anchor(&mut self) -> Result<SocketAddr> {
        let anchor = self.another_anchor()?.wait()?;
        let address = anchor.address;
        self.anchor = Some(anchor);
        Ok(address)
    }

    /// Starts another anchor over the same database, without waiting for it: it may be on standby.
    ///
    /// # Errors
    /// The system's error.
    pub fn another_anchor(&self) -> Result<Starting> {
        self.anchor_with(&[])
    }

    /// Like [`another_anchor`](Self::another_anchor), with these environment variables.
    ///
    /// # Errors
    /// The system's error.
    pub fn anchor_with(&self, environment: &[(&str, &str)]) -> Result<Starting> {
        let log = self.shop.folder().join(format!("anchor-{}.log", rand::random::<u32>()));
        let mut command = self.anchor_command(&["run"])?;
        command.envs(environment.iter().copied());
        Ok(Starting(Server::start(
            "shelfproof-anchor run",
            command,
            Signal::Kill,
            &log,
        )?))
    }

    /// Kills the anchor, and starts it again with these environment variables.
    ///
    /// # Errors
    /// The anchor's log, if it does not answer.
    pub fn restart_anchor_with(&mut self, environment: &[(&str, &str)]) -> Result<()> {
        self.kill_anchor();
        let anchor = self.anchor_with(environment)?.wait()?;
        self.anchor = Some(anchor);
        Ok(())
    }

    /// Kills the anchor with `kill -9`.
    pub fn kill_anchor(&mut self) {
        self.anchor = None;
    }

    /// Returns a command that runs `shelfproof-anchor` with the shop's configuration.
    ///
    /// # Errors
    /// If the program cannot be built.
    pub fn anchor_command(&self, args: &[&str]) -> Result<Command> {
        let mut command = command(&tools::binary("shelfproof-anchor")?, None, Signal::Kill);
        command
            .args(args)
            .current_dir(self.shop.folder())
            .env_clear()
            .env("SHELFPROOF_CONFIG", self.shop.folder().join("shelfproof.toml"));
        Ok(command)
    }

    /// Runs a command of `shelfproof-anchor`. Returns its JSON output, and whether it succeeded.
    ///
    /// # Errors
    /// If it prints no JSON.
    pub fn anchor_json(&self, args: &[&str]) -> Result<(bool, Value)> {
        let output = self.anchor_command(&[&["--json"], args].concat())?.output()?;
        let (out, err) = (
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
        let value = serde_json::from_str(&out).map_err(|error| format!("{args:?}: {error}: {out}{err}"))?;
        Ok((output.status.success(), value))
    }

    /// Runs an owner's command of `shelfproof-anchor`, signed by the account that registered the merchant.
    ///
    /// # Errors
    /// Its output, if it fails.
    pub fn by_owner(&self, args: &[&str]) -> Result<Value> {
        let identity = self.chain.identity;
        let (registry, merchant) = (identity.registry.to_string(), identity.merchant_id.to_string());
        let owner = [
            "--dev-account",
            "0",
            "--rpc",
            self.chain.anvil.url(),
            "--registry",
            &registry,
            "--merchant-id",
            &merchant,
        ];
        match self.anchor_json(&[args, &owner].concat())? {
            (true, said) => Ok(said),
            (false, said) => Err(format!("{args:?}: {said}").into()),
        }
    }

    /// Starts a mirror in that folder, built from the chain and the published data alone.
    ///
    /// # Errors
    /// The mirror's log, if it does not answer.
    pub fn mirror(&self, folder: &Path) -> Result<Proving> {
        let log = self.shop.folder().join(format!("mirror-{}.log", rand::random::<u32>()));
        follow(&self.chain.identity, self.chain.anvil.url(), folder, &log)
    }

    /// The anchor.
    ///
    /// # Errors
    /// If it is not running.
    pub fn anchor(&self) -> Result<&Proving> {
        Ok(self.anchor.as_ref().ok_or("no anchor runs")?)
    }

    /// Makes an anchor that was started by [`Self::another_anchor`] the shop's anchor.
    pub fn take_over(&mut self, anchor: Proving) {
        self.anchor = Some(anchor);
    }

    /// Polls the proof of an order or a key until the node answers with status 200.
    ///
    /// # Errors
    /// The last answer, if the proof does not come in time.
    pub fn proof(&self, token: &str, id: &str) -> Result<Answer> {
        self.proof_where(token, id, |answer| answer.status == 200)
    }

    /// Polls the proof until `is_it` accepts an answer.
    ///
    /// # Errors
    /// The last answer, if none is accepted in time.
    pub fn proof_where(&self, token: &str, id: &str, is_it: impl Fn(&Answer) -> bool) -> Result<Answer> {
        let end = Instant::now() + PROOF_BOUND;
        let mut client = self.shop.client(token)?;
        loop {
            let answer = block_on(client.get(&format!("/api/v1/proofs/{id}")))??;
            if is_it(&answer) {
                return Ok(answer);
            }
            if Instant::now() > end {
                return Err(format!("no proof of {id}: {} {}", answer.status, answer.text()).into());
            }
            std::thread::sleep(POLL);
        }
    }
}

impl Deref for AnchoredShop {
    type Target = TestShop;

    fn deref(&self) -> &TestShop {
        &self.shop
    }
}

impl DerefMut for AnchoredShop {
    fn deref_mut(&mut self) -> &mut TestShop {
        &mut self.shop
    }
}

impl AsRef<TestShop> for AnchoredShop {
    fn as_ref(&self) -> &TestShop {
        &self.shop
    }
}
