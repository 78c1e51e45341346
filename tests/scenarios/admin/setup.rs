//! Setting up a merchant with the real programs: `init`, the command that it prints, and `serve`, in a folder whose
//! name must be quoted in a shell.

mod place;

use std::fs;

use place::{NAME, Place};
use serde_json::Value;
use shelfproof_contracts::ShelfproofRegistry;
use shelfproof_tests::Result;
use shelfproof_tests::client::Client;
use shelfproof_tests::postgres::{Durability, Postgres};
use shelfproof_tests::shop::Node;
use shelfproof_tests::vector_chain::{block_on, client};

/// A path like that of a provider's URL with an access key.
const SECRET: &str = "v2-geheim-7c1d";

#[test]
fn a_merchant_is_set_up_registered_and_served() -> Result<()> {
    let place = Place::new()?;
    let first = place.init_json(&[])?;
    let owner = first["owner"].as_str().ok_or("no owner")?.parse()?;
    let command = first["register"].as_str().ok_or("no command")?;

    let poor = place.sh(command)?;
    assert!(!poor.status.success(), "an account without funds cannot register");
    assert!(
        place::said(&poor).contains("send it the difference"),
        "{}",
        place::said(&poor)
    );
    place.fund(owner)?;
    let registered = place.sh(command)?;
    assert!(registered.status.success(), "{}", place::said(&registered));
    let again = place.sh(command)?;
    assert!(again.status.success(), "{}", place::said(&again));
    assert!(
        place::said(&again).contains("was registered before"),
        "{}",
        place::said(&again)
    );

    let files = place.files()?;
    assert_eq!(place.init_json(&[])?, first, "a second run says the same");
    assert_eq!(place.files()?, files, "and keeps everything");

    let status = place.sh("shelfproof-anchor status --json --config shelfproof.toml")?;
    let told: Value = serde_json::from_slice(&status.stdout).map_err(|_| place::said(&status))?;
    assert!(told.get("error").is_none(), "the anchor reads what init wrote: {told}");

    let cli = place.cli()?;
    assert_eq!(cli.json(&["migrate"])?["changed"], false, "init has migrated");
    let log = place.folder().join("node.log");
    let mut node = Node::start(&cli, &[], &log)?;
    let told = block_on(async {
        let mut client = Client::new(node.address(), "")?;
        client.get("/.well-known/shelfproof.json").await?.expect(200)
    })??;
    assert_eq!(told["name"], NAME);
    assert_eq!(told["registry"], place.registry.to_string().to_lowercase());
    let merchant_id = told["merchantId"].as_str().ok_or("no merchant")?;
    assert_eq!(first["merchantId"], merchant_id);
    let keys = cli.json(&["admin", "keyring", "list"])?;
    let listed = keys["keys"].as_array().ok_or("no keys")?;
    let vrf = listed.iter().find(|key| key["key"] == "vrf").ok_or("no VRF key")?;
    let held = block_on(async {
        let registry = ShelfproofRegistry::new(place.registry, client(place.anvil.url())?);
        Result::Ok(registry.vrfPublicKey(merchant_id.parse()?).call().await?)
    })??;
    assert_eq!(vrf["public"], held.to_string());
    node.stop()
}

#[test]
fn what_is_missing_or_wrong_is_told_and_the_folder_stays_usable() -> Result<()> {
    let place = Place::new()?;
    let refused = |args: &[&str], words: &[&str]| -> Result<()> {
        let output = place.init(args)?;
        let said = place::said(&output);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(words.iter().all(|word| said.contains(word)), "{said}");
        assert!(!said.contains(place::PASSWORD) && !said.contains(SECRET), "{said}");
        assert!(!place.folder().join("shelfproof.toml").exists(), "{said}");
        Ok(())
    };
    refused(&["--name="], &["shop.name"])?;
    refused(&["--data-uri", "ftp://shop.example"], &["shop.data_uri"])?;

    let url = place.folder().with_file_name("wrong.url");
    let file = url.to_str().ok_or("UTF-8")?;
    refused(&["--database-url-file", file], &["--database-url-file", file])?;
    for (wrong, words) in [
        (place.url().replace("/test_", "/none_"), "--database-url-file"),
        (
            format!("postgres://u:{}@127.0.0.1:1/shop", place::PASSWORD),
            "--database-url-file",
        ),
        (format!("mysql://u:{}@db/shop", place::PASSWORD), "database.url_file"),
    ] {
        fs::write(&url, wrong)?;
        refused(&["--database-url-file", file], &["database", words])?;
    }
    let careless = Postgres::start(Durability::None)?;
    fs::write(&url, careless.url(&careless.database()?, place::PASSWORD))?;
    refused(&["--database-url-file", file], &["fsync is off", "--database-url-file"])?;

    let unnamed = place.init_alone(&["--yes"])?;
    assert_eq!(unnamed.status.code(), Some(1));
    assert!(
        place::said(&unnamed).contains("--name is needed"),
        "{}",
        place::said(&unnamed)
    );

    let rpc = format!("https://node.example/{SECRET}");
    let done = place.init(&["--rpc", &rpc])?;
    let said = place::said(&done);
    assert!(done.status.success(), "{said}");
    assert!(said.contains("\"$SHELFPROOF_RPC\"") && !said.contains(SECRET), "{said}");
    let list = ["--config", "shelfproof.toml", "admin", "product", "list"];
    let (reader, writer) = std::io::pipe()?;
    drop(reader);
    let unread = place.command(&list).stdout(writer).output()?;
    assert!(
        unread.status.success() && unread.stderr.is_empty(),
        "{}",
        place::said(&unread)
    );
    let full = fs::OpenOptions::new().write(true).open("/dev/full")?;
    let lost = place.command(&list).stdout(full).output()?;
    assert_eq!(lost.status.code(), Some(1));
    assert!(
        place::said(&lost).contains("error: standard output: "),
        "{}",
        place::said(&lost)
    );
    Ok(())
}
