//! Buyers who check their own keys with `shelfproof-verify`. It needs nothing from the shop except the proof.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

use serde_json::Value;
use shelfproof_base::keyfile::disk;

use super::after::After;
use super::order::Sold;
use super::place::Place;
use super::printer::Printer;
use super::shop::OpenShop;
use super::verify::Stranger;
use shelfproof_tests::Result;
use shelfproof_tests::forger::Honest;
use shelfproof_tests::vector_chain::block_on;

/// How many buyers check at the same time.
const AT_ONCE: usize = 2;

/// A buyer with the proof of their key. The verifier has accepted the proof.
#[derive(Clone, Debug)]
pub(super) struct CheckedBuyer {
    pub(super) sold: Sold,
    /// The kind of the key's last event.
    pub(super) state: &'static str,
    /// The buyer's folder: code, nonce and name, and the proof.
    pub(super) folder: PathBuf,
}

impl CheckedBuyer {
    /// The proof's file.
    pub(super) fn bundle(&self) -> PathBuf {
        self.folder.join("proof.json")
    }

    /// The code, secret and proof, from which the forger makes false proofs.
    pub(super) fn honest(&self) -> Result<Honest> {
        Honest::new(&self.sold.item.code, &self.sold.secret, &fs::read(self.bundle())?)
    }
}

/// Lets `count` buyers, with keys in every state, fetch their proofs from the shop and check them against the chain.
pub(super) fn check(
    shop: &OpenShop,
    place: &Place,
    stranger: &Stranger,
    (sold, after): (&[Sold], After),
    count: usize,
    printer: &Printer,
) -> Result<Vec<CheckedBuyer>> {
    printer.act("Buyers check their own keys", "买家核验自己的卡密");
    let folder = place.make("buyers")?;
    let chosen = chosen(sold.len(), after, count);
    let buyer = |(number, at): (usize, &usize)| CheckedBuyer {
        sold: sold[*at].clone(),
        state: after.state(*at),
        folder: folder.join(format!("{:02}", number + 1)),
    };
    let checked_buyers: Vec<CheckedBuyer> = chosen.iter().enumerate().map(buyer).collect();
    verify_all(shop, stranger, &checked_buyers)?;
    let of = |state| checked_buyers.iter().filter(|buyer| buyer.state == state).count();
    printer.print(&format!(
        "{} of {}: {} sold, {} redeemed, {} refunded; each the buyer's own, each receipt kept in time",
        checked_buyers.len(),
        checked_buyers.len(),
        of("sold"),
        of("redeemed"),
        of("refunded")
    ));
    not_anothers(stranger, &checked_buyers, printer)?;
    Ok(checked_buyers)
}

/// Lets all of them fetch their proofs for the newest epoch, and check them.
pub(super) fn verify_all(shop: &OpenShop, stranger: &Stranger, checked_buyers: &[CheckedBuyer]) -> Result<()> {
    let share = checked_buyers.len().div_ceil(AT_ONCE);
    Ok(thread::scope(|scope| {
        let shares = checked_buyers.chunks(share).map(|share| {
            scope.spawn(move || {
                let checked: Result<()> = share.iter().try_for_each(|buyer| verify(shop, stranger, buyer));
                checked.map_err(|error| error.to_string())
            })
        });
        let threads: Vec<_> = shares.collect();
        threads
            .into_iter()
            .try_for_each(|thread| thread.join().map_err(|_| "a buyer's thread panicked".to_owned())?)
    })?)
}

/// Adds a buyer whose key was sold and not redeemed or refunded.
pub(super) fn check_last(shop: &OpenShop, place: &Place, stranger: &Stranger, sold: Sold) -> Result<()> {
    let buyer = CheckedBuyer {
        folder: place.make("buyers")?.join("last"),
        state: "sold",
        sold,
    };
    verify(shop, stranger, &buyer)
}

/// Returns the indices of the sold keys to check: one in five redeemed, two refunded (one of them redeemed before), the
/// others only sold.
fn chosen(sold: usize, after: After, count: usize) -> Vec<usize> {
    let redeemed = (0..after.refunded_from).take(count / 5);
    let refunded = [after.refunded_from, after.refunded_to - 1];
    let rest = count - count / 5 - refunded.len();
    // The others are spread over the whole sale, and include the last key.
    let others = sold - after.refunded_to;
    let only_sold = (1..=rest).map(|number| after.refunded_to + number * others / rest - 1);
    redeemed.chain(refunded).chain(only_sold).collect()
}

fn verify(shop: &OpenShop, stranger: &Stranger, buyer: &CheckedBuyer) -> Result<()> {
    let sold = &buyer.sold;
    fs::create_dir_all(&buyer.folder)?;
    let mut client = shop.client(&sold.token)?;
    let answer = block_on(client.get(&format!("/api/v1/proofs/{}", sold.item.key_id)))??;
    answer.expect(200)?;
    for (name, text) in [
        ("code.txt", sold.item.code.as_bytes()),
        ("nonce.txt", sold.secret.nonce.to_string().as_bytes()),
        ("tag.txt", sold.secret.tag.as_bytes()),
        ("proof.json", &answer.body),
    ] {
        disk::replace(&buyer.folder.join(name), text)?;
    }
    let said = key(stranger, &buyer.folder, &buyer.folder, 0)?;
    let wanted = format!("holds {}", buyer.state);
    if said["verdict"] != wanted || said["receipts"][0]["status"] != "met" {
        return Err(format!("buyer of {}: expected {wanted}: {said}", sold.item.key_id).into());
    }
    Ok(())
}

/// Checks that a buyer who shows another buyer's code and proof is refused.
fn not_anothers(stranger: &Stranger, checked_buyers: &[CheckedBuyer], printer: &Printer) -> Result<()> {
    let [.., one, other] = checked_buyers else {
        return Err("two buyers are wanted".into());
    };
    let said = key(stranger, &one.folder, &other.folder, 1)?;
    if said["code"] != "not_your_sale" {
        return Err(format!("another's purchase: {said}").into());
    }
    printer.print("one of them with another's code and proof: refused, not_your_sale. 拿别人的卡密和证明：拒绝。");
    Ok(())
}

/// Runs the verifier on the key in the folder `key`, for the buyer whose secret is in the folder `secret`.
fn key(stranger: &Stranger, key: &Path, secret: &Path, exit: i32) -> Result<Value> {
    let path = |folder: &Path, name: &str| folder.join(name).display().to_string();
    stranger.json(
        &[
            "key",
            "--code-file",
            &path(key, "code.txt"),
            "--bundle",
            &path(key, "proof.json"),
            "--nonce-file",
            &path(secret, "nonce.txt"),
            "--tag-file",
            &path(secret, "tag.txt"),
        ],
        exit,
    )
}
