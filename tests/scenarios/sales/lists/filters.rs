//! The filters of orders, over orders that were really placed.

use serde_json::Value;
use shelfproof_tests::Result;
use shelfproof_tests::client::Client;
use shelfproof_tests::shop::{CURRENCY, PRICE, Settings, StockedShop, TestShop, codes, order_lines, order_of};
use shelfproof_tests::vector_chain::block_on;

use super::{account_of, another, first_cells, ids, ids_of, rows, walk};

/// What was placed, oldest first: the name of each, and its order.
struct Placed(Vec<(&'static str, Value)>);

impl Placed {
    /// The ids of orders by their names, newest first.
    fn ids(&self, names: &[&str]) -> Vec<String> {
        let own = self.0.iter().rev().filter(|(name, _)| names.contains(name));
        own.map(|(_, order)| ids_of(order, "order")).collect()
    }
}

#[test]
fn each_filter_finds_the_orders_that_it_names() -> Result<()> {
    let shop = StockedShop::with_codes(TestShop::start(&Settings::default())?, "100.00", &codes("filters", 6))?;
    let other = another(&shop.shop)?;
    let second = shop.shop.product(PRICE, CURRENCY)?;
    shop.shop.stock_by_api(&second, &codes("second", 2))?;
    let account = account_of(&shop.shop, &other)?;
    let placed = block_on(async {
        let mut own = shop.shop.client(&shop.reseller.token)?;
        let mut stranger = shop.shop.client(&other.token)?;
        let mut admin = shop.shop.client(&shop.shop.admin)?;
        let placed = place(&shop.product, &second, &mut own, &mut stranger).await?;
        let refund = format!("/api/v1/orders/{}/refund", placed.ids(&["refunded"])[0]);
        admin.post(&refund, r#"{"item":1}"#).await?.expect(200)?;
        Ok::<_, Box<dyn std::error::Error>>(placed)
    })??;
    let both = order_of_both(&placed);
    let mut cases = vec![
        ("state=delivered".to_owned(), vec!["one", "theirs", "both", "second"]),
        ("state=refused".to_owned(), vec!["sold out"]),
        ("state=refunded".to_owned(), vec!["refunded"]),
        ("state=abnormal".to_owned(), vec![]),
        (format!("product={second}"), vec!["both", "second"]),
        (
            format!("product={}", shop.product),
            vec!["one", "theirs", "both", "refunded"],
        ),
        (format!("product={second}&state=refused"), vec!["sold out"]),
        (format!("product={second}&state=delivered"), vec!["both", "second"]),
        (format!("product={}&state=refunded", shop.product), vec!["refunded"]),
        (format!("product={}&account={account}", shop.product), vec!["theirs"]),
        (format!("product={second}&account={account}"), vec!["second"]),
        (
            format!("product={second}&account={account}&state=refused"),
            vec!["sold out"],
        ),
        (format!("account={account}"), vec!["theirs", "second", "sold out"]),
        ("product=0192f0c4-b3d4-7e5f-8a6b-7c8d9e0f1a2b".to_owned(), vec![]),
        ("account=0192f0c4-b3d4-7e5f-8a6b-7c8d9e0f1a2b".to_owned(), vec![]),
        (format!("search={both}"), vec!["both"]),
        (format!("search={}", &both[..8]), vec!["both"]),
        (format!("search={}", both[..13].to_uppercase()), vec!["both"]),
        (format!("search={both}&state=refunded"), vec![]),
        (format!("search={both}&account={account}"), vec![]),
        (format!("search=0x{}", "0".repeat(64)), vec![]),
    ];
    for (name, order) in &placed.0 {
        for key in ids(order, "keyId") {
            cases.push((format!("search={key}"), vec![name]));
        }
    }
    block_on(async {
        let mut admin = shop.shop.client(&shop.shop.admin)?;
        for (filter, names) in &cases {
            let expected = placed.ids(names);
            for limit in [1, 50] {
                let found = walk(&mut admin, &format!("/api/v1/orders?{filter}"), "order", limit)
                    .await?
                    .0;
                assert_eq!(found, expected, "{filter}");
            }
            let file = admin.get(&format!("/api/v1/orders.csv?{filter}")).await?;
            assert_eq!(first_cells(&file)?, expected, "{filter}");
        }
        let file = rows(&admin.get(&format!("/api/v1/orders.csv?search={both}")).await?)?;
        assert_eq!(file[0][1..3], ["delivered", ""]);
        assert_eq!(file[0][3], account_of(&shop.shop, &shop.reseller)?);
        assert_eq!(file[0][5..8], ["19.80", CURRENCY, "2"]);
        assert_eq!(file[0][8], format!("{} {second}", shop.product));
        Ok::<_, Box<dyn std::error::Error>>(())
    })??;
    by_command(&shop, &other.name, &second, &placed)
}

fn order_of_both(placed: &Placed) -> String {
    placed.ids(&["both"]).remove(0)
}

async fn place(first: &str, second: &str, own: &mut Client, stranger: &mut Client) -> Result<Placed> {
    let mut placed = Vec::new();
    for (name, is_own, body) in [
        ("one", true, order_of(first)),
        ("theirs", false, order_of(first)),
        ("refunded", true, order_of(first)),
        ("both", true, order_lines(&[(first, 1), (second, 1)])),
        ("second", false, order_of(second)),
    ] {
        let client = if is_own { &mut *own } else { &mut *stranger };
        placed.push((name, client.order(name, body).await?.expect(201)?));
    }
    let refused = stranger.order("sold-out", order_of(second)).await?.expect(409)?;
    assert_eq!(refused["code"], "out_of_stock", "{refused}");
    placed.push(("sold out", refused));
    Ok(Placed(placed))
}

/// The command line finds the same.
fn by_command(shop: &StockedShop, other: &str, second: &str, placed: &Placed) -> Result<()> {
    let list = |more: &[&str]| shop.shop.cli.json(&[&["admin", "order", "list"], more].concat());
    let both = order_of_both(placed);
    for (args, names) in [
        (vec!["--state", "refused"], vec!["sold out"]),
        (vec!["--status", "refunded"], vec!["refunded"]),
        (vec!["--product", second], vec!["both", "second"]),
        (vec!["--account", other, "--product", second], vec!["second"]),
        (vec!["--search", &both[..8]], vec!["both"]),
        (vec!["--from", "2020-01-01", "--until", "2020-02-01T00:00:00Z"], vec![]),
        (
            vec!["--from", "2020-01-01", "--until", "9000-01-01", "--state", "refused"],
            vec!["sold out"],
        ),
    ] {
        assert_eq!(ids(&list(&args)?, "order"), placed.ids(&names), "{args:?}");
    }
    let file = shop
        .shop
        .cli
        .run(&["admin", "order", "list", "--product", second, "--csv"])?;
    let found: Vec<&str> = file.lines().skip(1).filter_map(|line| line.split(',').next()).collect();
    assert_eq!(found, placed.ids(&["both", "second"]));
    Ok(())
}
