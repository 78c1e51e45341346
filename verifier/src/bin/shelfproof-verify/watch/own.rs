//! What is one's own: the codes, the shop's proofs of their keys, and the receipts.

use std::path::Path;

use shelfproof_verifier::bundle::{Bundle, Included};
use shelfproof_verifier::chain::Needs;
use shelfproof_verifier::event::Kind;
use shelfproof_verifier::receipt::{self, Receipt, Status, Terms};
use shelfproof_verifier::verdict::{self, Question};
use shelfproof_verifier::{Code, Refusal};

use crate::args::WatchArgs;
use crate::audit::search;
use crate::cause::Cause;
use crate::context::Context;
use crate::input::{Inputs, name_of};
use crate::others::Others;
use crate::report::Failure;
use crate::source::{Online, check_merchant};

/// The most bytes of a file of codes.
const MAX_CODES_BYTES: usize = 1 << 20;
/// The most keys and receipts that are watched together.
const MAX_WATCHED: usize = 1_000;

/// A key that is watched.
pub(super) struct Key {
    /// The name of its proof's file, or of the first of them.
    pub(super) name: String,
    pub(super) bundle: Bundle,
}

impl Key {
    /// The epoch after which to audit: the one before the sale's, or before the history's if the proof shows no sale.
    pub(super) fn start(&self) -> u64 {
        let sold = |included: &&Included| included.event.kind == Kind::Sold;
        let sale = self.bundle.events.iter().find(sold);
        let epoch = sale.map_or(self.bundle.history.epoch, |sale| sale.epoch);
        epoch.saturating_sub(1)
    }
}

/// A receipt that is watched.
pub(super) struct Promised {
    /// The name of its file.
    pub(super) name: String,
    pub(super) receipt: Receipt,
}

/// What is one's own. The codes are never printed, so there is no `Debug`.
pub(super) struct Own {
    codes: Vec<String>,
    keys: Vec<Key>,
    promised: Vec<Promised>,
}

impl Own {
    /// Reads the files.
    pub(super) fn read(args: &WatchArgs, inputs: &mut Inputs) -> Result<Self, Failure> {
        if args.others.other_bundle.iter().any(|path| path == Path::new("-")) {
            return Err(Failure::usage(
                "--other-bundle must be a file here, which each look may read again",
            ));
        }
        let watched = args.bundle.len() + args.receipt.len();
        if watched == 0 || watched > MAX_WATCHED {
            return Err(Failure::usage(format!(
                "name 1 to {MAX_WATCHED} files with --bundle or --receipt"
            )));
        }
        let mut codes = Vec::new();
        for path in &args.code_file {
            let bytes = inputs.read(path, "--code-file", MAX_CODES_BYTES)?;
            let text = String::from_utf8(bytes)
                .ok()
                .filter(|text| text.len() <= MAX_CODES_BYTES);
            let wrong = || {
                Failure::new(
                    Cause::Input,
                    format!("--code-file: not UTF-8, or over {MAX_CODES_BYTES} bytes"),
                )
            };
            let text = text.ok_or_else(wrong)?;
            codes.extend(text.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned));
        }
        let mut own = Self {
            codes,
            keys: Vec::new(),
            promised: Vec::new(),
        };
        for (name, bundle) in inputs.joined_by_key(&args.bundle, "--bundle")? {
            own.keys.push(Key { name, bundle });
        }
        for path in &args.receipt {
            let bytes = inputs.read(path, "--receipt", receipt::MAX_BYTES)?;
            own.promised.push(Promised {
                name: name_of(path),
                receipt: Receipt::parse(&bytes)?,
            });
        }
        Ok(own)
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &Key> {
        self.keys.iter()
    }

    pub(super) fn promised(&self) -> impl Iterator<Item = &Promised> {
        self.promised.iter()
    }

    /// Connects to the node, and refuses files of another merchant.
    pub(super) fn open(&self, args: &WatchArgs, context: &Context) -> Result<Online, Failure> {
        let online = Online::open(&args.source, &context.names())?;
        let identity = online.source.identity();
        for key in &self.keys {
            check_merchant("bundle", &key.bundle.identity, &identity)?;
        }
        for promised in &self.promised {
            check_merchant("receipt", &promised.receipt.identity, &identity)?;
        }
        Ok(online)
    }

    /// Checks a key's proof, however old its history is: the audit of what came since makes it current. The other
    /// shops' proofs are those of all keys.
    pub(super) fn check(&self, key: &Key, online: &Online, others: &Others) -> Result<(), Failure> {
        let view = online.view(&key.bundle.needs(), key.bundle.block_hints())?;
        let check = |code: &str| {
            let question = Question {
                code,
                claim: None,
                expected: view.identity,
                stale_after_s: u64::MAX,
            };
            verdict::check(&key.bundle, &question, &view, &others.of_code(code)).map(drop)
        };
        self.with_own_code(&key.name, check)
    }

    /// What became of a receipt's promise, by the published data of all epochs since the sale.
    pub(super) fn due(&self, promised: &Promised, online: &Online, data: &str) -> Result<Status, Failure> {
        let promise = &promised.receipt.promise;
        let needs = Needs {
            signers: promise.signer(&promised.receipt.identity).into_iter().collect(),
            ..Needs::default()
        };
        let view = online.view(&needs, Vec::new())?;
        self.with_own_code(&promised.name, |code| {
            let terms = Terms {
                code,
                secret: None,
                expected: view.identity,
                product: None,
                price: None,
                currency: None,
                now_ms: None,
            };
            receipt::check_purchase(&promised.receipt, &terms, &view).map(drop)
        })?;
        search::kept(online, data, promise).map_err(|failure| failure.of(&promised.name))
    }

    /// Runs a check with the code that it is for.
    fn with_own_code(&self, name: &str, check: impl Fn(&str) -> Result<(), Refusal>) -> Result<(), Failure> {
        for code in &self.codes {
            match check(code) {
                Err(refusal) if matches!(refusal.code, Code::KeyId | Code::CodeUnusual) => {}
                Err(refusal) => {
                    let detail = format!("{name}: {}", refusal.detail);
                    return Err(Refusal::new(refusal.code, detail).into());
                }
                Ok(()) => return Ok(()),
            }
        }
        let why = format!("{name}: it is about none of the codes in --code-file");
        Err(Refusal::new(Code::KeyId, why).into())
    }
}
