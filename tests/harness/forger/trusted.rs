//! Forged files of trusted epochs, with which an honest bundle is checked without a node. Whoever uses such a file
//! believes it, so what is tried here is what no chain can say, or what contradicts the bundle.

use serde_json::{Value, json};
use shelfproof_verifier::Code;

use super::Material;
use super::bench::{place, with_raw};
use super::fields::{hex_forms, number_forms};
use crate::Result;

/// The error of a file that is not of the form, which is no verdict.
const INPUT: &str = "input";

const NUMBERS: [&str; 6] = [
    "/chainId",
    "/asOf",
    "/receiptSigners/0/from",
    "/receiptSigners/0/until",
    "/epochs/0/number",
    "/epochs/0/anchoredAt",
];

const HEX: [&str; 5] = [
    "/registry",
    "/merchantId",
    "/vrfPublicKey",
    "/receiptSigners/0/address",
    "/epochs/0/hash",
];

/// Required fields, by the object that holds them.
const REQUIRED: [(&str, &[&str]); 3] = [
    (
        "",
        &[
            "format",
            "chainId",
            "registry",
            "merchantId",
            "vrfPublicKey",
            "receiptSigners",
            "asOf",
            "epochs",
        ],
    ),
    ("/receiptSigners/0", &["address", "from", "until"]),
    ("/epochs/0", &["number", "hash", "anchoredAt"]),
];

/// A forged file of trusted epochs.
#[derive(Clone, Debug)]
pub struct ForgedTrusted {
    /// The name of the forgery: `trusted/kind`, of letters, digits, `.` and `-`.
    pub name: String,
    /// The file.
    pub file: String,
    /// The code with which the victim's honest bundle must not hold.
    pub expected: &'static str,
}

/// The honest file, and what was made of it.
struct Forger {
    honest: Value,
    made: Vec<ForgedTrusted>,
}

/// Makes every forgery of a file of trusted epochs, with which the victim's bundle holds.
///
/// # Errors
/// If the file lacks a place that every such file has, or an epoch of the victim's bundle.
pub fn forge_trusted(material: &Material, file: &str) -> Result<Vec<ForgedTrusted>> {
    let mut forger = Forger {
        honest: serde_json::from_str(file)?,
        made: Vec::new(),
    };
    forger.forge_form()?;
    forger.forge_list()?;
    forger.forge_times(material)?;
    forger.forge_epochs(material)?;
    forger.forge_merchant(material)?;
    Ok(forger.made)
}

impl Forger {
    fn put(&mut self, kind: &str, expected: &'static str, file: String) {
        self.made.push(ForgedTrusted {
            name: format!("trusted/{kind}"),
            file,
            expected,
        });
    }

    /// Adds the file after `change`.
    fn change(&mut self, kind: &str, expected: &'static str, change: impl FnOnce(&mut Value)) {
        let mut file = self.honest.clone();
        change(&mut file);
        self.put(kind, expected, file.to_string());
    }

    /// Adds the file with other epochs.
    fn list(&mut self, kind: &str, expected: &'static str, epochs: impl IntoIterator<Item = Value>) {
        let epochs: Vec<Value> = epochs.into_iter().collect();
        self.change(kind, expected, |file| file["epochs"] = json!(epochs));
    }

    fn epochs(&self) -> Result<Vec<Value>> {
        let epochs = self.honest["epochs"].as_array().cloned();
        Ok(epochs.ok_or("the file has no epochs")?)
    }

    /// Other spellings, other types, and fields left out.
    fn forge_form(&mut self) -> Result<()> {
        let mut honest = self.honest.clone();
        for pointer in NUMBERS {
            let number = place(&mut honest, pointer)?.to_string();
            for (form, raw) in number_forms(&number) {
                self.put(&name(pointer, form), INPUT, with_raw(&honest, pointer, &raw)?);
            }
        }
        for pointer in HEX {
            let hex = place(&mut honest, pointer)?.as_str().ok_or("no hex")?.to_owned();
            for (form, forged) in hex_forms(&hex) {
                let is_address = hex.len() == 42;
                if !(is_address && form == "in-capitals") && forged != hex {
                    let raw = json!(forged).to_string();
                    self.put(&name(pointer, form), INPUT, with_raw(&honest, pointer, &raw)?);
                }
            }
        }
        for (pointer, fields) in REQUIRED {
            for field in fields {
                let mut file = honest.clone();
                let object = place(&mut file, pointer)?.as_object_mut().ok_or("no object")?;
                object.remove(*field).ok_or("the file has no such field")?;
                self.put(&name(&format!("{pointer}/{field}"), "missing"), INPUT, file.to_string());
            }
        }
        for (kind, pointer, forged) in [
            ("format-of-a-bundle", "/format", json!("shelfproof-proof-v1")),
            (
                "format-of-another-version",
                "/format",
                json!("shelfproof-trusted-epochs-v2"),
            ),
            ("epochs-null", "/epochs", Value::Null),
            ("epochs-object", "/epochs", json!({})),
            ("epoch-null", "/epochs/0", Value::Null),
            ("signers-null", "/receiptSigners", Value::Null),
            ("signer-null", "/receiptSigners/0", Value::Null),
        ] {
            self.put(kind, INPUT, with_raw(&honest, pointer, &forged.to_string())?);
        }
        for (kind, text) in [
            ("nothing", ""),
            ("a-page", "<!DOCTYPE html><title>Log in</title>"),
            ("array", "[]"),
        ] {
            self.put(kind, INPUT, text.to_owned());
        }
        self.put("followed-by-itself", INPUT, honest.to_string().repeat(2));
        Ok(())
    }

    /// Epochs in another order, or not all of them.
    fn forge_list(&mut self) -> Result<()> {
        let epochs = self.epochs()?;
        let [first, .., last] = &epochs[..] else {
            return Err("the file has fewer than two epochs".into());
        };
        for at in 1..epochs.len() - 1 {
            let mut gap = epochs.clone();
            gap.remove(at);
            self.list(&format!("epoch-left-out-at-{at}"), INPUT, gap);
        }
        let mut far = last.clone();
        far["number"] = json!((1_u64 << 53) - 1);
        let mut zero = first.clone();
        zero["number"] = json!(0);
        let all = || epochs.iter().cloned();
        self.list("epochs-backwards", INPUT, all().rev());
        self.list("first-epoch-twice", INPUT, [first.clone()].into_iter().chain(all()));
        self.list("last-epoch-twice", INPUT, all().chain([last.clone()]));
        self.list("epoch-0-before", INPUT, [zero.clone()].into_iter().chain(all()));
        self.list("epoch-0-alone", INPUT, [zero]);
        self.list("epoch-of-53-bits-after", INPUT, all().chain([far]));
        Ok(())
    }

    /// Times that no chain has, and times of blocks before the events that they hold.
    fn forge_times(&mut self, material: &Material) -> Result<()> {
        let epochs = self.epochs()?;
        for (at, pair) in epochs.windows(2).enumerate() {
            let before = pair[0]["anchoredAt"].as_u64().ok_or("no time")?;
            self.change(&format!("time-runs-back-at-{}", at + 1), INPUT, |file| {
                file["epochs"][at + 1]["anchoredAt"] = json!(before - 1);
            });
        }
        let last = epochs
            .last()
            .and_then(|last| last["anchoredAt"].as_u64())
            .ok_or("no time")?;
        self.change("as-of-before-the-last-epoch", INPUT, |file| {
            file["asOf"] = json!(last - 1);
        });
        self.change("as-of-the-beginning-of-time", INPUT, |file| file["asOf"] = json!(0));
        let sale_ms = material.victim.bundle.receipts[0].event.at_ms;
        // More than ten minutes before the sale, in every epoch.
        let early = sale_ms / 1000 - 601;
        for (kind, time) in [
            ("blocks-before-their-events", early),
            ("blocks-of-the-beginning-of-time", 0),
        ] {
            self.change(kind, Code::Clock.as_str(), |file| {
                for epoch in file["epochs"].as_array_mut().into_iter().flatten() {
                    epoch["anchoredAt"] = json!(time);
                }
            });
        }
        Ok(())
    }

    /// Other hashes, and files that start too late or end too early.
    fn forge_epochs(&mut self, material: &Material) -> Result<()> {
        let (epochs, bundle) = (self.epochs()?, &material.victim.bundle);
        let first = epochs[0]["number"].as_u64().ok_or("no number")?;
        let unknown = Code::EpochUnknown.as_str();
        let not_final = Code::EpochNotFinal.as_str();
        for listed in &bundle.epochs {
            let number = listed.header.number;
            let at = usize::try_from(number.checked_sub(first).ok_or("the file starts too late")?)?;
            let hash = epochs
                .get(at)
                .and_then(|epoch| epoch["hash"].as_str())
                .ok_or("the file ends too early")?;
            let parent = listed.header.parent.to_string();
            let mut hashes = epochs.iter().filter_map(|epoch| epoch["hash"].as_str());
            let other = hashes.find(|other| *other != hash && *other != parent);
            let other_digit = if hash.ends_with('0') { "1" } else { "0" };
            for (kind, forged) in [
                ("last-digit-off", format!("{}{other_digit}", &hash[..65])),
                ("zero", format!("0x{}", "0".repeat(64))),
                ("all-ones", format!("0x{}", "f".repeat(64))),
                ("whole-keccak-hash", format!("{}01020304", &hash[..58])),
                ("of-the-epoch-before", parent),
                (
                    "of-another-epoch",
                    other.ok_or("the file has fewer than three epochs")?.to_owned(),
                ),
                ("that-is-the-data-hash", listed.header.data_hash.to_string()),
            ] {
                // The first epoch has no parent, which is written as zero.
                if !(kind == "of-the-epoch-before" && number == 1) {
                    self.change(&format!("hash-of-{number}-{kind}"), unknown, |file| {
                        file["epochs"][at]["hash"] = json!(forged);
                    });
                }
            }
            for (kind, epochs) in [("starts-after", &epochs[at + 1..]), ("ends-before", &epochs[..at])] {
                if !epochs.is_empty() {
                    self.list(&format!("{kind}-{number}"), not_final, epochs.iter().cloned());
                }
            }
        }
        self.list("no-epochs", not_final, []);
        self.change("numbers-one-higher", unknown, |file| {
            for epoch in file["epochs"].as_array_mut().into_iter().flatten() {
                epoch["number"] = json!(epoch["number"].as_u64().unwrap_or_default() + 1);
            }
        });
        Ok(())
    }

    /// Another merchant, or other keys of this one.
    fn forge_merchant(&mut self, material: &Material) -> Result<()> {
        let other = material.word("a merchant").to_string();
        let (merchant, key) = (Code::WrongMerchant.as_str(), Code::KeyId.as_str());
        let signature = Code::ReceiptSignature.as_str();
        let sale_s = material.victim.bundle.receipts[0].event.at_ms / 1000;
        let chain_id = self.honest["chainId"].as_u64().ok_or("no chain")?;
        for (kind, expected, pointer, forged) in [
            ("of-another-chain", merchant, "/chainId", json!(chain_id + 1)),
            ("of-another-registry", merchant, "/registry", json!(other[..42])),
            ("of-another-merchant", merchant, "/merchantId", json!(other)),
            ("another-vrf-key", key, "/vrfPublicKey", json!(other)),
            (
                "no-vrf-key",
                key,
                "/vrfPublicKey",
                json!(format!("0x{}", "0".repeat(64))),
            ),
            ("no-signers", signature, "/receiptSigners", json!([])),
            (
                "another-signer",
                signature,
                "/receiptSigners/0/address",
                json!(other[..42]),
            ),
            (
                "signer-from-after-the-sale",
                signature,
                "/receiptSigners/0/from",
                json!(sale_s + 1),
            ),
            (
                "signer-until-the-sale",
                signature,
                "/receiptSigners/0/until",
                json!(sale_s),
            ),
        ] {
            let file = with_raw(&self.honest, pointer, &forged.to_string())?;
            self.put(kind, expected, file);
        }
        Ok(())
    }
}

fn name(pointer: &str, form: &str) -> String {
    format!("{}-{form}", super::fields::name_of(pointer))
}
