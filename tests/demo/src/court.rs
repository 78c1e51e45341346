//! The cheats and forgeries, each with who detects it.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fs;

use alloy_primitives::B256;
use shelfproof_verifier::audit::key_ids_in;
use shelfproof_verifier::delta::delta_path;
use shelfproof_verifier::epoch::data_path;

use super::buyers::CheckedBuyer;
use super::place::Place;
use super::printer::Printer;
use super::public;
use super::shop::OpenShop;
use super::stock::StockedProduct;
use shelfproof_tests::Result;
use shelfproof_tests::anchored_shop::Verifier;
use shelfproof_tests::cheats::{self, Caught, Court, ShopSnapshot, Stock};
use shelfproof_tests::forger::{self, Material, forge};

/// Lets a dishonest operator cheat on copies of the shop. Each cheat is detected by a command that anybody can repeat.
pub(super) fn try_cheats(
    shop: &OpenShop,
    place: &Place,
    product: &StockedProduct,
    buyer: &CheckedBuyer,
    printer: &Printer,
) -> Result<Court> {
    printer.act("The operator cheats, on copies of the shop", "商家作弊（在副本上）");
    let stock = Stock {
        product: product.id.clone(),
        reseller: shop.reseller.clone(),
        admin: shop.admin.clone(),
        sold: cheats::Sold {
            code: buyer.sold.item.code.clone(),
            secret: buyer.sold.secret.clone(),
            bundle: fs::read_to_string(buyer.bundle())?,
        },
    };
    let folder = place.make("cheats")?;
    let snapshot = ShopSnapshot::take(&shop.config, &folder, stock)?;
    let mut caught = 0;
    let court = cheats::run_all(&snapshot, |cheat| {
        caught += 1;
        print_cheat(cheat, printer);
    })?;
    printer.print(&format!(
        "{caught} of {caught} were caught. Look for yourself: sh {}/NAME/command",
        folder.display()
    ));
    printer.print("全部识破。每个目录里有说明（README.txt）、可重复执行的 command 和当时的结论 verdict。");
    Ok(court)
}

/// Tries every forgery that can be made from two honest bundles. The verifier must refuse each for the expected reason.
pub(super) fn try_forgeries(shop: &OpenShop, checked_buyers: &[CheckedBuyer], printer: &Printer) -> Result<()> {
    printer.act(
        "A forger hands out every false proof it can think of",
        "伪造者给出能想到的一切假证明",
    );
    let [.., other, victim] = checked_buyers else {
        return Err("two buyers are wanted".into());
    };
    let material = Material::new(
        victim.honest()?,
        other.honest()?,
        B256::from(rand::random::<[u8; 32]>()),
        None,
    )?;
    let forgeries = forge(&material)?;
    let forging = forger::ForgingShop::open(&forgeries)?;
    let verifiers = [verifier(shop)?, verifier(shop)?];
    let outcomes = forger::try_all(&forging, &forgeries, &verifiers)?;
    if let Some(missed) = outcomes.iter().find(|outcome| !outcome.is_as_expected()) {
        return Err(format!(
            "the forgery {}: {} was expected: {}",
            missed.name,
            missed.expected.as_str(),
            missed.said.json
        )
        .into());
    }
    let mut by_code: BTreeMap<&str, usize> = BTreeMap::new();
    for outcome in &outcomes {
        *by_code.entry(outcome.expected.as_str()).or_default() += 1;
    }
    let mut counts: Vec<_> = by_code.into_iter().collect();
    counts.sort_by_key(|(_, count)| Reverse(*count));
    let counts: Vec<String> = counts.iter().map(|(code, count)| format!("{code} {count}")).collect();
    let refused = outcomes.iter().filter(|outcome| outcome.expected.exit() == 1).count();
    printer.print(&format!(
        "{} kinds of false bundles and typings: {refused} refused, {} answered with cannot tell, each for its own reason:",
        outcomes.len(),
        outcomes.len() - refused
    ));
    printer.print_wrapped(&counts.join(", "));
    try_other_forgeries(shop, &material, printer)?;
    printer.print("没有一份假证明通过核验。");
    Ok(())
}

/// Tries every forgery of the newest epoch's delta and of a file of trusted epochs. The verifier must refuse each for
/// the expected reason.
fn try_other_forgeries(shop: &OpenShop, material: &Material, printer: &Printer) -> Result<()> {
    // Whoever checks without a node never saw the chain.
    let (online, offline) = (verifier(shop)?, verifier(shop)?);
    let number = material.victim().bundle.history.epoch;
    let data = tempfile::tempdir()?;
    let copy = |path: &str| -> Result<Vec<u8>> {
        let bytes = public::get(shop.address, &format!("/data/{path}"))?;
        let copy = data.path().join(path);
        fs::create_dir_all(copy.parent().unwrap_or(data.path()))?;
        fs::write(copy, &bytes)?;
        Ok(bytes)
    };
    let (events, delta) = (copy(&data_path(number))?, copy(&delta_path(number))?);
    let deltas = forger::forge_deltas(&delta, &key_ids_in(&events), &[])?;
    let deltas = forger::try_deltas(data.path(), number, &deltas, &online)?;

    let path = online.file("epochs.json", "")?;
    online.run(&["epochs", "--out", &path.display().to_string()])?.holds()?;
    let files = forger::forge_trusted(material, &fs::read_to_string(path)?)?;
    let files = forger::try_trusted(material.victim(), &files, &offline)?;
    if let Some(missed) = deltas.iter().chain(&files).find(|tried| !tried.is_as_expected()) {
        return Err(format!(
            "the forgery {}: {} was expected: {}",
            missed.name, missed.expected, missed.said.json
        )
        .into());
    }
    printer.print(&format!(
        "{} kinds of false deltas: a light audit stops at each",
        deltas.len()
    ));
    printer.print(&format!(
        "{} kinds of false files of trusted epochs: an honest bundle holds with none",
        files.len()
    ));
    Ok(())
}

fn verifier(shop: &OpenShop) -> Result<Verifier> {
    Verifier::new(shop.identity, &shop.rpc)
}

fn print_cheat(cheat: &Caught, printer: &Printer) {
    printer.print(&format!(
        "{:<15} noticed by {}: {}",
        cheat.name, cheat.who[0], cheat.code
    ));
    for [en, zh] in [cheat.what, cheat.why] {
        printer.print_wrapped(if printer.is_chinese() { zh } else { en });
    }
}
