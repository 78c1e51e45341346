//! A shop on a chain, and the answers of its nodes.

use std::net::SocketAddr;
use std::ops::{Deref, DerefMut};
use std::thread;
use std::time::{Duration, Instant};

use alloy_primitives::B256;
use serde_json::Value;
use shelfproof_tests::Result;
use shelfproof_tests::client::{Answer, Client};
use shelfproof_tests::shop::{Chain, Node, Settings, StockedShop, TestShop, codes, order_of};
use shelfproof_tests::vector_chain::block_on;

/// How long a node may take to read the chain, or to give up.
const LOOK_BOUND: Duration = Duration::from_mins(1);

/// A shop on a chain, with a product and without a node. Tests start nodes themselves.
pub(super) struct FencedShop(StockedShop);

impl Deref for FencedShop {
    type Target = StockedShop;

    fn deref(&self) -> &StockedShop {
        &self.0
    }
}

impl DerefMut for FencedShop {
    fn deref_mut(&mut self) -> &mut StockedShop {
        &mut self.0
    }
}

impl FencedShop {
    pub(super) fn start(chain: Chain) -> Result<Self> {
        let shop = TestShop::start(&Settings {
            nodes: 0,
            chain: Some(chain),
            ..Settings::default()
        })?;
        Ok(Self(StockedShop::over(shop, "100.00")?))
    }

    /// Puts three keys on sale.
    pub(super) fn stock(&self) -> Result<()> {
        self.shop.stock(&self.product, &codes("fence", 3))
    }

    pub(super) fn order(&self, node: &Node) -> Result<Answer> {
        self.order_named("one", node)
    }

    /// Sends another order.
    pub(super) fn order_again(&self, node: &Node) -> Result<Answer> {
        self.order_named("another", node)
    }

    fn order_named(&self, name: &str, node: &Node) -> Result<Answer> {
        let body = order_of(&self.product);
        block_on(async {
            Ok(Client::new(node.address(), &self.reseller.token)?
                .order(name, body)
                .await?)
        })?
    }

    /// Checks that the fence refuses every request that places an order or writes an event. Once it has compared chain
    /// and database, the node reports with `words` that it is not ready. Callers are told only the reason, and not how
    /// to repair it.
    pub(super) fn assert_fenced(&self, node: &Node, words: &str) -> Result<()> {
        let readiness = wait_unready(node, words)?;
        let none = "01890a5d-ac96-774b-bcce-b302099a8057";
        let mut answers = vec![self.order(node)?];
        let (reseller, admin) = (&self.reseller.token, &self.shop.admin);
        for (token, path) in [
            (reseller, format!("orders/{none}/redeem")),
            (admin, format!("orders/{none}/refund")),
            (admin, format!("products/{}/batches?name=late", self.product)),
            (admin, format!("batches/{none}/activate")),
            (admin, format!("keys/{}/void", B256::ZERO)),
        ] {
            let mut client = Client::new(node.address(), token)?;
            answers.push(block_on(client.post(&format!("/api/v1/{path}"), ""))??);
        }
        for answer in answers {
            let problem = answer.expect(503)?;
            assert_eq!(problem["code"], "fenced", "{problem}");
            let reason = said(&problem).strip_prefix("Nothing is sold or changed here: ");
            let reason = reason.and_then(|text| text.strip_suffix('.')).ok_or("no reason")?;
            assert!(readiness.contains(reason), "{problem}: {readiness}");
            for text in [reason, &readiness] {
                assert!(!text.contains(" --") && !text.contains("Restore"), "{text}");
            }
        }
        Ok(())
    }
}

/// Waits until the node reports with `words` that it is not ready. Returns the whole sentence.
pub(super) fn wait_unready(node: &Node, words: &str) -> Result<String> {
    let end = Instant::now() + LOOK_BOUND;
    loop {
        // The node repeats its previous report for a short time.
        let ready = get(node.address(), "", "/readyz")?;
        if ready.status == 503 && ready.text().contains(words) {
            return Ok(said(&ready.expect(503)?).to_owned());
        }
        if Instant::now() > end {
            return Err(format!("readiness does not say {words:?}: {}", ready.text()).into());
        }
        thread::sleep(Duration::from_millis(20));
    }
}

/// Returns the answer to a client with that token.
pub(super) fn get(address: SocketAddr, token: &str, path: &str) -> Result<Answer> {
    block_on(async { Ok(Client::new(address, token)?.get(path).await?) })?
}

/// Returns the sentence of a problem.
pub(super) fn said(problem: &Value) -> &str {
    problem["detail"].as_str().unwrap_or_default()
}
