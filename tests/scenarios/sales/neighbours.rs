//! Orders that must fail, in the same batches as orders that must succeed.

use std::collections::BTreeMap;

use serde_json::json;
use shelfproof_tests::Result;
use shelfproof_tests::client::Answer;
use shelfproof_tests::load::at_once;
use shelfproof_tests::shop::{
    CURRENCY, PRICE, PRICE_MINOR, Purchase, Settings, TestShop, codes, order_lines, order_of,
};

const BUYERS: usize = 64;
const ORDERS: usize = 14;

/// A request: whether the account has no credit, the body, and the refusal that must follow.
struct Wish {
    is_poor: bool,
    body: String,
    refusal: Option<(u16, &'static str)>,
}

fn wishes(good: &str, empty: &str, dollars: &str) -> [Wish; 7] {
    let wish = |is_poor, body, refusal| Wish { is_poor, body, refusal };
    let unknown = "01890a5d-ac96-774b-bcce-b302099a8057";
    let other_price = json!({"lines": [{"product": good, "quantity": 1, "price": "9.89"}]});
    [
        wish(false, order_of(good), None),
        wish(false, order_of(empty), Some((409, "out_of_stock"))),
        wish(true, order_of(good), Some((402, "insufficient_credit"))),
        wish(
            false,
            order_lines(&[(good, 1), (unknown, 1)]),
            Some((404, "unknown_product")),
        ),
        wish(false, order_lines(&[(good, 2)]), None),
        wish(false, other_price.to_string(), Some((409, "price_changed"))),
        wish(
            false,
            order_lines(&[(good, 1), (dollars, 1)]),
            Some((409, "mixed_currencies")),
        ),
    ]
}

#[test]
fn neighbours_of_orders_that_fail_are_delivered() -> Result<()> {
    let shop = TestShop::start(&Settings::default())?;
    let (good, empty) = (shop.product(PRICE, CURRENCY)?, shop.product(PRICE, CURRENCY)?);
    let dollars = shop.product("2.00", "USD")?;
    shop.stock(&good, &codes("good", 2 * BUYERS * ORDERS))?;
    shop.stock(&dollars, &codes("dollars", 10))?;
    let (rich, poor) = (shop.reseller()?, shop.reseller()?);
    shop.credit(&rich, "100000.00", CURRENCY)?;
    shop.credit(&poor, "9.89", CURRENCY)?;

    let buyers = (0..BUYERS).map(|buyer| {
        let wishes = wishes(&good, &empty, &dollars);
        let clients = [shop.client(&rich.token), shop.client(&poor.token)];
        async move {
            let [rich, poor] = clients;
            let (mut rich, mut poor) = (rich?, poor?);
            let mut answers = Vec::new();
            for number in 0..ORDERS {
                let wish = &wishes[(buyer + number) % wishes.len()];
                let client = if wish.is_poor { &mut poor } else { &mut rich };
                let key = format!("wish-{buyer}-{number}");
                let first = client.order(&key, wish.body.clone()).await?;
                let again = client.order(&key, wish.body.clone()).await?;
                check_repeat(&first, &again, wish.refusal)?;
                answers.push((wish.refusal.map(|(_, code)| code), first));
            }
            Result::Ok(answers)
        }
    });
    let mut counts = BTreeMap::new();
    let mut keys = 0;
    for answers in at_once(buyers)? {
        for (refusal, answer) in answers? {
            *counts.entry(refusal).or_insert(0_usize) += 1;
            if refusal.is_none() {
                let purchase = Purchase::read(&answer)?;
                shop.judge().check(&purchase)?;
                keys += i64::try_from(purchase.items.len())?;
            }
        }
    }
    assert_eq!(counts.len(), 6);
    let credit = shop.ask("SELECT max(balance_minor) FROM shop.balances WHERE kind = 'credit'")?;
    assert_eq!(credit, 10_000_000 - keys * PRICE_MINOR);
    assert_eq!(shop.ask("SELECT count(*) FROM attest.events WHERE kind = 3")?, keys);
    let mixed =
        "SELECT count(*) FROM (SELECT FROM shop.orders GROUP BY xmin::text HAVING count(DISTINCT state) > 1) batch";
    assert!(shop.ask(mixed)? > 0, "no batch held both");
    shop.check()
}

/// Checks that the answer is the expected one, and that its repetition is the same. A delivery must be byte for byte
/// the same; a refusal names the request that it answers.
fn check_repeat(first: &Answer, again: &Answer, refusal: Option<(u16, &str)>) -> Result<()> {
    let Some((status, code)) = refusal else {
        first.expect(201)?;
        assert_eq!(first.body, again.body);
        return Ok(());
    };
    let (first, again) = (first.expect(status)?, again.expect(status)?);
    assert_eq!(first["code"], code);
    assert!(first["order"].is_string(), "{first}");
    for field in ["type", "title", "status", "detail", "code", "order"] {
        assert_eq!(first[field], again[field]);
    }
    Ok(())
}
