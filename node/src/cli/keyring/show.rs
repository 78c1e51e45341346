//! Texts about keys: what each is for, what its loss means, and what to do next.

use std::fmt::Write;
use std::path::Path;

use serde_json::{Value, json};

use super::{Answer, Failure};
use crate::vault::folder::{Listed, Name, list};

/// What a key is for.
const fn purpose(name: Name) -> &'static str {
    match name {
        Name::Master(_) => "wraps the keys that codes are encrypted under",
        Name::Vrf => "makes key ids, for the merchant's lifetime; its public key is registered on chain",
        Name::Receipt(_) => "signs receipts; its address is registered on chain",
        Name::Token => "derives the tokens that open an order to its buyer",
        Name::Anchorer => "signs what shelfproof-anchor sends to the chain; its address needs funds for fees",
        Name::Owner => "owns the merchant on chain; move its file to a machine that is offline",
    }
}

/// What happens when a key is lost and there is no backup.
const fn loss(name: Name) -> &'static str {
    match name {
        Name::Master(_) => "every code in stock is lost",
        Name::Vrf => "the proofs end: nothing can be shown of any code any more",
        Name::Receipt(_) => "make another and add its address on chain",
        Name::Token => "tokens that buyers hold stop working",
        Name::Anchorer => "make another; the owner names its address (setAnchorer)",
        Name::Owner => "receipt keys, anchorer and address of the data can never change again",
    }
}

/// The keys that were just made, and what to do with them.
pub(super) fn made(folder: &Path, keys: &[Listed]) -> Answer {
    let mut answer = shown(folder, keys);
    answer.text += "\nNow, before the first sale:\n\
        1. Back all of it up: `shelfproof admin keyring export`. Keep the backup and its passphrase apart from each other and\n   \
           from this machine. What is lost with vrf cannot be mended by anybody.\n\
        2. Move owner.key away from here once the merchant is registered.\n\
        3. Give anchorer.key to shelfproof-anchor, and its address some funds.\n";
    answer
}

/// All keys of a folder.
pub(super) fn shown(folder: &Path, keys: &[Listed]) -> Answer {
    let mut text = format!("Keys in {}\n", folder.display());
    let width = keys
        .iter()
        .map(|key| key.name.to_string().len())
        .max()
        .unwrap_or_default();
    for key in keys {
        let idle = if key.is_active {
            ""
        } else {
            " (not used for anything new)"
        };
        // Writing to a string cannot fail.
        let _ = write!(text, "\n{:width$}  {}{idle}\n", key.name.to_string(), purpose(key.name));
        if let Some(public) = &key.public {
            let _ = writeln!(text, "{:width$}  public   {public}", "");
        }
        let _ = writeln!(text, "{:width$}  if lost  {}", "", loss(key.name));
    }
    let value: Vec<Value> = keys
        .iter()
        .map(|key| {
            json!({
                "key": key.name.to_string(),
                "public": key.public,
                "active": key.is_active,
                "for": purpose(key.name),
                "ifLost": loss(key.name),
            })
        })
        .collect();
    Answer {
        text,
        value: json!({ "keys": value }),
    }
}

/// A backup that was written.
pub(super) fn exported(backup: &Path, names: &[Name]) -> Answer {
    let names: Vec<String> = names.iter().map(Name::to_string).collect();
    Answer {
        text: format!(
            "{} holds {}.\nTry it now: `shelfproof admin keyring init --from {}` into another folder. Then keep it, and its \
             passphrase, apart from each other and from this machine.\n",
            backup.display(),
            names.join(", "),
            backup.display()
        ),
        value: json!({ "backup": backup, "keys": names }),
    }
}

/// A new master key.
pub(super) fn rotated_master(name: Name) -> Answer {
    Answer {
        text: format!(
            "{name} is made. Now:\n\
             1. Make a new backup: `shelfproof admin keyring export`.\n\
             2. Bring {name}.key to every server and restart each: it encrypts new batches, the old keys still decrypt.\n\
             3. Then run `shelfproof admin keyring rewrap`.\n"
        ),
        value: json!({ "key": name.to_string() }),
    }
}

/// A new receipt key, which nothing uses yet.
pub(super) fn rotated_receipt(folder: &Path, name: Name) -> Result<Answer, Failure> {
    let address = public(folder, name)?;
    let number = name.to_string().replace("receipt-", "");
    Ok(Answer {
        text: format!(
            "{name} is made, address {address}. Nothing signs with it yet. Now:\n\
             1. Make a new backup: `shelfproof admin keyring export`.\n\
             2. With the owner's key, add that address on chain (addReceiptSigner) and wait until it is final.\n\
             3. Then run `shelfproof admin keyring use-receipt {number}` and restart every server.\n\
             4. Then end the old address on chain (endReceiptSigner), at least an hour ahead.\n\
             A receipt signed before step 2 counts for nothing.\n"
        ),
        value: json!({ "key": name.to_string(), "public": address }),
    })
}

/// A receipt key that is active now.
pub(super) fn used(folder: &Path, number: i32) -> Result<Answer, Failure> {
    let name = Name::Receipt(number);
    let address = public(folder, name)?;
    Ok(Answer {
        text: format!("{name}, address {address}, signs receipts from each server's next start on.\n"),
        value: json!({ "key": name.to_string(), "public": address }),
    })
}

fn public(folder: &Path, name: Name) -> Result<String, Failure> {
    let key = list(folder)?.into_iter().find(|key| key.name == name);
    let public = key.and_then(|key| key.public).ok_or("the new key is gone")?;
    Ok(public.to_string())
}
