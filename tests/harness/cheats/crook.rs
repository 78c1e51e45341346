//! The state of one cheat: a chain, a log to which it adds epochs, and the folder that it leaves.

use std::path::Path;

use shelfproof_verifier::bundle::{Bundle, KeyHistory};
use shelfproof_verifier::chain::ChainView;
use shelfproof_verifier::delta::delta_path;
use shelfproof_verifier::epoch::{Header, data_path};
use shelfproof_verifier::event::{KeyEvent, Opening};
use shelfproof_verifier::receipt::Receipt;
use shelfproof_verifier::verdict::{self, Question, STALE_AFTER_S};
use shelfproof_verifier::{buyer, vrf};

use super::ShopSnapshot;
use super::chain::Chain;
use super::copied_shop::Sale;
use super::log::Log;
use super::place::{Place, Ruling};
use crate::Result;
use crate::anchored_shop::Secret;
use crate::web::Server;

/// Everything that a cheat needs: a chain, the log that the operator continues, and the files that it leaves.
pub(super) struct Crook<'a> {
    /// The copies that it starts from.
    pub(super) snapshot: &'a ShopSnapshot,
    /// The parts that others see.
    pub(super) stand: Stand,
    /// The log that the operator anchors.
    pub(super) log: Log,
}

/// The chain, files and server that a cheat's command needs. They are gone when this is dropped.
pub(super) struct Stand {
    pub(super) chain: Chain,
    /// The cheat's folder.
    pub(super) place: Place,
    /// The server of its published data.
    pub(super) server: Option<Server>,
}

impl<'a> Crook<'a> {
    /// Starts from the snapshot, with a chain of its own.
    pub(super) fn new(snapshot: &'a ShopSnapshot, name: &str) -> Result<Self> {
        Ok(Self {
            snapshot,
            stand: Stand {
                chain: snapshot.chain()?,
                place: snapshot.place(name)?,
                server: None,
            },
            log: snapshot.log.clone(),
        })
    }

    /// Seals events, publishes them with their delta, and anchors the epoch; returns its number. For the keys of
    /// `claims`, the history map says what the claims say. The delta is true all the same: any other is unusable.
    pub(super) fn anchor(&mut self, events: &[KeyEvent], claims: &[KeyEvent]) -> Result<u64> {
        let header = self.log.seal(events, claims)?;
        self.publish(&data_path(header.number), &self.log.data(header.number)?)?;
        self.publish_delta(header.number, &[])?;
        self.post(&header)
    }

    /// Publishes an epoch's delta, in place of any that was published before. See [`Log::delta`] for the lies.
    pub(super) fn publish_delta(&self, number: u64, lies: &[KeyEvent]) -> Result<()> {
        self.publish(&delta_path(number), &self.log.delta(number, lies)?)
    }

    fn publish(&self, path: &str, bytes: &[u8]) -> Result<()> {
        let name = Path::new("data").join(path);
        self.stand.place.write(&name.to_string_lossy(), bytes)?;
        Ok(())
    }

    /// Like [`anchor`](Self::anchor), but publishes nothing.
    pub(super) fn anchor_and_withhold(&mut self, events: &[KeyEvent]) -> Result<u64> {
        let header = self.log.seal(events, &[])?;
        self.post(&header)
    }

    fn post(&self, header: &Header) -> Result<u64> {
        self.stand.chain.anchor(header)?;
        Ok(header.number)
    }

    /// Returns the bundle that a buyer is shown for a sale: the history and the receipt, both opened as the receipt is.
    pub(super) fn bundle(&self, receipt: &Receipt, history: KeyHistory) -> Bundle {
        let promise = &receipt.promise;
        let mut bundle =
            self.bundle_without_receipt(receipt.vrf_proof, history, &promise.event, promise.opening.as_ref());
        bundle.receipts.push(promise.clone());
        bundle
    }

    /// Returns such a bundle for a sale that the shop's program did not make.
    pub(super) fn bundle_without_receipt(
        &self,
        vrf_proof: vrf::Proof,
        history: KeyHistory,
        sale: &KeyEvent,
        opening: Option<&Opening>,
    ) -> Bundle {
        let KeyHistory {
            key_id,
            mut events,
            history,
            epochs,
        } = history;
        for included in events.iter_mut().filter(|included| included.event == *sale) {
            included.opening = opening.cloned();
        }
        Bundle {
            identity: self.snapshot.identity,
            key_id,
            vrf_proof,
            events,
            history,
            epochs,
            receipts: Vec::new(),
        }
    }

    /// Returns the arguments of `key` for a bundle, for the buyer with that code and secret.
    pub(super) fn key(&self, who: &str, code: &str, secret: &Secret, bundle: &Bundle) -> Result<Vec<String>> {
        let place = &self.stand.place;
        let files = [place.buyer(who, code, secret)?, place.bundle(who, bundle)?];
        Ok(self.of_chain("key", &files.concat()))
    }

    /// Like [`key`](Self::key), for the buyer of a sale.
    pub(super) fn key_of(&self, who: &str, sale: &Sale, bundle: &Bundle) -> Result<Vec<String>> {
        self.key(who, &sale.code, &sale.secret, bundle)
    }

    /// Returns the arguments of `audit` for that data. Its copies and the evidence are kept in the cheat's folder.
    pub(super) fn audit(&self, data: &str) -> Vec<String> {
        self.audit_in(data, self.stand.place.path("audit"))
    }

    /// Like [`audit`](Self::audit), with another folder for the audit's copies.
    pub(super) fn audit_in(&self, data: &str, state: String) -> Vec<String> {
        let place = &self.stand.place;
        let options = [
            ("--data", data.to_owned()),
            ("--state", state),
            ("--evidence", place.path("evidence.json")),
        ];
        let options = options.into_iter().flat_map(|(name, value)| [name.to_owned(), value]);
        self.of_chain("audit", &options.collect::<Vec<_>>())
    }

    /// Returns the arguments of `watch`, which looks once at the buyer's key and receipt.
    pub(super) fn watch(&self, who: &str, sale: &Sale, bundle: &Bundle) -> Result<Vec<String>> {
        let place = &self.stand.place;
        let receipt = place.write(&format!("{who}.receipt.json"), sale.receipt.to_json().as_bytes())?;
        let options = [
            (
                "--code-file",
                place.write(&format!("{who}.code"), sale.code.as_bytes())?,
            ),
            ("--receipt", receipt),
            ("--data", self.data()),
            ("--state", place.path("audit")),
        ];
        let options = options.into_iter().flat_map(|(name, value)| [name.to_owned(), value]);
        let options = options.chain(place.bundle(who, bundle)?).chain(["--once".to_owned()]);
        Ok(self.of_chain("watch", &options.collect::<Vec<_>>()))
    }

    /// Returns the arguments of a command about this merchant on this chain.
    pub(super) fn of_chain(&self, command: &str, options: &[String]) -> Vec<String> {
        let identity = &self.snapshot.identity;
        let place = [
            ("--rpc", self.stand.chain.url().to_owned()),
            ("--chain-id", identity.chain_id.to_string()),
            ("--registry", identity.registry.to_string()),
            ("--merchant", identity.merchant_id.to_string()),
            // What the verifier remembers of a merchant lies beside this file, and each cheat has a chain of its own.
            ("--trust-store", self.stand.place.path("merchants.json")),
            ("--lang", "en".to_owned()),
        ];
        let place = place.into_iter().flat_map(|(name, value)| [name.to_owned(), value]);
        [command.to_owned()]
            .into_iter()
            .chain(options.iter().cloned())
            .chain(place)
            .collect()
    }

    /// Checks that the verifier gives the verdict `word`. This is a control: it shows what the same verifier accepts.
    pub(super) fn expect(&self, args: &[String], word: &str) -> Result<()> {
        let ruling = self.stand.place.judge(args)?;
        if ruling.word == word {
            return Ok(());
        }
        Err(format!("{word} was expected of {args:?}:\n{}", ruling.text).into())
    }

    /// Checks the verdict of a whole audit of everything that is anchored so far. The audit keeps no files.
    pub(super) fn expect_audit(&self, word: &str) -> Result<()> {
        let state = tempfile::tempdir()?;
        let state = state.path().display().to_string();
        let options = ["--data", &self.data(), "--state", &state].map(str::to_owned);
        self.expect(&self.of_chain("audit", &options), word)
    }

    /// The verdict of such an audit if everything is sound.
    pub(super) fn sound(&self) -> String {
        format!("holds {} epochs", self.log.newest())
    }

    /// Checks the verdict of such an audit of everything that is anchored after `since`.
    pub(super) fn expect_light_audit(&self, since: u64, word: &str) -> Result<()> {
        let state = tempfile::tempdir()?;
        let state = state.path().display().to_string();
        let since = since.to_string();
        let options = ["--data", &self.data(), "--state", &state, "--since", &since].map(str::to_owned);
        self.expect(&self.of_chain("audit", &options), word)
    }

    /// The verdict of such an audit if everything is sound.
    pub(super) fn sound_since(&self, since: u64) -> String {
        format!("holds {} epochs since {since}", self.log.newest() - since)
    }

    /// The folder with the published data.
    pub(super) fn data(&self) -> String {
        self.stand.place.path("data")
    }

    /// Checks that the bundle would be accepted if the chain confirmed it. This is a control for a cheat that is only
    /// about the chain.
    pub(super) fn would_hold(
        &self,
        bundle: &Bundle,
        code: &str,
        secret: &Secret,
        lie: impl FnOnce(&mut ChainView),
    ) -> Result<()> {
        let mut view = self.stand.chain.view(&bundle.needs())?;
        lie(&mut view);
        let question = Question {
            code,
            claim: Some(buyer::secret(&secret.nonce, &secret.tag)),
            expected: self.snapshot.identity,
            stale_after_s: STALE_AFTER_S,
        };
        Ok(verdict::check(bundle, &question, &view, &[]).map(drop)?)
    }

    /// Runs the command that shows the cheat, and returns its verdict.
    pub(super) fn show(&self, args: &[String]) -> Result<Ruling> {
        self.stand.place.command(args)
    }
}
