//! Buyers who check their own keys with a program that is not the shop's.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

use serde_json::Value;
use shelfproof_base::keyfile::disk;

use super::after::After;
use super::order::Sold;
use super::place::Place;
use super::shop::OpenShop;
use super::teller::Teller;
use super::verify::Stranger;
use shelfproof_tests::Result;
use shelfproof_tests::forger::Honest;
use shelfproof_tests::vector_chain::block_on;

/// Buyers that check at the same time.
const AT_ONCE: usize = 2;

/// A buyer with the proof of the key, and what the verifier said of it.
#[derive(Clone, Debug)]
pub(super) struct Witness {
    /// The key, and whose it is.
    pub(super) sold: Sold,
    /// The kind of the key's last event.
    pub(super) state: &'static str,
    /// The buyer's folder: code, nonce and name, and the proof.
    pub(super) folder: PathBuf,
}

impl Witness {
    /// The proof's file.
    pub(super) fn bundle(&self) -> PathBuf {
        self.folder.join("proof.json")
    }

    /// All that this buyer has, for those who would make something else of it.
    pub(super) fn honest(&self) -> Result<Honest> {
        Honest::new(&self.sold.item.code, &self.sold.secret, &fs::read(self.bundle())?)
    }
}

/// So many buyers, of keys in every state, fetch their proofs from the shop and check them over the chain.
pub(super) fn check(
    shop: &OpenShop,
    place: &Place,
    stranger: &Stranger,
    (sold, after): (&[Sold], After),
    count: usize,
    teller: &Teller,
) -> Result<Vec<Witness>> {
    teller.act("Buyers check their own keys", "买家核验自己的卡密");
    let folder = place.make("buyers")?;
    let chosen = chosen(sold.len(), after, count);
    let witness = |(number, at): (usize, &usize)| Witness {
        sold: sold[*at].clone(),
        state: after.state(*at),
        folder: folder.join(format!("{:02}", number + 1)),
    };
    let witnesses: Vec<Witness> = chosen.iter().enumerate().map(witness).collect();
    verify_all(shop, stranger, &witnesses)?;
    let of = |state| witnesses.iter().filter(|witness| witness.state == state).count();
    teller.say(&format!(
        "{} of {}: {} sold, {} redeemed, {} refunded; each the buyer's own, each receipt kept in time",
        witnesses.len(),
        witnesses.len(),
        of("sold"),
        of("redeemed"),
        of("refunded")
    ));
    not_anothers(stranger, &witnesses, teller)?;
    Ok(witnesses)
}

/// All of them fetch their proofs, in the newest epoch, and check them.
pub(super) fn verify_all(shop: &OpenShop, stranger: &Stranger, witnesses: &[Witness]) -> Result<()> {
    let share = witnesses.len().div_ceil(AT_ONCE);
    Ok(thread::scope(|scope| {
        let shares = witnesses.chunks(share).map(|share| {
            scope.spawn(move || {
                let checked: Result<()> = share.iter().try_for_each(|witness| verify(shop, stranger, witness));
                checked.map_err(|error| error.to_string())
            })
        });
        let threads: Vec<_> = shares.collect();
        threads
            .into_iter()
            .try_for_each(|thread| thread.join().map_err(|_| "a buyer's thread panicked".to_owned())?)
    })?)
}

/// One buyer more, whose key was only sold.
pub(super) fn check_last(shop: &OpenShop, place: &Place, stranger: &Stranger, sold: Sold) -> Result<()> {
    let witness = Witness {
        folder: place.make("buyers")?.join("last"),
        state: "sold",
        sold,
    };
    verify(shop, stranger, &witness)
}

/// Places among the sold keys: one in five redeemed, two refunded (one of them redeemed before), all others only sold.
fn chosen(sold: usize, after: After, count: usize) -> Vec<usize> {
    let redeemed = (0..after.refunded_from).take(count / 5);
    let refunded = [after.refunded_from, after.refunded_to - 1];
    let rest = count - count / 5 - refunded.len();
    // From all over the sale, the last key among them.
    let others = sold - after.refunded_to;
    let only_sold = (1..=rest).map(|number| after.refunded_to + number * others / rest - 1);
    redeemed.chain(refunded).chain(only_sold).collect()
}

fn verify(shop: &OpenShop, stranger: &Stranger, witness: &Witness) -> Result<()> {
    let sold = &witness.sold;
    fs::create_dir_all(&witness.folder)?;
    let mut client = shop.client(&sold.token)?;
    let answer = block_on(client.get(&format!("/api/v1/proofs/{}", sold.item.key_id)))??;
    answer.expect(200)?;
    for (name, text) in [
        ("code.txt", sold.item.code.as_bytes()),
        ("nonce.txt", sold.secret.nonce.to_string().as_bytes()),
        ("tag.txt", sold.secret.tag.as_bytes()),
        ("proof.json", &answer.body),
    ] {
        disk::replace(&witness.folder.join(name), text)?;
    }
    let said = key(stranger, &witness.folder, &witness.folder, 0)?;
    let wanted = format!("holds {}", witness.state);
    if said["verdict"] != wanted || said["receipts"][0]["status"] != "met" {
        return Err(format!("buyer of {}: {wanted} it must be: {said}", sold.item.key_id).into());
    }
    Ok(())
}

/// Nobody proves another's purchase to be theirs, with the very same code and proof.
fn not_anothers(stranger: &Stranger, witnesses: &[Witness], teller: &Teller) -> Result<()> {
    let [.., one, other] = witnesses else {
        return Err("two buyers are wanted".into());
    };
    let said = key(stranger, &one.folder, &other.folder, 1)?;
    if said["code"] != "not_your_sale" {
        return Err(format!("another's purchase: {said}").into());
    }
    teller.say("one of them with another's code and proof: refused, not_your_sale. 拿别人的卡密和证明：拒绝。");
    Ok(())
}

/// The verdict on the key of one folder, for the buyer whose secret lies in the other.
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
