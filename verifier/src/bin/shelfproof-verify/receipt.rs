//! `receipt`: checks a receipt at the purchase, and later whether its promise was kept.

use serde_json::{Map, Value, json};
use shelfproof_verifier::chain::{ChainView, Needs};
use shelfproof_verifier::receipt::{self, Receipt, Status, Terms};
use shelfproof_verifier::verdict::{self, Question, ReceiptOutcome};
use shelfproof_verifier::{Address, Code, Refusal, code};

use crate::args::{Lang, ReceiptArgs};
use crate::audit::search;
use crate::cause::Cause;
use crate::context::Context;
use crate::input::{Inputs, KeyInput};
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
    if args.bundle.is_none() && !args.others.other_bundle.is_empty() {
        return Err(Failure::usage("--other-bundle needs --bundle"));
    }
    let bundle = args
        .bundle
        .as_ref()
        .map(|path| inputs.bundle(path, "--bundle"))
        .transpose()?;
    let later = bundle.is_some() || args.data.is_some();
    let bought_at_ms = if later { None } else { Some(bought_at_ms(args)?) };
    let names = context.names();
    let source = Source::open(&args.source, &names, &mut inputs)?;
    let identity = source.identity();
    check_merchant("receipt", &receipt.identity, &identity)?;
    let mut needs = Needs {
        signers: receipt.promise.signer(&identity).into_iter().collect(),
        ..Needs::default()
    };
    let mut hints = Vec::new();
    if let Some(bundle) = &bundle {
        check_merchant("bundle", &bundle.identity, &identity)?;
        let more = bundle.needs();
        needs.epochs.extend(more.epochs);
        needs.signers.extend(more.signers);
        hints = bundle.block_hints();
    }
    let view = source.view(&needs, hints)?;
    let checked = receipt::check_purchase(&receipt, &terms(args, &input, &view, bought_at_ms), &view)?;
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
            verdict::check(&bundle, &question, &view, &others.counterparts())?
                .receipts
                .first()
                .copied()
        }
        (None, Some(data)) => Some(by_data(&receipt, data, &source, checked.signer)?),
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

fn terms<'a>(args: &'a ReceiptArgs, input: &'a KeyInput, view: &ChainView, now_ms: Option<u64>) -> Terms<'a> {
    Terms {
        code: &input.code,
        secret: input.claim,
        expected: view.identity,
        product: args.product.as_deref(),
        price: args.price.as_deref(),
        currency: args.currency.as_deref(),
        now_ms,
    }
}

fn bought_at_ms(args: &ReceiptArgs) -> Result<u64, Failure> {
    match &args.bought_at {
        None => Ok(time::now_s().saturating_mul(1000)),
        Some(text) => time::parse(text)
            .map(|time_s| time_s.saturating_mul(1000))
            .ok_or_else(|| Failure::new(Cause::Input, "--bought-at must look like 2026-09-21T14:14:09Z")),
    }
}

/// Looks for the sale in the data of all epochs since it was made.
fn by_data(receipt: &Receipt, data: &str, source: &Source, signer: Address) -> Result<ReceiptOutcome, Failure> {
    let Source::Online(online) = source else {
        return Err(Failure::usage("--data needs the chain itself: name a node with --rpc"));
    };
    let found = search::find(online, data, &receipt.promise.event)?;
    let promise = &receipt.promise;
    let status = promise.status(found.anchored_at_s, found.as_of_s).ok_or_else(|| {
        Refusal::new(
            Code::ReceiptUnmet,
            format!("no epoch up to {}, the latest, holds the sale", found.latest),
        )
    })?;
    Ok(ReceiptOutcome {
        status,
        signer,
        anchor_by_s: promise.anchor_by_s,
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
        let yours = self.input.claim.is_some();
        let mut not_proved = vec![
            NotProved::CodeWorks,
            NotProved::SoldElsewhere,
            NotProved::LookAlikes,
            believed,
        ];
        if !yours {
            not_proved.insert(0, NotProved::WhoseSale);
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
            tone: if yours && !self.terms_open.any() && self.kept.is_none_or(|kept| kept.status != Status::Late) {
                Tone::Good
            } else {
                Tone::Care
            },
            sentence: self.sentence(yours).to_owned(),
            warnings: facts::chain_behind(self.view.as_of_s, self.lang).into_iter().collect(),
            facts: self.facts(yours),
            not_proved,
            json: self.json(yours),
            ..Report::default()
        }
    }

    fn sentence(&self, yours: bool) -> &'static str {
        let name = match (self.kept.map(|kept| kept.status), yours) {
            (Some(status), _) => status.as_str(),
            (None, true) if self.terms_open.any() => "terms_open",
            (None, true) => "yours",
            (None, false) => "unclaimed",
        };
        sentences::of_receipt(name, self.lang)
    }

    fn facts(&self, yours: bool) -> Vec<(&'static str, String)> {
        let (lang, promise) = (self.lang, &self.receipt.promise);
        let whose = if yours {
            Text::PurchaseYours
        } else {
            Text::PurchaseUnchecked
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

    fn json(&self, yours: bool) -> Map<String, Value> {
        let promise = &self.receipt.promise;
        let object = json!({
            "yours": yours,
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
