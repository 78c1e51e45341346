//! A shop started by `shelfproof dev`: sales, their proofs, and an audit.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use shelfproof_tests::child::{Signal, command, run};
use shelfproof_tests::client::{Answer, Client};
use shelfproof_tests::shop::{Item, Purchase, order_of};
use shelfproof_tests::vector_chain::block_on;
use shelfproof_tests::{Result, tools};
use shelfproof_verifier::event::EVENT_BYTES;

use super::Place;

/// How long a sale may take to be proved.
const SEAL_BOUND: Duration = Duration::from_mins(1);

/// A shop with stock, and the programs of its buyers.
pub(super) struct DevShop<'a> {
    place: &'a Place,
    address: SocketAddr,
    product: String,
    verify: PathBuf,
    orders: u32,
}

impl<'a> DevShop<'a> {
    /// Puts two keys on sale, and adds credit.
    pub(super) fn open(place: &'a Place, address: &str) -> Result<Self> {
        let shop = Self {
            place,
            address: address.parse()?,
            product: String::new(),
            verify: tools::binary("shelfproof-verify")?,
            orders: 0,
        };
        let made = shop.shop(&[
            "admin",
            "product",
            "create",
            "--name=Card",
            "--price=1",
            "--currency=CNY",
            "--json",
        ])?;
        let product: Value = serde_json::from_str(&made)?;
        fs::write(place.folder.path().join("codes.txt"), "AAAA-1111\nBBBB-2222\n")?;
        shop.shop(&["import", "codes.txt", "--product=Card", "--batch=one", "--activate"])?;
        shop.shop(&[
            "admin",
            "credit",
            "add",
            "--account=reseller",
            "--amount=10",
            "--currency=CNY",
            "--reference=one",
        ])?;
        Ok(Self {
            product: product["product"].as_str().ok_or("no product")?.to_owned(),
            ..shop
        })
    }

    /// Returns the same shop after another start.
    pub(super) fn move_to(self, address: &str) -> Result<Self> {
        Ok(Self {
            address: address.parse()?,
            ..self
        })
    }

    /// Buys one key.
    pub(super) fn buy(&mut self) -> Result<Purchase> {
        self.orders += 1;
        let (key, body) = (format!("order-{}", self.orders), order_of(&self.product));
        let mut client = Client::new(self.address, &self.token("reseller.key")?)?;
        Purchase::read(&block_on(client.order(&key, body))??)
    }

    /// Checks that the order's holder gets a receipt first and a proof later, that nobody else gets either, and that a
    /// stranger's verifier accepts the proof.
    pub(super) fn check_proof(&self, purchase: &Purchase) -> Result<()> {
        let item = purchase.items.first().ok_or("an order without a key")?;
        let path = format!("/api/v1/proofs/{}", item.key_id);
        self.get(&path, &self.token("admin.key")?)?.expect(403)?;
        self.get(&path, "")?.expect(401)?;
        let end = Instant::now() + SEAL_BOUND;
        let proved = loop {
            let answer = self.get(&path, &purchase.token)?;
            if answer.status == 200 {
                break answer;
            }
            let waiting = answer.expect(202)?;
            assert_eq!(waiting["state"], "waiting");
            assert_eq!(waiting["receipt"], item.receipt);
            let seconds = waiting["provedInS"].as_u64().ok_or("no time")?;
            assert_eq!(answer.headers["retry-after"], seconds.to_string());
            if Instant::now() > end {
                return Err(format!("not proved in {SEAL_BOUND:?}: {waiting}").into());
            }
            thread::sleep(Duration::from_millis(200));
        };
        let name = format!("attachment; filename=\"{}.proof.json\"", item.key_id);
        assert_eq!(proved.headers["content-disposition"], name);
        self.verify_key(item, &proved)?;

        let of_order = self.get(
            &format!("/api/v1/proofs/{}", purchase.order),
            &self.token("reseller.key")?,
        )?;
        let shown = of_order.expect(200)?;
        assert_eq!(shown["order"], purchase.order);
        let proof = &shown["proofs"][0];
        assert_eq!((&proof["item"], &proof["state"]), (&1.into(), &"proved".into()));
        assert_eq!(proof["bundle"], proved.json()?);
        Ok(())
    }

    fn verify_key(&self, item: &Item, proved: &Answer) -> Result<()> {
        let bundle = self.place.folder.path().join("proof.json");
        fs::write(&bundle, &proved.body)?;
        let mut verify = self.verify("key")?;
        verify.arg("--bundle").arg(bundle).args(["--code", &item.code]);
        let said = run("shelfproof-verify", verify)?;
        let verdict: Value = serde_json::from_str(&said)?;
        assert_eq!(verdict["verdict"], "holds sold", "{said}");
        // The bodies of the supplier's events stay hidden; the sale's body is opened.
        let events = proved.json()?["events"].as_array().ok_or("no events")?.clone();
        let opened: Vec<bool> = events.iter().map(|event| event.get("body").is_some()).collect();
        assert_eq!(opened, [false, false, true]);
        Ok(())
    }

    /// Checks that the epoch's data is where an auditor looks for it.
    pub(super) fn check_data(&self, number: u64) -> Result<()> {
        let data = self.get(&format!("/data/epochs/{number:010}.events"), "")?;
        assert_eq!(data.status, 200);
        assert_eq!(data.body.len() % EVENT_BYTES, 0);
        assert_eq!(data.headers["content-length"], data.body.len().to_string());
        assert_eq!(data.headers["cache-control"], "public, max-age=300");
        self.get("/data/epochs/9999999999.events", "")?.expect(404)?;
        self.get("/data/epochs/1.events", "")?.expect(404).map(drop)
    }

    /// Audits everything from the data that the node publishes.
    pub(super) fn audit(&self) -> Result<()> {
        let mut audit = self.verify("audit")?;
        audit.args(["--data", &format!("http://{}/data", self.address)]);
        audit.arg("--state").arg(self.place.folder.path().join("audit"));
        run("shelfproof-verify", audit).map(drop).map_err(Into::into)
    }

    /// Returns a command of the verifier, with the options for this merchant and node.
    fn verify(&self, what: &str) -> Result<Command> {
        let config = fs::read_to_string(self.place.shop().join("shelfproof.toml"))?;
        let value = |field: &str| {
            let line = config
                .lines()
                .find_map(|line| line.strip_prefix(&format!("{field} = ")));
            Ok::<_, String>(
                line.ok_or_else(|| format!("no {field} in the configuration"))?
                    .trim_matches('"')
                    .to_owned(),
            )
        };
        let mut verify = command(&self.verify, None, Signal::Kill);
        verify.args([what, "--json", "--chain-id", "31337", "--rpc", &value("rpc")?]);
        verify.args(["--registry", &value("registry")?, "--merchant", &value("merchant_id")?]);
        verify.env_clear().env("HOME", self.place.folder.path());
        Ok(verify)
    }

    fn shop(&self, args: &[&str]) -> Result<String> {
        let mut shop = self.place.command(args);
        shop.args(["--config", "shop/shelfproof.toml"]);
        Ok(run("shelfproof", shop)?)
    }

    fn token(&self, file: &str) -> Result<String> {
        Ok(fs::read_to_string(self.place.shop().join(file))?.trim_end().to_owned())
    }

    fn get(&self, path: &str, token: &str) -> Result<Answer> {
        block_on(async { Ok(Client::new(self.address, token)?.get(path).await?) })?
    }
}
