//! `receipt`: checks a receipt at the purchase, and later whether its promise was kept.

use serde_json::{Map, Value, json};
use shelfproof_verifier::chain::{ChainView, Needs};
use shelfproof_verifier::receipt::{self, Receipt, Status, Terms};
use shelfproof_verifier::verdict::{self, Question, ReceiptOutcome};
use shelfproof_verifier::{Address, code};

use crate::args::{Lang, ReceiptArgs};
use crate::audit::record::{self, KnownAudits};
use crate::audit::search;
use crate::cause::Cause;
use crate::context::Context;
use crate::input::{Inputs, KeyInput, Whose};
use crate::others::Others;
use crate::report::{Failure, Report, Tone, identity_json};
use crate::sentences::{self, NotProved, TermsOpen, Text};
use crate::source::{Source, check_merchant};
use crate::{disclosed, facts, time};

/// Checks the receipt, and whether its promise was kept if the command line names a bundle or data.
pub(crate) fn run(args: &ReceiptArgs, context: &Context) -> Result<Report, Failure> {
    let mut inputs = Inputs::default();
    let input = inputs.key(&args.code)?;
    let bytes = inputs.read(&args.receipt, "--receipt", receipt::MAX_BYTES)?;
    let receipt = Receipt::parse(&bytes)?;
    code::canonical(&input.code)?;
    if args.bundle.is_empty() && !args.others.other_bundle.is_empty() {
        return Err(Failure::usage("--other-bundle needs --bundle"));
    }
    let bundle = if args.bundle.is_empty() {
        None
    } else {
        Some(inputs.joined(&args.bundle, "--bundle")?)
    };
    check_price(args)?;
    let later = bundle.is_some() || args.data.is_some();
    let time = if later {
        Time::NotCompared
    } else {
        Time::of_purchase(args)?
    };
    let names = context.names();
    let source = Source::open(&args.source, &names, &mut inputs)?;
    let identity = source.identity();
    check_merchant("receipt", &receipt.identity, &identity)?;
    let mut needs = Needs {
        signers: receipt.promise.signer(&identity).into_iter().collect(),
        ..Needs::default()
    };
    let audits = KnownAudits::own(args.state.as_deref(), &identity);
    let mut hints = Vec::new();
    if let Some(bundle) = &bundle {
        check_merchant("bundle", &bundle.identity, &identity)?;
        needs.extend(bundle.needs());
        needs.epochs.extend(audits.records.iter().map(|record| record.to));
        hints = bundle.block_hints();
    }
    let view = source.view(&needs, hints)?;
    let checked = receipt::check_purchase(&receipt, &terms(args, &input, &view, time), &view)?;
    // Last, so that what is wrong with a receipt is told however late it is looked at.
    if time == Time::Now {
        compare_with_now(receipt.promise.event.at_ms, &source, &view)?;
    }
    let kept = match (bundle, &args.data) {
        (Some(mut bundle), _) => {
            // The verdict is about this receipt, with the bundle's history.
            bundle.receipts = vec![receipt.promise.clone()];
            let question = Question {
                code: &input.code,
                claim: None,
                expected: identity,
                stale_after_s: source.stale_after_s(),
            };
            let others = Others::read(&args.others, &args.source, &names, &mut inputs)?;
            let holds = verdict::check(&bundle, &question, &view, &others.counterparts())?;
            verdict::check_audits(&holds, &view, &audits.records, false)?;
            holds.receipts.first().copied()
        }
        (None, Some(data)) => {
            let kept = by_data(&receipt, data, &source, checked.signer)?;
            if let Ok(folder) = record::folder(args.state.as_deref(), &identity) {
                record::refuse_known(&folder, &identity)?;
            }
            Some(kept)
        }
        (None, None) => None,
    };
    let answer = ReceiptAnswer {
        receipt: &receipt,
        view: &view,
        input: &input,
        signer: checked.signer,
        kept,
        terms_open: TermsOpen {
            product: args.product.is_none(),
            price: args.price.is_none(),
            currency: args.currency.is_none(),
        },
        lang: context.lang(),
    };
    Ok(answer.report(source.believed()))
}

fn terms<'a>(args: &'a ReceiptArgs, input: &'a KeyInput, view: &ChainView, time: Time) -> Terms<'a> {
    Terms {
        code: &input.code,
        secret: input.claim,
        expected: view.identity,
        product: args.product.as_deref(),
        price: args.price.as_deref(),
        currency: args.currency.as_deref(),
        now_ms: match time {
            Time::Said(time_ms) => Some(time_ms),
            Time::NotCompared | Time::Now => None,
        },
    }
}

/// With what the sale's time is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Time {
    /// With the time at which the user bought, as the user says, Unix milliseconds.
    Said(u64),
    /// With now.
    Now,
    /// With nothing: whether the promise was kept is asked later.
    NotCompared,
}

impl Time {
    fn of_purchase(args: &ReceiptArgs) -> Result<Self, Failure> {
        let Some(text) = &args.bought_at else {
            return Ok(Self::Now);
        };
        time::parse(text)
            .map(|time_s| Self::Said(time_s.saturating_mul(1000)))
            .ok_or_else(|| Failure::new(Cause::Input, "--bought-at must look like 2026-09-21T14:14:09Z"))
    }
}

/// Compares the sale's time with now. No block is later than now: the final block corrects a clock that is slow. One that
/// is behind the sale may be slow still, which is no fault of the shop's: then the newest block tells the time.
fn compare_with_now(sold_at_ms: u64, source: &Source, view: &ChainView) -> Result<(), Failure> {
    let is_ahead_of = |now_s: u64| sold_at_ms > now_s.saturating_mul(1000).saturating_add(receipt::MAX_CLOCK_MS);
    let mut now_s = time::now_s().max(view.as_of_s);
    if is_ahead_of(now_s) {
        let newest_s = match source {
            Source::Offline(_) => view.as_of_s,
            Source::Online(online) => online.newest_time_s()?,
        };
        now_s = now_s.max(newest_s);
    }
    let sold_at = time::utc(sold_at_ms / 1000);
    if is_ahead_of(now_s) {
        let now = time::utc(now_s);
        let why = format!("the receipt says that the sale was at {sold_at}, and it is not later than {now} here");
        return Err(Failure::new(Cause::ClockBehind, why));
    }
    if now_s.saturating_mul(1000) > sold_at_ms.saturating_add(receipt::MAX_CLOCK_MS) {
        let why = format!("the receipt says that the sale was at {sold_at}, more than ten minutes ago");
        return Err(Failure::new(Cause::ReceiptOld, why));
    }
    Ok(())
}

/// Refuses a price that is no decimal number, which would equal no sale's.
fn check_price(args: &ReceiptArgs) -> Result<(), Failure> {
    match &args.price {
        Some(price) if receipt::decimal(price).is_none() => Err(Failure::new(
            Cause::Input,
            "--price must be a decimal number like 9.90: digits, and at most one point between them",
        )),
        _ => Ok(()),
    }
}

/// Looks for the sale in the data of all epochs since it was made.
fn by_data(receipt: &Receipt, data: &str, source: &Source, signer: Address) -> Result<ReceiptOutcome, Failure> {
    let Source::Online(online) = source else {
        return Err(Failure::usage("--data needs the chain itself: name a node with --rpc"));
    };
    Ok(ReceiptOutcome {
        status: search::kept(online, data, &receipt.promise)?,
        signer,
        anchor_by_s: receipt.promise.anchor_by_s,
    })
}

/// A checked receipt with all that its answer shows.
struct ReceiptAnswer<'a> {
    receipt: &'a Receipt,
    view: &'a ChainView,
    input: &'a KeyInput,
    signer: Address,
    kept: Option<ReceiptOutcome>,
    terms_open: TermsOpen,
    lang: Lang,
}

impl ReceiptAnswer<'_> {
    fn report(&self, believed: NotProved) -> Report {
        let whose = self.input.whose;
        let mut not_proved = vec![
            NotProved::CodeWorks,
            NotProved::SoldElsewhere,
            NotProved::LookAlikes,
            believed,
        ];
        if let Some(open) = whose.not_proved() {
            not_proved.insert(0, open);
        }
        if self.terms_open.any() {
            not_proved.insert(0, NotProved::Terms(self.terms_open));
        }
        if self.kept.is_none_or(|kept| kept.status == Status::Pending) {
            not_proved.push(NotProved::Future);
        }
        Report {
            verdict: self.kept.map_or_else(
                || "holds receipt".into(),
                |kept| format!("holds {}", kept.status.as_str()),
            ),
            tone: if whose == Whose::Yours
                && !self.terms_open.any()
                && self.kept.is_none_or(|kept| kept.status != Status::Late)
            {
                Tone::Good
            } else {
                Tone::Care
            },
            sentence: self.sentence(whose).to_owned(),
            warnings: facts::chain_behind(self.view.as_of_s, self.lang).into_iter().collect(),
            facts: self.facts(whose),
            not_proved,
            json: self.json(whose),
            ..Report::default()
        }
    }

    fn sentence(&self, whose: Whose) -> &'static str {
        let name = match (self.kept.map(|kept| kept.status), whose) {
            (Some(status), _) => status.as_str(),
            (None, Whose::Yours) if self.terms_open.any() => "terms_open",
            (None, Whose::Yours) => "yours",
            (None, Whose::Secret) => "secret",
            (None, Whose::Unchecked) => "unclaimed",
        };
        sentences::of_receipt(name, self.lang)
    }

    fn facts(&self, whose: Whose) -> Vec<(&'static str, String)> {
        let (lang, promise) = (self.lang, &self.receipt.promise);
        let whose = match whose {
            Whose::Unchecked => Text::PurchaseUnchecked,
            Whose::Secret => Text::PurchaseSecret,
            Whose::Yours => Text::PurchaseYours,
        };
        let at = time::utc(promise.event.at_ms / 1000);
        let mut facts = vec![(lang.text(Text::PurchaseLabel), lang.fill(whose, &[("time", &at)]))];
        if let Some(opening) = &promise.opening {
            let fields = disclosed::fields(opening, &self.input.code, self.input.claim);
            facts.push((lang.text(Text::TermsLabel), disclosed::line(&fields)));
        }
        facts.push((lang.text(Text::SignerLabel), self.signer.to_string()));
        let kept = match &self.kept {
            Some(kept) => facts::promise(kept, lang),
            None => lang.fill(Text::PromiseOpen, &[("time", &time::utc(promise.anchor_by_s))]),
        };
        facts.push((lang.text(Text::PromiseLabel), kept));
        facts.push((lang.text(Text::ChainLabel), time::utc(self.view.as_of_s)));
        facts.push((lang.text(Text::ShopLabel), facts::merchant(self.view, lang)));
        facts
    }

    fn json(&self, whose: Whose) -> Map<String, Value> {
        let promise = &self.receipt.promise;
        let object = json!({
            "yours": whose == Whose::Yours,
            "soldTo": whose.name(),
            "status": self.kept.map(|kept| kept.status.as_str()),
            "eventHash": promise.event.hash(),
            "at": promise.event.at_ms,
            "anchorBy": promise.anchor_by_s,
            "signer": self.signer,
            "asOf": self.view.as_of_s,
            "merchant": identity_json(&self.view.identity),
        });
        match object {
            Value::Object(map) => map,
            _ => Map::new(),
        }
    }
}
