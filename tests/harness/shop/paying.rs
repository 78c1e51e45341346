//! A shop whose guests pay through the test gateway.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::time::{Duration, Instant};

use secrecy::SecretString;
use serde_json::{Value, json};
use shelfproof::gateway::epay::fields::Fields;
use shelfproof::gateway::epay::v1::form;
use tokio::time::sleep;

use super::{CURRENCY, PRICE, Settings, TestShop, address_after};
use crate::Result;
use crate::child::{Server, Signal, kill_with_children};
use crate::client::{Answer, Client};

/// The number of the account at the gateway, and its key.
pub const PID: u64 = 1001;
const KEY: &str = "wq8xkUwzKbWn4Ha7";

/// The number and the key of the account `other`, which the gateway does not know.
pub const OTHER_PID: u64 = 1002;
const OTHER_KEY: &str = "other-8xkUwzKbWn";

/// An account at a gateway that does not answer.
const DOWN: &str = "[gateways.down]
kind = \"epusdt\"
url = \"http://127.0.0.1:9/\"
dialect = \"classic\"
currency = \"CNY\"
secret = \"nobody-listens-8xkUwzKbWn4Ha7\"
";

/// How long the gateway may take to start.
const START_BOUND: Duration = Duration::from_secs(30);

/// How long an order may take to become what it should.
const BOUND: Duration = Duration::from_secs(30);

/// The contact of most guests, and their password.
pub const CONTACT: &str = "ann@example.com";
pub const PASSWORD: &str = "correct horse";

/// A shop of one node with a product, and the test gateway, at which it has the accounts `main` and `second`. Its account
/// `other` is unknown to the gateway, and that of `down` does not answer.
#[derive(Debug)]
pub struct PayingShop {
    pub shop: TestShop,
    /// The product, which has no keys yet.
    pub product: String,
    gateway: Server,
    at: SocketAddr,
    listen: String,
}

/// What the answer to a guest's order says.
#[derive(Clone, Debug)]
pub struct Placed {
    pub order: String,
    pub token: String,
    pub payment: String,
    /// The page to pay on.
    pub url: String,
}

impl Placed {
    /// Reads an answer that must be a placed order.
    ///
    /// # Errors
    /// The answer, if it is none.
    pub fn read(answer: &Answer) -> Result<Self> {
        let body = answer.expect(201)?;
        let text = |value: &Value| value.as_str().map(str::to_owned).ok_or("a field is missing");
        Ok(Self {
            order: text(&body["order"])?,
            token: text(&body["token"])?,
            payment: text(&body["payment"]["payment"])?,
            url: text(&body["payment"]["url"])?,
        })
    }
}

impl PayingShop {
    /// Starts the gateway and the shop.
    ///
    /// # Errors
    /// The log of the one that does not start.
    pub fn start() -> Result<Self> {
        let mut shop = TestShop::start(&Settings {
            nodes: 0,
            ..Settings::default()
        })?;
        let key = shop.folder().join("gateway.key");
        fs::write(&key, KEY)?;
        let key = key.to_str().ok_or("a path that is not UTF-8")?.to_owned();
        let command = shop.cli.command(&["dev", "gateway", "--key-file", &key]);
        let log = shop.folder().join("gateway.log");
        let mut gateway = Server::start("shelfproof dev gateway", command, Signal::Kill, &log)?;
        let at = gateway.wait_for(START_BOUND, |log| address_after(log, "listening on http://"))?;
        // The address that the shop has for its whole life, through all restarts.
        let listen = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.to_string();
        let account = |name: &str, pid: u64, key: &str| {
            format!("[gateways.{name}]\nkind = \"test\"\nurl = \"http://{at}/\"\npid = {pid}\nkey = \"{key}\"\n")
        };
        shop.configure(&format!(
            "[checkout]\npublic_url = \"http://{listen}\"\npending_per_contact = 100\npending_per_address = 1000\n{}{}{}{DOWN}",
            account("main", PID, KEY),
            account("second", PID, KEY),
            account("other", OTHER_PID, OTHER_KEY),
        ))?;
        shop.add_node_with(&["--listen", &listen])?;
        let product = shop.product(PRICE, CURRENCY)?;
        Ok(Self {
            shop,
            product,
            gateway,
            at,
            listen,
        })
    }

    /// Kills the node with `kill -9`, and starts another at its address.
    ///
    /// # Errors
    /// The log of the new one, if it does not become ready.
    pub fn restart_node(&mut self) -> Result<()> {
        self.shop.kill_node(0);
        self.shop.add_node_with(&["--listen", &self.listen]).map(drop)
    }

    /// Ends the gateway: it answers nothing more.
    ///
    /// # Errors
    /// If it cannot be killed.
    pub fn stop_gateway(&self) -> Result<()> {
        Ok(kill_with_children(self.gateway.pid())?)
    }

    /// A client without a token.
    ///
    /// # Errors
    /// Never, with an empty token.
    pub fn guest(&self) -> Result<Client> {
        self.shop.client("")
    }

    /// The body of a guest's order for so many keys.
    #[must_use]
    pub fn body(&self, quantity: u32) -> Value {
        json!({
            "lines": [{"product": self.product, "quantity": quantity}],
            "contact": CONTACT, "password": PASSWORD, "gateway": "main",
        })
    }

    /// Places an order for so many keys as a guest, under that idempotency key.
    ///
    /// # Errors
    /// The answer, if it is not placed.
    pub async fn place(&self, key: &str, quantity: u32) -> Result<Placed> {
        let body = self.body(quantity).to_string();
        Placed::read(&self.guest()?.post_named("/api/v1/checkout", key, body).await?)
    }

    /// Asks the test gateway for something below `/control/`.
    ///
    /// # Errors
    /// Its answer, if it is not a success.
    pub async fn control(&self, path: &str, body: Value) -> Result<Value> {
        let mut client = Client::new(self.at, "")?;
        client
            .post(&format!("/control/{path}"), body.to_string())
            .await?
            .expect(200)
    }

    /// Pays on a page, as a buyer does.
    ///
    /// # Errors
    /// The gateway's answer, if it refuses. Returns the gateway's number of the trade.
    pub async fn pay(&self, url: &str) -> Result<String> {
        let paid = self.control("pay", json!({ "url": url })).await?;
        Ok(paid["trade_no"].as_str().ok_or("no trade number")?.to_owned())
    }

    /// Holds the gateway's own notices back, or lets them out.
    ///
    /// # Errors
    /// The gateway's answer, if it is not a success.
    pub async fn hold_notices(&self, held: bool) -> Result<()> {
        self.control("hold", json!({ "held": held })).await.map(drop)
    }

    /// The order as its token's holder sees it, once it is in that state.
    ///
    /// # Errors
    /// The order, if it does not get there in time.
    pub async fn wait_for(&self, placed: &Placed, state: &str) -> Result<Value> {
        let end = Instant::now() + BOUND;
        loop {
            let order = self.order(placed).await?;
            if order["state"] == state {
                return Ok(order);
            }
            if Instant::now() > end {
                return Err(format!("not {state}: {order}; the gateway's log:\n{}", self.gateway.log()).into());
            }
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// The order as its token's holder sees it.
    ///
    /// # Errors
    /// The answer, if it is not the order.
    pub async fn order(&self, placed: &Placed) -> Result<Value> {
        let path = format!("/api/v1/orders/{}", placed.order);
        self.shop.client(&placed.token)?.get(&path).await?.expect(200)
    }
}

/// The fields of a notice that says that the account received the usual price for that payment.
#[must_use]
pub fn notice(pid: u64, payment: &str, trade_no: &str) -> Fields {
    Fields::default()
        .with("pid", pid)
        .with("trade_no", trade_no)
        .with("out_trade_no", payment)
        .with("type", "alipay")
        .with("name", "Harness")
        .with("money", PRICE)
        .with("trade_status", "TRADE_SUCCESS")
}

/// The query of a notice, signed with the key of the account of that number.
#[must_use]
pub fn signed(pid: u64, fields: Fields) -> String {
    let key = if pid == PID { KEY } else { OTHER_KEY };
    form::signed(fields, &SecretString::from(key)).encode()
}
