//! `evidence`: makes the evidence of a dispute out of two bundles of one key that contradict each other.

use serde_json::json;
use shelfproof_verifier::contradiction;
use shelfproof_verifier::receipt::{self, Receipt};

use crate::args::EvidenceArgs;
use crate::cause::Cause;
use crate::context::Context;
use crate::input::Inputs;
use crate::report::{Failure, Report, identity_json};
use crate::source::{Source, check_merchant};
use crate::store;

/// Writes the evidence. A breach that is proved is never an answer that holds, so both outcomes are failures.
pub(crate) fn run(args: &EvidenceArgs, context: &Context) -> Result<Report, Failure> {
    let mut inputs = Inputs::default();
    let mut a = inputs.bundle(&args.a, "--a")?;
    let b = inputs.bundle(&args.b, "--b")?;
    let source = Source::open(&args.source, &context.names(), &mut inputs)?;
    let identity = source.identity();
    check_merchant("bundle --a", &a.identity, &identity)?;
    check_merchant("bundle --b", &b.identity, &identity)?;
    if let Some(path) = &args.receipt {
        let receipt = Receipt::parse(&inputs.read(path, "--receipt", receipt::MAX_BYTES)?)?;
        check_merchant("receipt", &receipt.identity, &identity)?;
        a.receipts.push(receipt.promise);
    }
    let mut needs = a.needs();
    needs.extend(b.needs());
    let hints = a.block_hints().into_iter().chain(b.block_hints());
    let view = source.view(&needs, hints)?;
    let found = contradiction::find(&a, &b, &view)?.ok_or_else(|| {
        Failure::new(
            Cause::NoContradiction,
            "no two of their events, receipts or history proofs contradict each other",
        )
    })?;
    let file = found.evidence.to_json();
    store::replace(&args.out, format!("{file}\n").as_bytes())?;
    let proof = found.evidence.dispute.as_str();
    let path = args.out.display().to_string();
    Err(Failure::new(
        Cause::Breach(found.rule),
        format!("{}; the evidence ({proof}) is in {path}", found.detail),
    )
    .with("proof", proof)
    .with("evidence", json!(path))
    .with("merchant", identity_json(&identity)))
}
