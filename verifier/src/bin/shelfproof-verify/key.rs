//! `key` and `show`: check a proof bundle against the chain.

mod answer;

pub(crate) use answer::Style;

use shelfproof_verifier::code;
use shelfproof_verifier::verdict::{self, Question};

use crate::args::KeyArgs;
use crate::audit::record::AuditRecord;
use crate::context::Context;
use crate::input::Inputs;
use crate::others::Others;
use crate::report::{Failure, Report};
use crate::source::{Source, check_merchant};

use answer::KeyAnswer;

/// Checks the bundle.
pub(crate) fn run(args: &KeyArgs, style: Style, context: &Context) -> Result<Report, Failure> {
    let mut inputs = Inputs::default();
    let input = inputs.key(&args.code)?;
    let bundle = inputs.bundle(&args.bundle, "--bundle")?;
    // The protocol checks the code before anything on chain, so no node is asked about a code that it refuses.
    code::canonical(&input.code)?;
    let names = context.names();
    let source = Source::open(&args.source, &names, &mut inputs)?;
    check_merchant("bundle", &bundle.identity, &source.identity())?;
    let audits = AuditRecord::find(&args.more, &source.identity(), &mut inputs)?;
    let mut needs = bundle.needs();
    let mut hints = bundle.block_hints();
    if let Some(record) = &audits.record {
        needs.epochs.insert(record.epoch);
        hints.extend(record.block.map(|block| (record.epoch, block)));
    }
    let view = source.view(&needs, hints)?;
    let others = Others::read(&args.more.others, &args.source, &names, &mut inputs)?;
    let question = Question {
        code: &input.code,
        claim: input.claim,
        expected: source.identity(),
        stale_after_s: args.more.stale_after.unwrap_or_else(|| source.stale_after_s()),
    };
    let holds = verdict::check(&bundle, &question, &view, &others.counterparts())?;
    let answer = KeyAnswer {
        holds: &holds,
        view: &view,
        input: &input,
        audits: &audits,
        lang: context.lang(),
    };
    Ok(answer.report(style, source.believed()))
}
