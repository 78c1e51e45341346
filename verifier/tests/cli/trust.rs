//! `trust add`: where a shop's description may come from, and what is said when it changes.

use serde_json::{Value, json};

use crate::run::{self, Cli};

/// A shop's description, of the vectors' merchant.
fn description(name: &str, data_uri: &str) -> String {
    let all = run::read();
    let text = |name: &str| all["merchant"][name].as_str().expect("text").to_owned();
    json!({
        "format": "shelfproof-merchant-v1", "chainId": 31337, "registry": text("registry"),
        "merchantId": text("merchantId"), "name": name, "dataUri": data_uri,
    })
    .to_string()
}

fn warnings(answer: &Value) -> Vec<String> {
    let warnings = answer["warnings"].as_array().expect("a list").iter();
    warnings
        .map(|warning| warning.as_str().expect("text").to_owned())
        .collect()
}

/// 192.0.2.1 is an address for documentation, at which nobody answers: nothing is sent to it.
#[test]
fn plain_http_is_read_from_this_machine_alone() {
    let cli = Cli::new();
    for from in [
        "http://192.0.2.1/.well-known/shelfproof.json",
        "http://shop.invalid/shelfproof.json",
    ] {
        let answer = cli.run(["trust", "add", "shop", "--from", from]).json_only(2);
        assert_eq!(answer["code"], "input");
        let detail = answer["detail"].as_str().expect("text");
        assert!(detail.contains("use https"), "{detail}");
    }
    assert_eq!(cli.run(["trust", "list"]).json_only(0)["merchants"], json!({}));
}

#[test]
fn a_page_is_no_description() {
    let cli = Cli::new();
    let page = cli.write("page.json", "\u{feff}\n<!DOCTYPE html><title>Sign in</title>");
    let answer = cli.run(["trust", "add", "shop", "--from", &page]).json_only(2);
    assert_eq!(answer["code"], "network");
}

#[test]
fn a_changed_description_is_said_when_the_shop_is_added_again() {
    let cli = Cli::new();
    let add = |name: &str, data_uri: &str| {
        let file = cli.write("shelfproof.json", &description(name, data_uri));
        cli.run(["trust", "add", "shop", "--from", &file]).json_only(0)
    };
    for _ in 0..2 {
        assert_eq!(warnings(&add("A shop", "https://shop.invalid/data")), [""; 0]);
    }
    let told = warnings(&add("Another shop", "https://shop.invalid/other"));
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].contains("name was A shop and now is Another shop"), "{told:?}");
    assert!(told[1].contains("https://shop.invalid/data"), "{told:?}");
    // It is said once, and then pinned.
    assert_eq!(warnings(&add("Another shop", "https://shop.invalid/other")), [""; 0]);
    // Without a node nothing of the registry is shown, and it is said how to see it.
    let text = cli.run(["trust", "show", "shop"]).text(0);
    assert!(text.contains("trust show shop --rpc"), "{text}");
    let shown = cli.run(["trust", "show", "shop"]).json_only(0);
    assert_eq!(shown["registered"], Value::Null);
    assert_eq!(shown["merchant"]["name"], "Another shop");
    assert_eq!(cli.run(["trust", "show", "nobody"]).json_only(2)["code"], "usage");
}
