//! Every cheat is carried out on copies of a shop and detected with its code, while the shop itself continues to sell.

use std::fs::{self, Permissions};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use shelfproof_tests::anchored_shop::{AnchoredShop, Bought, Plan, Verifier};
use shelfproof_tests::cheats::{Caught, ShopSnapshot, Sold, Stock, run_all};
use shelfproof_tests::shop::{StockedShop, codes};
use shelfproof_tests::{Result, permit, tools};

/// Who detects which cheat with which code, in the order of the protocol's table.
const CAUGHT: [(&str, &str); 13] = [
    ("sold-twice", "version_gap"),
    ("turning-map", "history_mismatch"),
    ("sold-to-two", "not_your_sale"),
    ("left-out", "receipt_unmet"),
    ("two-faces", "epoch_unknown"),
    ("look-alike", "registry_unknown"),
    ("crowded", "key_ids"),
    ("silent", "data_withheld"),
    ("rewritten", "history_mismatch"),
    ("withheld", "data_withheld"),
    ("redeemed-twice", "illegal_transition"),
    ("after-refund", "illegal_transition"),
    ("respelled", "key_id"),
];

/// An honest shop that has sold some keys, one of which was redeemed.
struct HonestShop(StockedShop<AnchoredShop>);

impl HonestShop {
    fn open() -> Result<Self> {
        let shop = AnchoredShop::start(&Plan::default())?;
        Ok(Self(StockedShop::with_codes(shop, "1000.00", &codes("cheats", 12))?))
    }

    /// Buys one key, as the buyer with that number.
    fn buy(&self, buyer: usize) -> Result<Bought> {
        let StockedShop {
            shop,
            product,
            reseller,
        } = &self.0;
        shop.buy(reseller, product, 1, buyer)
    }

    /// Sells and redeems keys, and returns what the cheats need.
    fn stock(&self) -> Result<Stock> {
        let used = self.buy(1)?.purchase;
        let redeem = format!("/api/v1/orders/{}/redeem", used.order);
        self.0.shop.post(&used.token, &redeem, &json!({"item": 1}))?;
        let bought = self.buy(2)?;
        let item = &bought.purchase.items[0];
        Ok(Stock {
            product: self.0.product.clone(),
            reseller: self.0.reseller.token.clone(),
            admin: self.0.shop.admin.clone(),
            sold: Sold {
                code: item.code.clone(),
                bundle: self.0.shop.proof(&bought.purchase.token, &item.key_id)?.text(),
                secret: bought.secret,
            },
        })
    }

    /// Checks that the shop sells and proves, and that an auditor finds everything sound.
    fn assert_well(&self) -> Result<()> {
        let bought = self.buy(3)?;
        let item = &bought.purchase.items[0];
        let bundle = self.0.shop.proof(&bought.purchase.token, &item.key_id)?.text();
        let verifier = Verifier::of(&self.0.shop)?;
        let said = verifier.key("key", &item.code, &bundle, Some(&bought.secret))?;
        assert_eq!(said.holds()?, "holds sold");
        let data = format!("http://{}/data", self.0.shop.address(0));
        verifier.run(&["audit", "--data", &data])?.holds()?;
        self.0.shop.check()
    }
}

/// Checks that the command prints the same verdict in any working folder, and also without the copies that an audit
/// keeps.
fn assert_repeatable(caught: &Caught) -> Result<()> {
    let verdict = fs::read_to_string(caught.folder.join("verdict"))?;
    assert_eq!(verdict, caught.verdict);
    let head = if caught.exit == 1 { "REFUSED" } else { "CANNOT TELL" };
    assert!(verdict.starts_with(&format!("{head}: {}\n", caught.code)), "{verdict}");
    for _ in 0..2 {
        let mut sh = Command::new("sh");
        sh.arg(caught.folder.join("command")).current_dir("/");
        let output = sh.env_clear().output()?;
        assert_eq!(String::from_utf8(output.stdout)?, verdict);
        assert_eq!(output.status.code(), Some(caught.exit), "{}", caught.name);
        if let Err(error) = fs::remove_dir_all(caught.folder.join("audit")) {
            assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
        }
    }
    Ok(())
}

/// Checks that only the owner can read the files, and that codes are only in the files that are for codes.
fn assert_private(folder: &Path, code: &str) -> Result<()> {
    let mode = |path: &Path| Ok::<_, std::io::Error>(fs::metadata(path)?.permissions().mode() & 0o777);
    assert_eq!(mode(folder)?, 0o700);
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_file() {
            // Evidence is public.
            let expected = if path.ends_with("evidence.json") { 0o644 } else { 0o600 };
            assert_eq!(mode(&path)?, expected, "{}", path.display());
            let is_code = path.extension().is_some_and(|extension| extension == "code");
            assert!(
                is_code || !fs::read_to_string(&path)?.contains(code),
                "{}",
                path.display()
            );
        }
    }
    Ok(())
}

/// Returns the evidence for a dispute contract that the cheat of that name left.
fn proof(all: &[Caught], name: &str) -> Result<String> {
    let caught = all.iter().find(|caught| caught.name == name).ok_or("no such cheat")?;
    let evidence: Value = serde_json::from_slice(&fs::read(caught.folder.join("evidence.json"))?)?;
    Ok(evidence["evidence"]["proof"].as_str().unwrap_or_default().to_owned())
}

/// Returns the addresses that the command uses: that of its chain, and that of the data server if there is one.
fn addresses(caught: &Caught) -> Result<Vec<String>> {
    let command = fs::read_to_string(caught.folder.join("command"))?;
    let urls = command.split('\'').filter_map(|word| word.strip_prefix("http://"));
    Ok(urls.map(str::to_owned).collect())
}

/// Counts the databases of the shop's cluster.
fn databases(honest: &HonestShop) -> Result<i64> {
    honest.0.shop.ask("SELECT count(*) FROM pg_database")
}

/// Writes a verifier that accepts everything.
fn lenient(folder: &Path) -> Result<PathBuf> {
    let strict = tools::binary("shelfproof-verify")?;
    let script = format!(
        "#!/bin/sh\nsaid=$('{}' \"$@\"); code=$?\n\
         [ $code = 1 ] && said='PROVED: holds' && code=0\nprintf '%s\\n' \"$said\"; exit $code\n",
        strict.display()
    );
    let path = folder.join("lenient");
    fs::write(&path, script)?;
    fs::set_permissions(&path, Permissions::from_mode(0o700))?;
    Ok(path)
}

/// Checks that an audit which begins at the breach finds the same evidence, part of which lies before its beginning.
fn assert_found_by_a_light_audit(all: &[Caught], name: &str) -> Result<()> {
    let caught = all.iter().find(|caught| caught.name == name).ok_or("no such cheat")?;
    let path = caught.folder.join("evidence.json");
    let whole: Value = serde_json::from_slice(&fs::read(&path)?)?;
    let since = whole["epoch"]["number"].as_u64().ok_or("no epoch")? - 1;
    let command = fs::read_to_string(caught.folder.join("command"))?;
    fs::remove_file(&path)?;
    let light = format!("{} --since {since}", command.trim_end());
    let output = Command::new("sh").args(["-c", &light]).output()?;
    assert_eq!(
        output.status.code(),
        Some(1),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
    let found: Value = serde_json::from_slice(&fs::read(&path)?)?;
    assert_eq!(found, whole);
    Ok(())
}

#[test]
fn every_cheat_is_caught_by_its_code_and_the_honest_shop_goes_on() -> Result<()> {
    let _alone = permit::alone()?;
    let honest = HonestShop::open()?;
    let stock = honest.stock()?;
    let (code, before) = (stock.sold.code.clone(), databases(&honest)?);
    let place = tempfile::tempdir()?;
    let folder = place.path().join("the cheats'");
    let config = honest.0.shop.folder().join("shelfproof.toml");

    let mut snapshot = ShopSnapshot::take(&config, &folder, stock)?;
    let mut all = Vec::new();
    let court = run_all(&snapshot, |caught| all.push(caught.clone()))?;
    let found: Vec<(&str, &str)> = all.iter().map(|caught| (caught.name, caught.code)).collect();
    assert_eq!(found, CAUGHT);
    for caught in &all {
        assert_repeatable(caught)?;
        assert_private(&caught.folder, &code)?;
    }
    assert_eq!(proof(&all, "sold-twice")?, "fork");
    assert_eq!(proof(&all, "redeemed-twice")?, "illegalTransition");
    assert_found_by_a_light_audit(&all, "redeemed-twice")?;
    let turning = all
        .iter()
        .find(|caught| caught.name == "turning-map")
        .ok_or("no such cheat")?;
    let command = fs::read_to_string(turning.folder.join("command"))?;
    assert!(command.contains(" 'watch' "), "{command}");
    honest.assert_well()?;

    // If the verifier accepts the first cheat, that cheat is not reported as detected.
    snapshot.judge_by(&lenient(place.path())?, &place.path().join("lenient cheats"))?;
    let missed = run_all(&snapshot, |caught| assert!(caught.name.is_empty(), "{caught:?}"));
    let missed = missed.err().ok_or("a cheat that holds was told as caught")?.to_string();
    assert!(missed.starts_with("sold-twice: version_gap was expected"), "{missed}");

    let places = all.iter().map(addresses).collect::<Result<Vec<_>>>()?.concat();
    assert!(places.len() > all.len() && places.iter().all(|place| TcpStream::connect(place).is_ok()));
    drop((court, snapshot));
    assert!(
        places.iter().all(|place| TcpStream::connect(place).is_err()),
        "somebody still listens"
    );
    assert_eq!(databases(&honest)?, before);
    Ok(())
}
