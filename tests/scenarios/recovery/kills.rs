//! Programs that end during their work: a killed node, a node that is told to stop, an import that is killed
//! repeatedly.

use std::collections::HashSet;
use std::fs;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use shelfproof_tests::Result;
use shelfproof_tests::child::spawn;
use shelfproof_tests::client::{Answer, Client};
use shelfproof_tests::load::at_once;
use shelfproof_tests::shop::{
    Addresses, Buyer, CURRENCY, PRICE, PRICE_MINOR, Purchase, Reseller, Settings, TestShop, codes, order_of,
};

pub(crate) const BUYERS: usize = 48;
pub(crate) const ORDERS: usize = 60;
pub(crate) const SOLD: &str = "SELECT count(*) FROM attest.events WHERE kind = 3";

/// Lets [`BUYERS`] order [`ORDERS`] keys each, kills node 1 once some are sold, and returns all answers: of a node that
/// was killed, the buyers go on at another.
pub(crate) fn kill_under_load(
    shop: &mut TestShop,
    addresses: Addresses,
    reseller: &Reseller,
    product: &str,
) -> Result<Vec<Answer>> {
    let (token, body) = (reseller.token.clone(), order_of(product));
    let load = thread::spawn(move || {
        let buyers = (0..BUYERS).map(|turn| {
            let (buyer, body) = (Buyer::new(&addresses, turn, &token), body.clone());
            async move {
                let mut buyer = buyer?;
                let mut answers = Vec::new();
                for number in 0..ORDERS {
                    answers.push(buyer.order_to_the_end(&format!("kill-{turn}-{number}"), &body).await?);
                }
                Result::Ok(answers)
            }
        });
        let answers = at_once(buyers).and_then(|all| all.into_iter().collect::<Result<Vec<_>>>());
        answers.map_err(|error| error.to_string())
    });
    while shop.ask(SOLD)? < 300 && !load.is_finished() {
        thread::sleep(Duration::from_millis(5));
    }
    shop.kill_node(1);
    let left = i64::try_from(BUYERS * ORDERS)? - shop.ask(SOLD)?;
    let answers = load.join().map_err(|_| "the load panicked")??.concat();
    assert!(left > 0, "everything was sold before the kill");
    Ok(answers)
}

#[test]
fn buyers_of_a_killed_node_go_on_at_another() -> Result<()> {
    let mut shop = TestShop::start(&Settings {
        nodes: 3,
        ..Settings::default()
    })?;
    let product = shop.product(PRICE, CURRENCY)?;
    shop.stock(&product, &codes("kill", BUYERS * ORDERS))?;
    let reseller = shop.reseller()?;
    shop.credit(&reseller, "100000.00", CURRENCY)?;
    let addresses = Addresses::new((0..3).map(|node| shop.address(node)).collect());

    let answers = kill_under_load(&mut shop, addresses, &reseller, &product)?;

    let purchases: Vec<Purchase> = answers.iter().map(Purchase::read).collect::<Result<_>>()?;
    purchases.iter().try_for_each(|purchase| shop.judge().check(purchase))?;
    let sold: HashSet<&str> = purchases.iter().flat_map(Purchase::codes).collect();
    assert_eq!(sold.len(), BUYERS * ORDERS, "a code was sold twice");
    let count = i64::try_from(BUYERS * ORDERS)?;
    assert_eq!(shop.ask(SOLD)?, count);
    let credit = shop.ask("SELECT balance_minor FROM shop.balances WHERE kind = 'credit'")?;
    assert_eq!(credit, 10_000_000 - count * PRICE_MINOR);
    shop.check()
}

/// A node that is told to stop answers every sale that it has written to the database.
#[test]
fn a_node_that_is_told_to_stop_answers_what_it_took() -> Result<()> {
    let mut shop = TestShop::start(&Settings::default())?;
    let product = shop.product(PRICE, CURRENCY)?;
    shop.stock(&product, &codes("stop", BUYERS * ORDERS))?;
    let reseller = shop.reseller()?;
    shop.credit(&reseller, "100000.00", CURRENCY)?;

    let (address, body) = (shop.address(0), order_of(&product));
    let load = thread::spawn(move || {
        let buyers = (0..BUYERS).map(|turn| {
            let (client, body) = (Client::new(address, &reseller.token), body.clone());
            async move {
                let mut client = client?;
                let mut sold = 0;
                // Until the node has ended, or answers that it is stopping.
                while let Ok(answer) = client.order(&format!("stop-{turn}-{sold}"), body.clone()).await {
                    match answer.status {
                        201 => sold += 1,
                        503 => break,
                        409 => return Err("everything was sold before the node stopped".into()),
                        _ => return Err(answer.text().into()),
                    }
                }
                Result::Ok(sold)
            }
        });
        let sold = at_once(buyers).and_then(|all| all.into_iter().sum::<Result<i64>>());
        sold.map_err(|error| error.to_string())
    });
    let sold = "SELECT count(*) FROM attest.events WHERE kind = 3";
    while shop.ask(sold)? < 300 && !load.is_finished() {
        thread::sleep(Duration::from_millis(5));
    }
    shop.node(0).stop()?;
    let answered = load.join().map_err(|_| "the load panicked")??;
    assert_eq!(shop.ask(sold)?, answered);
    shop.check()
}

#[test]
fn an_import_that_is_killed_goes_on_where_it_was() -> Result<()> {
    const CODES: usize = 12_000;
    const KILLS: i64 = 5;
    let shop = TestShop::start(&Settings::default())?;
    let product = shop.product(PRICE, CURRENCY)?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("codes.txt");
    fs::write(&file, codes("killed", CODES).join("\n"))?;
    let file = file.to_str().ok_or("a path that is not UTF-8")?;
    let import = [
        "import",
        file,
        "--product",
        &product,
        "--batch",
        "killed",
        "--format",
        "lines",
    ];
    let lines = || shop.ask("SELECT coalesce(max(lines), 0) FROM shop.batches");
    for kill in 0..KILLS {
        let before = lines()?;
        let mut command = shop.cli.command(&import);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = spawn(command)?;
        // It is killed only after it has imported more lines than the previous run, whatever it is doing then.
        while lines()? == before {
            assert!(child.try_wait()?.is_none(), "it ended after {before} lines");
            thread::sleep(Duration::from_millis(5));
        }
        thread::sleep(Duration::from_millis(u64::try_from(kill * 17)?));
        child.kill()?;
        child.wait()?;
        assert!(lines()? < i64::try_from(CODES)?, "it was not killed in the middle");
    }
    let resumed = shop.cli.json(&import)?;
    assert_eq!(
        (&resumed["imported"], &resumed["refused"]),
        (&CODES.into(), &0.into()),
        "{resumed}"
    );
    let batch = resumed["batch"].as_str().ok_or("no batch")?.to_owned();
    shop.cli.activate(&batch)?;
    assert_eq!(shop.ask("SELECT available FROM shop.stock")?, i64::try_from(CODES)?);
    shop.check()
}
