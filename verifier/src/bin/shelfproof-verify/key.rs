//! `key` and `show`: a proof bundle against the chain.

mod told;

pub(crate) use told::{merchant_json, receipt_text, shop};

use std::path::PathBuf;

use shelfproof_verifier::bundle::{self, Bundle};
use shelfproof_verifier::chain::{ChainView, Identity};
use shelfproof_verifier::transfer::Counterpart;
use shelfproof_verifier::verdict::{self, Question, STALE_AFTER_S};
use shelfproof_verifier::{Code, Refusal, code};

use crate::Context;
use crate::args::{KeyArgs, MoreArgs, SourceArgs};
use crate::audit::record::Record;
use crate::cause::Cause;
use crate::input::{Asked, Inputs};
use crate::pins::Pins;
use crate::report::{Failure, Report};
use crate::source::{self, Source};

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
    let pins = context.pins()?;
    let source = Source::open(&args.source, &pins, &mut inputs)?;
    check_identity(&bundle, &source.identity())?;
    let record = Record::find(&args.more, &source.identity(), &mut inputs)?;
    let mut needs = bundle.needs();
    let mut hints = hints_of(&bundle);
    if let Some(record) = &record {
        needs.epochs.insert(record.epoch);
        hints.extend(record.block.map(|block| (record.epoch, block)));
    }
    let view = source.view(&needs, hints)?;
    let others = Others::read(&args.more, &args.source, &pins, &mut inputs)?;
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
        record: record.as_ref(),
        lang: context.lang(),
    };
    Ok(told.report(style, source.believed()))
}

/// Reads a bundle, within its bound.
pub(crate) fn read_bundle(path: &PathBuf, option: &'static str, inputs: &mut Inputs) -> Result<Bundle, Failure> {
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

/// The other shelves' bundles and what the chain says of them.
struct Others(Vec<(Bundle, ChainView)>);

impl Others {
    fn read(more: &MoreArgs, main: &SourceArgs, pins: &Pins, inputs: &mut Inputs) -> Result<Self, Failure> {
        if more.other_bundle.len() != more.other_source.len() {
            return Err(Failure::usage(
                "each --other-bundle needs one --other-source, in the same order",
            ));
        }
        let pairs = more.other_bundle.iter().zip(&more.other_source);
        pairs
            .map(|(path, name)| Self::read_one(path, name, main, pins, inputs))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// One other shelf: a pinned name is asked through its own node, or the main one; anything else is a file.
    fn read_one(
        path: &PathBuf,
        name: &str,
        main: &SourceArgs,
        pins: &Pins,
        inputs: &mut Inputs,
    ) -> Result<(Bundle, ChainView), Failure> {
        let bytes = inputs.read(path, "--other-bundle", bundle::MAX_BYTES)?;
        // The other shelf's file decides only whether the transfer can be told, as the protocol's last check says.
        let bundle = Bundle::parse(&bytes).map_err(|refusal| {
            Failure::new(
                Cause::Check(Code::TransferUnverified),
                format!("--other-bundle: {}", refusal.detail),
            )
        })?;
        let args = match pins.all().get(name) {
            None => SourceArgs {
                trusted_epochs: Some(name.into()),
                offline: true,
                ..SourceArgs::default()
            },
            Some(pin) => SourceArgs {
                rpc: pin.rpc.clone().or_else(|| main.rpc.clone()),
                merchant: Some(name.to_owned()),
                confirmations: main.confirmations,
                ..SourceArgs::default()
            },
        };
        let view = match &args.trusted_epochs {
            Some(path) => source::read_trusted(path, "--other-source", inputs)?.as_view().clone(),
            None => Source::open(&args, pins, inputs)?.view(&bundle.needs(), hints_of(&bundle))?,
        };
        Ok((bundle, view))
    }

    fn counterparts(&self) -> Vec<Counterpart<'_>> {
        self.0
            .iter()
            .map(|(bundle, view)| Counterpart { bundle, view })
            .collect()
    }
}
