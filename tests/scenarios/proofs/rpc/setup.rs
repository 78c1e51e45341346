//! The vectors' chain and files, and runs of the verifier over them.

use std::ffi::OsStr;
use std::fs;

use alloy::eips::BlockNumberOrTag;
use alloy::providers::Provider;
use alloy::providers::ext::AnvilApi;
use alloy::signers::SignerSync;
use alloy::signers::local::PrivateKeySigner;
use alloy_primitives::{Address, B256, U256, hex};
use serde_json::{Value, json};
use shelfproof_contracts::ShelfproofRegistry;
use shelfproof_tests::patience;
use shelfproof_tests::vector_chain::{ANCHORED_AT_S, VectorChain, anchor, block_on, client, vector_chain};
use shelfproof_tests::vectors::{Case, RECEIPT_KEY, Vectors};
use shelfproof_verifier::chain::Identity;
use shelfproof_verifier::epoch::{Header, data_hash, data_path, encode_data};
use shelfproof_verifier::event::{KeyEvent, Kind, payload};
use shelfproof_verifier::receipt::promise_hash;
use shelfproof_verifier::vocabulary::typed_data;
use tempfile::TempDir;

use super::run::Run;

/// Returns the names of the items that were not proved.
pub(crate) fn names(items: &Value) -> Vec<String> {
    let items = items.as_array().expect("a list");
    items
        .iter()
        .map(|item| item["name"].as_str().expect("a name").to_owned())
        .collect()
}

/// A chain, a folder and the vectors.
pub(crate) struct Setup {
    pub(crate) chain: VectorChain,
    vectors: Vectors,
    pub(super) folder: TempDir,
}

impl Setup {
    pub(crate) fn new() -> Self {
        let chain = vector_chain().expect("the vectors' chain");
        Self {
            chain,
            vectors: Vectors::read().expect("the vectors"),
            folder: tempfile::tempdir().expect("a folder"),
        }
    }

    pub(crate) fn sold(&self) -> Case {
        self.vectors
            .bundles
            .iter()
            .find(|case| case.verdict == "holds sold")
            .expect("a sold key")
            .clone()
    }

    pub(crate) fn redeemed(&self) -> Case {
        self.vectors
            .bundles
            .iter()
            .find(|case| case.verdict == "holds redeemed")
            .expect("a used key")
            .clone()
    }

    pub(crate) fn headers(&self) -> Vec<Header> {
        self.vectors
            .epochs
            .iter()
            .map(|epoch| Header::from(&epoch.header))
            .collect()
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().expect("UTF-8").to_owned()
    }

    /// Names that address for the merchant's data in the registry.
    pub(crate) fn publish_at(&self, uri: &str) {
        let owner = self.vectors.merchant.owner;
        let named = block_on(async {
            let provider = client(self.chain.anvil.url())?;
            let registry = ShelfproofRegistry::new(self.chain.registry, provider);
            let call = registry.setDataUri(self.chain.merchant_id, uri.to_owned());
            call.from(owner).send().await?.get_receipt().await?;
            Ok::<_, Box<dyn std::error::Error>>(())
        });
        named.expect("a runtime").expect("named");
    }

    /// Returns a folder with the data of the epochs.
    pub(crate) fn data(&self) -> String {
        let folder = self.folder.path().join("data");
        self.vectors.write_data(&folder).expect("the data");
        folder.to_str().expect("UTF-8").to_owned()
    }

    pub(crate) fn run<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(&self, args: I) -> Run<'_> {
        Run {
            setup: self,
            args: Vec::new(),
        }
        .args(args)
    }

    /// Returns the options for a merchant on this chain.
    pub(crate) fn at(&self, merchant: &str) -> Vec<String> {
        self.through(self.chain.anvil.url(), merchant)
    }

    /// Like [`at`](Self::at), with another address for the node.
    pub(crate) fn through(&self, rpc: &str, merchant: &str) -> Vec<String> {
        let registry = self.chain.registry.to_string();
        ["--rpc", rpc, "--registry", &registry, "--merchant", merchant]
            .map(str::to_owned)
            .to_vec()
    }

    /// Returns a run of a command about the vectors' merchant.
    pub(crate) fn online<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(&self, args: I) -> Run<'_> {
        self.run(args).args(self.at(&self.chain.merchant_id.to_string()))
    }

    /// Returns a run that pins a merchant on this chain as `shop`, over that node.
    pub(crate) fn pin(&self, rpc: &str, merchant_id: B256) -> Run<'_> {
        let add = self.run(["trust", "add", "shop", "--chain-id", "31337"]);
        add.args(self.through(rpc, &merchant_id.to_string()))
    }

    pub(crate) fn key(&self, case: &Case) -> Run<'_> {
        self.online(["key"]).case(case)
    }

    pub(crate) fn offline_key(&self, case: &Case, trusted: &str) -> Run<'_> {
        self.run(["key", "--offline", "--trusted-epochs", trusted]).case(case)
    }

    pub(crate) fn audit(&self, data: &str) -> Run<'_> {
        self.online(["audit", "--data", data])
    }

    /// Makes blocks until the newest final one has that time.
    pub(crate) fn pass_until(&self, time_s: u64) {
        let passed = block_on(async {
            let provider = client(self.chain.anvil.url())?;
            let latest = provider
                .get_block_by_number(BlockNumberOrTag::default())
                .await?
                .ok_or("no block")?;
            if latest.header.timestamp < time_s {
                provider.anvil_set_next_block_timestamp(time_s).await?;
                provider.anvil_mine(Some(1), None).await?;
            }
            // Two further blocks make it final. If the time is already reached, only these are needed.
            provider.anvil_mine(Some(2), None).await?;
            Ok::<_, Box<dyn std::error::Error>>(())
        });
        passed.expect("a runtime").expect("time passes");
    }

    /// Makes what the auditor remembers so many seconds older; nothing if it has not audited yet.
    pub(crate) fn wait(&self, seconds: u64) {
        let state = self.folder.path().join("state");
        if seconds > 0 {
            patience::pass(&state, seconds).expect("an audit that waits");
        }
    }

    /// Registers a second merchant and anchors these headers for it, each following the one before.
    pub(crate) fn register_another(&self, headers: &[Header]) -> B256 {
        let owner = self.vectors.merchant.owner;
        let registered = block_on(async {
            let provider = client(self.chain.anvil.url())?;
            let registry = ShelfproofRegistry::new(self.chain.registry, provider.clone());
            let salt = B256::repeat_byte(5);
            let key = self.vectors.vrf.public_key;
            let register = registry
                .register(salt, key, owner, self.vectors.receipts.signer, String::new())
                .from(owner);
            let merchant_id = register.call().await?;
            register.send().await?.get_receipt().await?;
            let mut parent = B256::ZERO;
            for header in headers {
                let header = Header { parent, ..*header };
                anchor(&registry, merchant_id, owner, &header).await?;
                parent = header.hash(&merchant_id);
            }
            provider.anvil_mine(Some(3), None).await?;
            Ok::<_, Box<dyn std::error::Error>>(merchant_id)
        });
        registered.expect("a runtime").expect("registered")
    }

    /// Publishes and anchors a fifth epoch that holds only `event`.
    pub(crate) fn anchor_lone(&self, event: &KeyEvent, data: &str) {
        let bytes = encode_data([event]);
        fs::write(format!("{data}/{}", data_path(5)), &bytes).expect("written");
        let header = Header {
            number: 5,
            parent: self.vectors.epochs[3].hash,
            events_root: event.hash(),
            history_root: B256::repeat_byte(3),
            event_count: 1,
            data_hash: data_hash(&bytes),
        };
        let anchored = block_on(async {
            let provider = client(self.chain.anvil.url())?;
            let registry = ShelfproofRegistry::new(self.chain.registry, provider.clone());
            anchor(&registry, self.chain.merchant_id, self.vectors.merchant.owner, &header).await?;
            provider.anvil_mine(Some(3), None).await?;
            Ok::<_, Box<dyn std::error::Error>>(())
        });
        anchored.expect("a runtime").expect("anchored");
    }

    /// Returns a receipt, signed by the merchant, for a sale that never entered the log.
    pub(crate) fn promise(&self, case: &Case, sold_at_s: u64, anchor_by_s: u64) -> Value {
        let (salt, body) = (B256::repeat_byte(1), r#"{"order":"O-X"}"#);
        let event = KeyEvent {
            kind: Kind::Sold,
            version: 3,
            at_ms: sold_at_s * 1000,
            payload: payload(&salt, body),
            ..last_event(case)
        };
        let identity = Identity {
            chain_id: self.vectors.merchant.chain_id,
            registry: self.chain.registry,
            merchant_id: self.chain.merchant_id,
        };
        let promise = promise_hash(&event.hash(), &B256::ZERO, &U256::ZERO, &Address::ZERO);
        let digest = typed_data::receipt_digest(&identity, &promise, anchor_by_s);
        let signer = PrivateKeySigner::from_bytes(&RECEIPT_KEY).expect("a key");
        assert_eq!(signer.address(), self.vectors.receipts.signer);
        let signature = signer.sign_hash_sync(&digest).expect("a signature").as_bytes();
        json!({
            "event": {
                "keyId": event.key_id, "version": event.version, "kind": event.kind.name(), "at": event.at_ms,
                "prev": event.prev, "payload": event.payload, "salt": salt, "body": body,
            },
            "buyer": B256::ZERO, "cover": "0", "token": Address::ZERO,
            "anchorBy": anchor_by_s, "path": [], "signature": hex::encode_prefixed(signature),
        })
    }

    /// Writes a promise as a receipt file.
    pub(crate) fn receipt_file(&self, case: &Case, name: &str, promise: &Value) -> String {
        let mut file = promise.clone();
        for field in ["chainId", "registry", "merchantId", "vrfProof"] {
            file[field] = case.bundle[field].clone();
        }
        file["format"] = "shelfproof-receipt-v1".into();
        let path = self.path(name);
        fs::write(&path, file.to_string()).expect("written");
        path
    }

    /// Replaces one merchant's history map by another's.
    pub(crate) fn swap_maps(&self, from: B256, to: B256) {
        let registry = self.chain.registry;
        let folder = |merchant: B256| {
            self.folder
                .path()
                .join("state")
                .join(format!("31337-{registry:#x}-{merchant:#x}"))
        };
        fs::remove_dir_all(folder(to).join("map")).expect("removed");
        fs::rename(folder(from).join("map"), folder(to).join("map")).expect("moved");
    }
}

/// Returns the bundles that hold on this chain: those without a chain view of their own.
pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Vectors::read().expect("the vectors").bundles;
    cases.retain(|case| case.trusted.is_none());
    assert!(cases.len() > 5);
    cases
}

pub(crate) fn anchored_at_s(number: usize) -> u64 {
    ANCHORED_AT_S[number - 1]
}

/// Returns the last event that a bundle shows.
pub(crate) fn last_event(case: &Case) -> KeyEvent {
    let shown = case.bundle["events"]
        .as_array()
        .and_then(|events| events.last())
        .expect("an event");
    let word = |value: &Value| value.as_str().expect("hex").parse::<B256>().expect("32 bytes");
    KeyEvent {
        key_id: word(&case.bundle["keyId"]),
        version: u32::try_from(shown["version"].as_u64().expect("a number")).expect("small"),
        kind: Kind::from_name(shown["kind"].as_str().expect("a name")).expect("a kind"),
        at_ms: shown["at"].as_u64().expect("a time"),
        prev: word(&shown["prev"]),
        payload: word(&shown["payload"]),
    }
}
