//! `key` and `show`: check a proof bundle against the chain.

mod answer;

pub(crate) use answer::Style;

use shelfproof_verifier::code;
use shelfproof_verifier::verdict::{self, Question};

use crate::args::KeyArgs;
use crate::audit::record::KnownAudits;
use crate::context::Context;
use crate::facts;
use crate::input::Inputs;
use crate::others::Others;
use crate::report::{Failure, Report};
use crate::source::{Source, check_merchant};

use answer::KeyAnswer;

/// Checks the bundle.
pub(crate) fn run(args: &KeyArgs, style: Style, context: &Context) -> Result<Report, Failure> {
    let mut inputs = Inputs::default();
    let input = inputs.key(&args.code)?;
    let bundle = inputs.joined(&args.bundle, "--bundle")?;
    // The protocol checks the code before anything on chain, so no node is asked about a code that it refuses.
    code::canonical(&input.code)?;
    let names = context.names();
    let source = Source::open(&args.source, &names, &mut inputs)?;
    check_merchant("bundle", &bundle.identity, &source.identity())?;
    let mut audits = KnownAudits::find(&args.more, &source.identity(), &mut inputs)?;
    let mut needs = bundle.needs();
    let mut hints = bundle.block_hints();
    for record in &audits.records {
        needs.epochs.insert(record.to);
        hints.extend(record.block.map(|block| (record.to, block)));
    }
    let mut view = source.view(&needs, hints)?;
    if let Source::Online(online) = &source {
        audits.add_attested(online, &names, &mut view)?;
    }
    let others = Others::read(&args.more.others, &args.source, &names, &mut inputs)?;
    let question = Question {
        code: &input.code,
        claim: input.claim,
        expected: source.identity(),
        stale_after_s: args.more.stale_after.unwrap_or_else(|| source.stale_after_s()),
    };
    let holds = verdict::check(&bundle, &question, &view, &others.counterparts())?;
    let coverage = verdict::check_audits(&holds, &view, &audits.records, args.more.require_audit)?;
    let answer = KeyAnswer {
        holds: &holds,
        view: &view,
        input: &input,
        audits: &audits,
        coverage: &coverage,
        lang: context.lang(),
    };
    let mut report = answer.report(style, source.believed());
    let retired = source.retired()?;
    report
        .warnings
        .extend(retired.map(|retired| facts::retired(&retired, context.lang())));
    Ok(report)
}
