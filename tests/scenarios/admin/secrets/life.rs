//! Runs a shop through sales, errors and administration, and collects its secrets and everything that others can read.

use std::fs;

use alloy_primitives::B256;
use serde_json::{Value, json};
use shelfproof_tests::Result;
use shelfproof_tests::client::{Answer, Client};
use shelfproof_tests::shop::{CURRENCY, PRICE, Purchase, Reseller, Settings, TestShop, codes, order_lines, order_of};
use shelfproof_tests::vector_chain::block_on;
use shelfproof_verifier::buyer;

use super::{Kind, Place, vault};

/// The number of orders in the run, and of codes on sale.
const ORDERS: usize = 40;
const STOCK: usize = 100;

/// The supplier of the accounts.
const SUPPLIER: &str = "SECRET-SUPPLIER-7f31c2";

/// The number of accounts with a password, which are sold as pairs.
const PAIRS: usize = 4;

/// The body of a request for an order's first key.
const ITEM: &str = r#"{"item":1}"#;

/// The secrets, and the texts that were read, by place.
pub(crate) struct Life {
    pub(crate) secrets: Vec<(Kind, String)>,
    pub(crate) read: Vec<(Place, String)>,
}

impl Life {
    pub(crate) fn live() -> Result<Self> {
        let mut shop = TestShop::start(&Settings {
            nodes: 0,
            ..Settings::default()
        })?;
        for _ in 0..2 {
            shop.add_node_with(&["--log", "trace"])?;
        }
        let mut life = Self {
            secrets: TestShop::secrets()
                .map(|secret| (Kind::Password, secret.to_owned()))
                .to_vec(),
            read: Vec::new(),
        };
        let products = life.stock(&shop)?;
        let (reseller, other) = (shop.reseller()?, shop.reseller()?);
        for token in [&reseller.token, &other.token, &shop.admin] {
            let secret = token.rsplit('_').next().unwrap_or_default();
            life.secrets.push((Kind::ApiKey, secret.to_owned()));
        }
        shop.credit(&reseller, "10000.00", CURRENCY)?;
        block_on(life.sell(&shop, &products, &reseller, &other))??;
        shop.kill_node(1);
        block_on(life.measure(&shop))??;
        life.command(&shop)?;
        vault::keys(&shop, &mut life)?;
        life.read.push((Place::Log, shop.logs()?));
        Ok(life)
    }

    /// Records a text that was read at that place.
    pub(crate) fn read(&mut self, place: Place, answer: &Answer) {
        self.read
            .push((place, format!("{:?} {}", answer.headers, answer.text())));
    }

    /// Creates two products: codes, with some refused lines, and accounts with passwords.
    fn stock(&mut self, shop: &TestShop) -> Result<[String; 2]> {
        let products = [shop.product(PRICE, CURRENCY)?, shop.product(PRICE, CURRENCY)?];
        let stock = codes("secret", STOCK);
        // Refused lines: one twice, one too long, one that is not a code.
        let (odd, long) = ("!!! ??? !!!".to_owned(), "SECRETLONG".repeat(500));
        shop.stock(
            &products[0],
            &[&stock[..], &[stock[0].clone(), odd, long.clone()]].concat(),
        )?;
        for code in stock.into_iter().chain([long]) {
            self.secrets.push((Kind::Code, code.replace('-', "").to_lowercase()));
            self.secrets.push((Kind::Code, code));
        }
        let accounts = codes("account", PAIRS);
        let passwords = codes("password", PAIRS)
            .into_iter()
            .map(|password| format!("{password}/7f31c2"));
        let pairs: Vec<(String, String)> = accounts.into_iter().zip(passwords).collect();
        // The last line is refused because of the text beside the code.
        let much = "SECRETNOTE".repeat(300);
        let lines: Vec<String> = pairs
            .iter()
            .map(|(account, password)| format!("{account}----{password}"))
            .collect();
        let file = format!("{}\nACCOUNT-LAST----{much}\n", lines.join("\n"));
        let imported = block_on(self.import(shop, &products[1], file))??;
        assert_eq!(
            (&imported["imported"], &imported["refused"]),
            (&json!(PAIRS), &json!(1)),
            "{imported}"
        );
        for (account, password) in pairs {
            self.secrets.extend([(Kind::Code, account), (Kind::Beside, password)]);
        }
        self.secrets
            .extend([(Kind::Beside, much), (Kind::Supplier, SUPPLIER.to_owned())]);
        Ok(products)
    }

    /// Imports pairs through the API, with a supplier, and puts them on sale.
    async fn import(&mut self, shop: &TestShop, product: &str, file: String) -> Result<Value> {
        let mut admin = shop.client(&shop.admin)?;
        let path = format!("/api/v1/products/{product}/batches?name=pairs&format=pairs&supplier={SUPPLIER}");
        let imported = admin.post_file(&path, file).await?;
        self.read(Place::Admin, &imported);
        let report = imported.expect(200)?;
        let batch = format!("/api/v1/batches/{}", report["batch"].as_str().unwrap_or_default());
        admin.post(&format!("{batch}/activate"), "").await?.expect(200)?;
        for path in [format!("{batch}/refused-lines"), batch] {
            self.read(Place::Admin, &admin.get(&path).await?);
        }
        Ok(report)
    }

    /// Makes sales and errors.
    async fn sell(
        &mut self,
        shop: &TestShop,
        products: &[String; 2],
        reseller: &Reseller,
        other: &Reseller,
    ) -> Result<()> {
        let mut client = shop.client(&reseller.token)?;
        let (mut others, mut admin) = (shop.client(&other.token)?, shop.client(&shop.admin)?);
        let mut purchases = Vec::new();
        for number in 0..ORDERS {
            let bought = client
                .order(&format!("secret-{number}"), order_of(&products[0]))
                .await?;
            purchases.push(self.bought(&bought)?);
            let order = format!("/api/v1/orders/{}", purchases[number].order);
            self.read(Place::Stranger, &others.get(&order).await?);
            let redeem = format!("{order}/redeem");
            self.read(Place::Stranger, &others.post(&redeem, ITEM).await?);
            self.read(Place::Admin, &admin.get(&order).await?);
            let forged = format!("{}x", purchases[number].token);
            self.read(
                Place::Stranger,
                &Client::new(shop.address(1), &forged)?.get(&order).await?,
            );
            let held = Client::new(shop.address(1), &purchases[number].token)?
                .get(&order)
                .await?;
            held.expect(200)?;
            self.read(Place::Holder, &held);
        }
        self.redeem(shop, &products[1], &mut client).await?;
        self.fail(shop, products, reseller, &purchases).await?;
        for path in ["orders", "orders?limit=100", "wallet", "products"] {
            self.read(Place::Stranger, &others.get(&format!("/api/v1/{path}")).await?);
        }
        self.read(
            Place::Stranger,
            &others.order("secret-poor", order_of(&products[0])).await?,
        );
        for path in ["/readyz", "/.well-known/shelfproof.json", "/openapi.json"] {
            self.read(Place::Stranger, &others.get(path).await?);
        }
        let refund = format!("/api/v1/orders/{}/refund", purchases[1].order);
        self.read(Place::Admin, &admin.post(&refund, ITEM).await?);
        let key = &purchases[0].items[0].key_id;
        let void = format!("/api/v1/keys/{key}/void");
        self.read(Place::Admin, &admin.post(&void, r#"{"reason":"test"}"#).await?);
        let stock = format!("products/{}/stock", products[0]);
        for path in [
            "products",
            "batches",
            "orders",
            "orders?state=abnormal",
            "orders.csv",
            "batches.csv",
            "keys",
            "keys.csv",
            &format!("keys/{key}"),
            &stock,
        ] {
            self.read(Place::Admin, &admin.get(&format!("/api/v1/{path}")).await?);
        }
        Ok(())
    }

    fn bought(&mut self, answer: &Answer) -> Result<Purchase> {
        self.read(Place::Holder, answer);
        let purchase = Purchase::read(answer)?;
        self.secrets.push((Kind::OrderToken, purchase.token.clone()));
        Ok(purchase)
    }

    /// Makes a sale with a buyer's secret, and redeems it with a wrong secret and with the right one.
    async fn redeem(&mut self, shop: &TestShop, product: &str, client: &mut Client) -> Result<()> {
        let (secret, wrong) = (
            buyer::secret(&B256::repeat_byte(7), "me@example.com"),
            B256::repeat_byte(0x5e),
        );
        let mut order: Value = serde_json::from_str(&order_of(product))?;
        order["buyer"] = json!(buyer::commitment(&secret));
        let bought = client.order("secret-pair", order.to_string()).await?;
        let purchase = self.bought(&bought)?;
        let path = format!("/api/v1/orders/{}", purchase.order);
        let mut holder = shop.client(&purchase.token)?;
        for (shown, status) in [(wrong, 400), (secret, 200)] {
            let body = json!({"item": 1, "buyerSecret": shown}).to_string();
            let answer = holder.post(&format!("{path}/redeem"), body).await?;
            assert_eq!(answer.status, status, "{}", answer.text());
            // Neither the refusal nor the event repeats the secret.
            self.read(Place::Stranger, &answer);
            self.secrets.push((Kind::BuyerSecret, shown.to_string()));
        }
        self.read(Place::Holder, &holder.get(&path).await?);
        self.read(Place::Admin, &shop.client(&shop.admin)?.get(&path).await?);
        Ok(())
    }

    /// Provokes errors: no stock, another request under the same key, no JSON, no token, wrong tokens, secrets in other
    /// fields.
    async fn fail(
        &mut self,
        shop: &TestShop,
        products: &[String; 2],
        reseller: &Reseller,
        purchases: &[Purchase],
    ) -> Result<()> {
        let mut client = shop.client(&reseller.token)?;
        let (code, order) = (
            &purchases[0].items[0].code,
            format!("/api/v1/orders/{}", purchases[0].order),
        );
        for (key, body) in [
            ("secret-many", order_lines(&[(&products[0], 100)])),
            ("secret-0", order_lines(&[(&products[0], 2)])),
            ("secret-none", code.clone()),
            ("secret-type", json!({"lines": code}).to_string()),
            (
                "secret-price",
                order_of(&products[0]).replace("}]", &format!(",\"price\":\"{code}\"}}]")),
            ),
            (code, order_of(&products[0]).replace("1}", "0}")),
        ] {
            let answer = client.order(key, body).await?;
            assert!((400..500).contains(&answer.status), "{key}: {}", answer.status);
            // What a client sent may be repeated to that client, but not in a log.
            let place = if answer.text().contains(code) {
                Place::Holder
            } else {
                Place::Stranger
            };
            self.read(place, &answer);
        }
        let token = &purchases[1].token;
        for path in [
            format!("/api/v1/keys/{code}"),
            format!("/api/v1/orders?limit={code}&after={token}"),
        ] {
            self.read(Place::Stranger, &client.get(&path).await?);
        }
        let halves = [
            &reseller.token[..reseller.token.len() - 1],
            &shop.admin[1..],
            token,
            code,
            "",
        ];
        for token in halves {
            let answer = Client::new(shop.address(0), token)?.get(&order).await?;
            assert!((400..500).contains(&answer.status), "{}", answer.text());
            self.read(Place::Stranger, &answer);
        }
        Ok(())
    }

    async fn measure(&mut self, shop: &TestShop) -> Result<()> {
        let mut admin = shop.client(&shop.admin)?;
        let metrics = admin.get("/metrics").await?;
        assert!(metrics.text().contains("shelfproof_sales_total"), "{}", metrics.text());
        self.read(Place::Metrics, &metrics);
        Ok(())
    }

    /// Runs commands that succeed and commands that fail, and reads the list of refused lines.
    fn command(&mut self, shop: &TestShop) -> Result<()> {
        let folder = tempfile::tempdir()?;
        let path = |name: &str| folder.path().join(name).display().to_string();
        let (file, refused) = (path("bad.txt"), path("refused.csv"));
        let product = shop.product(PRICE, CURRENCY)?;
        let long = "SECRETLONG".repeat(500);
        // Already in stock, too long, not a code, and text in an unknown encoding.
        fs::write(
            &file,
            [
                codes("secret", 1)[0].as_bytes(),
                b"\n",
                long.as_bytes(),
                b"\n---\n\xff\xfe\xff\n",
            ]
            .concat(),
        )?;
        let import = [
            "import",
            &file,
            "--product",
            &product,
            "--batch",
            "bad",
            "--format",
            "lines",
            "--encoding",
            "utf-8",
            "--refused",
            &refused,
        ];
        for command in [
            &import[..],
            &["import", &file, "--product", "none", "--batch", "bad"],
            &[
                "import",
                &file,
                "--product",
                &product,
                "--batch",
                "csv",
                "--format",
                "csv",
                "--code-column",
                "none",
            ],
            &["activate", "none"],
            &["admin", "check"],
            &["admin", "order", "list"],
            &["admin", "token", "list"],
            &["serve", "--check-config"],
            &["serve", "--listen", "nowhere"],
            &["--help"],
        ] {
            let output = shop.cli.output(command)?;
            let said = [output.stdout, output.stderr].concat();
            self.read
                .push((Place::Printed, String::from_utf8_lossy(&said).into_owned()));
        }
        let listed = fs::read_to_string(refused)?;
        assert!(
            listed.contains("duplicate_in_stock") && listed.contains("too_long"),
            "{listed}"
        );
        self.read.push((Place::File, listed));
        Ok(())
    }
}
