//! `key` and `show`: a proof bundle against the chain.

mod others;
mod told;

pub(crate) use others::Others;
pub(crate) use told::{receipt_text, shop};

use std::path::Path;

use shelfproof_verifier::bundle::{self, Bundle};
use shelfproof_verifier::chain::Identity;
use shelfproof_verifier::verdict::{self, Question, STALE_AFTER_S};
use shelfproof_verifier::{Code, Refusal, code};

use crate::Context;
use crate::args::KeyArgs;
use crate::audit::record::Record;
use crate::input::{Asked, Inputs};
use crate::report::{Failure, Report};
use crate::source::Source;

/// What is told beside the verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// The state and what it rests on.
    Verdict,
    /// The whole history.
    History,
}

/// Checks the bundle and tells what holds.
pub(crate) fn run(args: &KeyArgs, style: Style, context: &Context) -> Result<Report, Failure> {
    let mut inputs = Inputs::default();
    let asked = inputs.asked(&args.code)?;
    let bundle = read_bundle(&args.bundle, "--bundle", &mut inputs)?;
    // What the protocol refuses before it looks at the chain is refused before anybody is asked.
    code::canonical(&asked.code)?;
    let names = context.names();
    let source = Source::open(&args.source, &names, &mut inputs)?;
    check_identity(&bundle, &source.identity())?;
    let known = Record::find(&args.more, &source.identity(), &mut inputs)?;
    let mut needs = bundle.needs();
    let mut hints = hints_of(&bundle);
    if let Some(record) = &known.record {
        needs.epochs.insert(record.epoch);
        hints.extend(record.block.map(|block| (record.epoch, block)));
    }
    let view = source.view(&needs, hints)?;
    let others = Others::read(&args.more.others, &args.source, &names, &mut inputs)?;
    let question = Question {
        code: &asked.code,
        claim: asked.claim,
        expected: source.identity(),
        stale_after_s: args.more.stale_after.unwrap_or(STALE_AFTER_S),
    };
    let holds = verdict::check(&bundle, &question, &view, &others.counterparts())?;
    let told = told::Told {
        holds: &holds,
        view: &view,
        asked: &asked,
        known: &known,
        lang: context.lang(),
    };
    Ok(told.report(style, source.believed()))
}

/// Reads a bundle, within its bound.
pub(crate) fn read_bundle(path: &Path, option: &'static str, inputs: &mut Inputs) -> Result<Bundle, Failure> {
    let bytes = inputs.read(path, option, bundle::MAX_BYTES)?;
    Ok(Bundle::parse(&bytes)?)
}

/// Where a bundle claims that its epochs' logs are.
pub(crate) fn hints_of(bundle: &Bundle) -> Vec<(u64, u64)> {
    bundle
        .epochs
        .iter()
        .filter_map(|listed| Some((listed.header.number, listed.block?)))
        .collect()
}

/// Another merchant's bundle is refused before the node is asked about epochs that are not this merchant's.
pub(crate) fn check_identity(bundle: &Bundle, expected: &Identity) -> Result<(), Failure> {
    if bundle.identity == *expected {
        return Ok(());
    }
    Err(Refusal::new(
        Code::WrongMerchant,
        "the bundle is of another chain, registry or merchant",
    )
    .into())
}
