//! A scripted node: a chain that exists only here, with a shop's real epochs, whose answers a test replaces by those of
//! real providers.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use alloy::sol_types::{SolCall, SolEvent};
use alloy_primitives::{Address, B256, Bytes, LogData, keccak256};
use serde_json::{Value, json};
use shelfproof_anchor::history::History;
use shelfproof_contracts::RELEASES;
use shelfproof_contracts::ShelfproofRegistry::{
    BYTECODE, EpochAnchored, ReceiptSignerAdded, epochCall, epochReturn, latestEpochCall, latestEpochReturn,
    receiptSignerCall, receiptSignerReturn, vrfPublicKeyCall,
};
use shelfproof_tests::web::{Reply, Server};
use shelfproof_verifier::epoch::Header;
use shelfproof_verifier::event::{KeyEvent, Kind};

pub(super) const CHAIN_ID: u64 = 31_337;
pub(super) const REGISTRY: Address = Address::repeat_byte(0x5f);
pub(super) const MERCHANT: B256 = B256::repeat_byte(0x11);
/// The time of block 0.
const STARTED_AT_S: u64 = 1_790_000_000;
/// The seconds between two blocks.
const BLOCK_S: u64 = 12;
/// The blocks between two epochs.
pub(super) const EPOCH_BLOCKS: u64 = 5;
/// The newest blocks of which the node has the state.
const STATE_BLOCKS: u64 = 8;

/// A chain, up to one block, with a shop's epochs.
#[derive(Clone)]
pub(super) struct Ledger {
    pub(super) merchant: B256,
    /// The merchant's VRF key.
    pub(super) vrf_public_key: B256,
    pub(super) headers: Arc<Vec<Header>>,
    pub(super) newest: u64,
    pub(super) finalized: u64,
    /// Chains with other numbers have other blocks.
    pub(super) fork: u8,
    /// The shop's receipt keys, all added before the first epoch.
    pub(super) signers: Vec<Address>,
}

/// The block in which receipt keys are added.
const SIGNERS_BLOCK: u64 = 9;

pub(super) fn block_of(epoch: u64) -> u64 {
    10 + EPOCH_BLOCKS * epoch
}

pub(super) const fn time_of(block: u64) -> u64 {
    STARTED_AT_S + BLOCK_S * block
}

/// The first event of a key that no buyer has, for the epoch with that number.
pub(super) fn of_another(number: u64) -> KeyEvent {
    KeyEvent {
        key_id: keccak256(number.to_be_bytes()),
        version: 1,
        kind: Kind::Generated,
        at_ms: time_of(block_of(number)) * 1_000 - 1,
        prev: B256::ZERO,
        payload: B256::repeat_byte(1),
    }
}

impl Ledger {
    /// A shop with so many epochs of one key each, all final, and its history in that folder.
    pub(super) fn of_shop(folder: &Path, epochs: u64) -> Self {
        let epochs: Vec<Vec<KeyEvent>> = (1..=epochs).map(|number| vec![of_another(number)]).collect();
        let history = History::open(folder, MERCHANT).expect("a history");
        Self::of_epochs(&history, MERCHANT, B256::repeat_byte(7), &epochs)
    }

    /// A shop with those events in its epochs, all final, which are taken into the history.
    pub(super) fn of_epochs(history: &History, merchant: B256, vrf_public_key: B256, epochs: &[Vec<KeyEvent>]) -> Self {
        let mut headers = Vec::new();
        for (number, events) in (1..).zip(epochs) {
            let anchored_at_s = time_of(block_of(number));
            let computed = history.compute_epoch(events).expect("an epoch");
            headers.push(computed.header);
            history.publish(&computed).expect("published");
            history.push(computed).expect("pushed");
            history
                .finalise(number, block_of(number), anchored_at_s)
                .expect("final");
        }
        let finalized = block_of(headers.len() as u64) + 70;
        Self {
            merchant,
            vrf_public_key,
            headers: Arc::new(headers),
            newest: finalized + 64,
            finalized,
            fork: 0,
            signers: Vec::new(),
        }
    }

    fn hash_of(&self, block: u64) -> B256 {
        // A fork has the same blocks as the others up to its parting.
        let fork = if block > self.finalized { self.fork } else { 0 };
        keccak256([&[fork][..], &block.to_be_bytes()].concat())
    }

    fn block(&self, number: u64) -> Value {
        if number > self.newest {
            return Value::Null;
        }
        json!({
            "number": format!("{number:#x}"), "hash": self.hash_of(number),
            "timestamp": format!("{:#x}", time_of(number)),
        })
    }

    /// The answer to one call.
    pub(super) fn answer(&self, call: &Value) -> Value {
        let params = &call["params"];
        let result = match call["method"].as_str().expect("a method") {
            "eth_chainId" => Ok(json!(format!("{CHAIN_ID:#x}"))),
            "eth_blockNumber" => Ok(json!(format!("{:#x}", self.newest))),
            "eth_getCode" => Ok(json!(registry_code())),
            "eth_getBlockByNumber" => Ok(match params[0].as_str().expect("a tag") {
                "latest" => self.block(self.newest),
                "finalized" => self.block(self.finalized),
                number => self.block(quantity(number)),
            }),
            "eth_call" => self.call(params),
            "eth_getLogs" => Ok(self.logs(&params[0])),
            other => panic!("{other} is not asked"),
        };
        match result {
            Ok(result) => json!({"jsonrpc": "2.0", "id": call["id"], "result": result}),
            Err(message) => failure(call, -32_000, message),
        }
    }

    fn call(&self, params: &Value) -> Result<Value, &'static str> {
        let asked: B256 = params[1].as_str().expect("a hash").parse().expect("32 bytes");
        let mut known = (self.newest.saturating_sub(STATE_BLOCKS)..=self.newest).rev();
        let state = known.find(|block| self.hash_of(*block) == asked);
        let state = state.ok_or("missing trie node")?;
        let input: Bytes = params[0]["input"].as_str().expect("bytes").parse().expect("hex");
        let held = |number: u64| {
            let header = self.headers.get(usize::try_from(number.checked_sub(1)?).ok()?)?;
            let block = block_of(number);
            let at_s = u32::try_from(time_of(block)).expect("seconds");
            (block <= state).then(|| (header.hash(&self.merchant), at_s))
        };
        let answer = if let Ok(call) = epochCall::abi_decode(&input) {
            let (hash, at_s) = held(call.number).unwrap_or_default();
            epochCall::abi_encode_returns(&epochReturn {
                epochHash: hash,
                anchoredAt: at_s,
            })
        } else if latestEpochCall::abi_decode(&input).is_ok() {
            let number = (0..=self.headers.len() as u64)
                .rev()
                .find(|number| held(*number).is_some());
            let number = number.unwrap_or(0);
            let (hash, at_s) = held(number).unwrap_or_default();
            latestEpochCall::abi_encode_returns(&latestEpochReturn {
                number,
                epochHash: hash,
                anchoredAt: at_s,
            })
        } else if let Ok(call) = receiptSignerCall::abi_decode(&input) {
            let is_one = self.signers.contains(&call.signer);
            let from = if is_one { time_of(SIGNERS_BLOCK) } else { 0 };
            receiptSignerCall::abi_encode_returns(&receiptSignerReturn { from, until: 0 })
        } else {
            vrfPublicKeyCall::abi_decode(&input).expect("a call of the registry");
            vrfPublicKeyCall::abi_encode_returns(&self.vrf_public_key)
        };
        Ok(json!(Bytes::from(answer)))
    }

    fn logs(&self, filter: &Value) -> Value {
        let blocks = quantity_of(&filter["fromBlock"])..=quantity_of(&filter["toBlock"]);
        if filter["topics"][0]
            .to_string()
            .contains(&ReceiptSignerAdded::SIGNATURE_HASH.to_string())
        {
            let added = |signer: &Address| {
                let event = ReceiptSignerAdded {
                    merchantId: MERCHANT,
                    signer: *signer,
                    from: time_of(SIGNERS_BLOCK),
                };
                self.log(SIGNERS_BLOCK, &event.encode_log_data())
            };
            let is_within = blocks.contains(&SIGNERS_BLOCK);
            return self.signers.iter().filter(|_| is_within).map(added).collect();
        }
        (1..=self.headers.len() as u64)
            .filter(|number| blocks.contains(&block_of(*number)))
            .map(|number| self.anchored(number))
            .collect()
    }

    fn anchored(&self, number: u64) -> Value {
        let header = self.headers[usize::try_from(number).expect("small") - 1];
        let event = EpochAnchored {
            merchantId: self.merchant,
            number,
            parent: header.parent,
            eventsRoot: header.events_root,
            historyRoot: header.history_root,
            eventCount: header.event_count,
            dataHash: header.data_hash,
            epochHash: header.hash(&self.merchant),
        };
        self.log(block_of(number), &event.encode_log_data())
    }

    fn log(&self, block: u64, data: &LogData) -> Value {
        json!({
            "address": REGISTRY, "topics": data.topics(), "data": data.data, "removed": false,
            "blockNumber": format!("{block:#x}"), "blockHash": self.hash_of(block), "logIndex": "0x0",
            "transactionIndex": "0x0", "transactionHash": B256::repeat_byte(2),
        })
    }
}

/// The code of the newest release, as a deployment leaves it before the constructor writes into it.
fn registry_code() -> Bytes {
    let releases: Value = serde_json::from_str(RELEASES).expect("the releases");
    let bytes = releases[0]["codeBytes"].as_u64().expect("a length");
    BYTECODE.slice(BYTECODE.len() - usize::try_from(bytes).expect("small")..)
}

pub(super) fn failure(call: &Value, code: i64, message: &str) -> Value {
    json!({"jsonrpc": "2.0", "id": call["id"], "error": {"code": code, "message": message}})
}

fn quantity(text: &str) -> u64 {
    u64::from_str_radix(text.trim_start_matches("0x"), 16).expect("a quantity")
}

pub(super) fn quantity_of(value: &Value) -> u64 {
    quantity(value.as_str().expect("a quantity"))
}

/// A node with a ledger, and what it was asked.
pub(super) struct Node {
    server: Server,
    requests: Arc<AtomicUsize>,
    methods: Arc<Mutex<Vec<String>>>,
}

impl Node {
    /// Answers honestly, but where `script` has another answer to a request: one call, or an array of them.
    pub(super) fn start(
        ledger: Ledger,
        script: impl Fn(&Ledger, &Value) -> Option<Reply> + Send + Sync + 'static,
    ) -> Self {
        let requests = Arc::new(AtomicUsize::new(0));
        let methods = Arc::new(Mutex::new(Vec::new()));
        let (count, names) = (Arc::clone(&requests), Arc::clone(&methods));
        let server = Server::reply(move |_, body| {
            count.fetch_add(1, Ordering::SeqCst);
            let asked: Value = serde_json::from_slice(body).expect("JSON");
            let calls = asked
                .as_array()
                .map_or_else(|| std::slice::from_ref(&asked), Vec::as_slice);
            let method = |call: &Value| call["method"].as_str().expect("a method").to_owned();
            names.lock().expect("the names").extend(calls.iter().map(method));
            script(&ledger, &asked).unwrap_or_else(|| {
                let answers: Vec<Value> = calls.iter().map(|call| ledger.answer(call)).collect();
                if asked.is_array() {
                    json_reply(&json!(answers))
                } else {
                    json_reply(&answers[0])
                }
            })
        });
        Self {
            server: server.expect("a server"),
            requests,
            methods,
        }
    }

    pub(super) fn honest(ledger: Ledger) -> Self {
        Self::start(ledger, |_, _| None)
    }

    pub(super) fn url(&self) -> String {
        self.server.url()
    }

    /// The number of requests since this was last asked.
    pub(super) fn requests(&self) -> usize {
        self.requests.swap(0, Ordering::SeqCst)
    }

    /// How often a method was called.
    pub(super) fn calls(&self, method: &str) -> usize {
        let methods = self.methods.lock().expect("the names");
        methods.iter().filter(|name| *name == method).count()
    }
}

pub(super) fn json_reply(answer: &Value) -> Reply {
    Reply::Status(200, answer.to_string().into_bytes())
}
