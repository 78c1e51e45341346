//! Writes a first corpus for each target from the protocol's vectors: `cargo run --example seeds`.

use std::fs;
use std::path::Path;

use serde_json::Value;

type Done = Result<(), Box<dyn std::error::Error>>;

fn main() -> Done {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let vectors: Value = serde_json::from_slice(&fs::read(here.join("../../tests/vectors/protocol-v1.json"))?)?;
    let corpus = |target: &str, seeds: Vec<Vec<u8>>| -> Done {
        let folder = here.join("corpus").join(target);
        fs::create_dir_all(&folder)?;
        for (index, seed) in seeds.into_iter().enumerate() {
            fs::write(folder.join(format!("vector-{index:03}")), seed)?;
        }
        Ok(())
    };
    let items = |pointer: &str| vectors.pointer(pointer).and_then(Value::as_array).cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned).into_bytes();

    let cases: Vec<Value> = items("/bundles").into_iter().chain(items("/refused")).collect();
    corpus("bundle", cases.iter().map(|case| text(&case["bundle"])).collect())?;
    corpus("trusted_epochs", cases.iter().map(|case| text(&case["trusted"])).chain([text(&vectors["trusted"])]).collect())?;
    let receipt = |receipt: &Value| {
        let mut file = receipt.clone();
        file["format"] = "shelfproof-receipt-v1".into();
        file["vrfProof"] = vectors["codes"][0]["proof"].clone();
        for field in ["chainId", "registry", "merchantId"] {
            file[field] = vectors["merchant"][field].clone();
        }
        text(&file)
    };
    corpus("receipt", items("/receipts/receipts").iter().map(receipt).collect())?;
    let data = |epoch: &Value| {
        let digits = epoch["data"].as_str().unwrap_or_default().as_bytes().chunks(2);
        digits.filter_map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
    };
    corpus("epoch_data", items("/epochs").iter().map(data).collect())
}
