//! A buyer whose clock is wrong checks a receipt at the purchase.

use serde_json::{Value, json};
use shelfproof_base::clock::now_ms;
use shelfproof_tests::vector_chain::AS_OF_S;

use super::node::before_node;
use super::setup::Setup;

/// How long after now the sale is, seconds.
const AHEAD_S: u64 = 3_600;

#[test]
fn a_sale_ahead_of_the_clock_is_no_fault_of_the_shop_s() {
    let setup = Setup::new();
    let case = setup.redeemed();
    let sold_at_s = (now_ms() / 1_000).max(AS_OF_S) + AHEAD_S;
    let promise = setup.promise(&case, sold_at_s, sold_at_s + AHEAD_S);
    let receipt = setup.receipt_file(&case, "ahead.json", &promise);
    let check = || setup.online(["receipt", "--receipt", &receipt, "--code", &case.code]);
    let answer = check().json(2);
    assert_eq!(
        (&answer["code"], &answer["verdict"]),
        (&json!("clock_behind"), &json!("cannot tell")),
        "{answer}"
    );
    for lang in ["en", "zh"] {
        let text = check().args(["--lang", lang]).text(2);
        assert!(text.contains("--bought-at"), "{text}");
        assert!(!text.contains("do not use") && !text.contains("不要使用"), "{text}");
    }
    // Who says when the purchase was has compared it with a right clock.
    let answer = check().args(["--bought-at", "2026-09-21T14:14:09Z"]).json(1);
    assert_eq!(answer["code"], "receipt_terms", "{answer}");

    // A block shows that the clock is slow: the final one, or the newest where that is too old. Of two nodes' newest
    // blocks, neither alone does.
    setup.pass_until(sold_at_s);
    assert_eq!(check().json(0)["verdict"], "holds receipt");
    let too_old = ["--confirmations", "3"];
    assert_eq!(check().args(too_old).json(0)["verdict"], "holds receipt");
    let slow = before_node(setup.chain.anvil.url(), |call, answer| {
        if call["params"][0] == "latest" {
            answer["result"]["timestamp"] = Value::from(format!("{AS_OF_S:#x}"));
        }
    });
    let answer = check().args(too_old).args(["--rpc", &slow.url()]).json(2);
    assert_eq!(answer["code"], "clock_behind", "{answer}");
    setup.pass_until(sold_at_s + 700);
    assert_eq!(check().json(2)["code"], "receipt_old");
}
