//! `verify_key`: checks the vectors' four-event bundle from JSON bytes to verdict, compared with the check of its VRF
//! proof and the recovery of its receipt's signer alone.

use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use alloy_primitives::B256;
use shelfproof_verifier::bundle::Bundle;
use shelfproof_verifier::chain::trusted::TrustedEpochs;
use shelfproof_verifier::chain::{ChainView, Identity};
use shelfproof_verifier::receipt::Promise;
use shelfproof_verifier::verdict::{self, Question, STALE_AFTER_S};
use shelfproof_verifier::vocabulary::typed_data;
use shelfproof_verifier::{buyer, code, vrf};

use super::{Sample, alternate};
use shelfproof_tests::Result;
use shelfproof_tests::vectors::{Case, Vectors};

/// The number of checks in a round.
const CHECKS: u32 = 500;

pub(super) fn run(_: &Path) -> Result<Vec<Sample>> {
    let subject = Subject::read()?;
    let (ours, baseline) = alternate(|| each(|| subject.check()), || subject.baseline())?;
    let settings = format!(
        "{} bytes, {} events, {} receipts; {CHECKS} checks a round",
        subject.json.len(),
        subject.bundle.events.len(),
        subject.bundle.receipts.len()
    );
    Ok(vec![Sample {
        name: "verify_key".to_owned(),
        unit: "s",
        ours,
        baseline,
        goal: "ratio <= 1.5",
        settings,
    }])
}

/// The vectors' first bundle, and the buyer's question about it.
pub(super) struct Subject {
    pub(super) case: Case,
    pub(super) json: Vec<u8>,
    pub(super) trusted: Vec<u8>,
    view: ChainView,
    bundle: Bundle,
    secret: B256,
    digest: B256,
    promise: Promise,
}

impl Subject {
    pub(super) fn read() -> Result<Self> {
        let vectors = Vectors::read()?;
        let case = vectors.bundles.into_iter().next().ok_or("the vectors hold no bundle")?;
        let json = serde_json::to_vec(&case.bundle)?;
        let trusted = serde_json::to_vec(&vectors.trusted)?;
        let bundle = Bundle::parse(&json)?;
        let promise = bundle.receipts.first().cloned().ok_or("the bundle holds no receipt")?;
        let (nonce, tag) = case.nonce.zip(case.tag.as_deref()).ok_or("the bundle names no buyer")?;
        Ok(Self {
            view: TrustedEpochs::parse(&trusted)?.as_view().clone(),
            secret: buyer::secret(&nonce, tag),
            digest: typed_data::receipt_digest(&bundle.identity, &promise.root(), promise.anchor_by_s),
            case,
            json,
            trusted,
            bundle,
            promise,
        })
    }

    pub(super) const fn identity(&self) -> Identity {
        self.view.identity
    }

    fn check(&self) -> Result<()> {
        let bundle = Bundle::parse(black_box(&self.json))?;
        let question = Question {
            code: &self.case.code,
            claim: Some(self.secret),
            expected: self.view.identity,
            stale_after_s: STALE_AFTER_S,
        };
        let holds = verdict::check(&bundle, &question, &self.view, &[])?;
        if holds.verdict() == self.case.verdict {
            Ok(())
        } else {
            Err("another verdict than the vectors'".into())
        }
    }

    /// Returns the seconds for one VRF check and one signer recovery, from bytes.
    pub(super) fn baseline(&self) -> Result<f64> {
        let alpha = code::alpha(&self.case.code)?;
        each(|| {
            let key = vrf::PublicKey::from_bytes(black_box(&self.view.vrf_public_key)).ok_or("no VRF key")?;
            let key_id = key
                .verify(black_box(&alpha), &self.bundle.vrf_proof)
                .ok_or("the VRF proof does not hold")?;
            let signer = typed_data::recover(black_box(&self.digest), &self.promise.signature).ok_or("no signer")?;
            black_box((key_id, signer));
            Ok(())
        })
    }
}

/// Returns the seconds for one run of `work`: the mean of [`CHECKS`] runs.
fn each(work: impl Fn() -> Result<()>) -> Result<f64> {
    let start = Instant::now();
    for _ in 0..CHECKS {
        work()?;
    }
    Ok(start.elapsed().as_secs_f64() / f64::from(CHECKS))
}
