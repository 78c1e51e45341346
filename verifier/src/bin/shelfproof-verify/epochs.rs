//! `epochs`: writes what the chain holds to a file, for checks without a node.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Map, json};
use shelfproof_verifier::chain::ChainView;
use shelfproof_verifier::chain::trusted::TrustedEpochs;
use shelfproof_verifier::{Code, Refusal};

use crate::args::EpochsArgs;
use crate::context::Context;
use crate::report::{Failure, Report, Tone, identity_json};
use crate::sentences::{NotProved, Text};
use crate::source::Online;
use crate::{facts, store, time};

/// The time between two lines about a search.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// Reads all epochs and receipt keys, and writes the file.
pub(crate) fn run(args: &EpochsArgs, context: &Context) -> Result<Report, Failure> {
    let to_stdout = args.out == Path::new("-");
    if to_stdout && context.json() {
        return Err(Failure::usage(
            "--json and --out - would write two objects: name a file",
        ));
    }
    let online = Online::open(&args.source, &context.names())?;
    let view = view_of_all(&online, args, context).map_err(Failure::naming_from_block)?;
    let count = view.epochs.len();
    let lang = context.lang();
    let mut report = Report {
        verdict: format!("holds {count} epochs"),
        tone: Tone::Good,
        sentence: lang.text(Text::EpochsWritten).to_owned(),
        facts: vec![
            (lang.text(Text::EpochsLabel), numbers(&view)),
            (lang.text(Text::AsOfLabel), time::utc(view.as_of_s)),
            (lang.text(Text::ShopLabel), facts::merchant(&view, lang)),
        ],
        not_proved: vec![NotProved::NodeBelieved, NotProved::Audit],
        json: Map::from_iter([
            ("epochs".to_owned(), json!(count)),
            ("latest".to_owned(), json!(view.latest)),
            ("asOf".to_owned(), json!(view.as_of_s)),
            ("merchant".to_owned(), identity_json(&view.identity)),
        ]),
        ..Report::default()
    };
    let json = TrustedEpochs::new(view).to_json();
    if to_stdout {
        report.file = Some(json);
    } else {
        store::replace(&args.out, json.as_bytes())?;
    }
    Ok(report)
}

/// Shows how far a search has come: a line every few seconds on standard error, and nothing with JSON.
fn searched(context: &Context) -> impl FnMut(u64) {
    let (lang, json, mut last) = (context.lang(), context.json(), Instant::now());
    move |block| {
        if !json && last.elapsed() >= LINE_EVERY {
            last = Instant::now();
            eprintln!("{}", lang.fill(Text::SearchedBack, &[("block", &block)]));
        }
    }
}

/// The numbers of a file's epochs.
fn numbers(view: &ChainView) -> String {
    match view.latest {
        0 => "0".to_owned(),
        latest => format!("{}–{latest}", view.first),
    }
}

/// Every receipt key, and the epochs after `--since`.
fn view_of_all(online: &Online, args: &EpochsArgs, context: &Context) -> Result<ChainView, Failure> {
    let mut view = online.view_of_keys(args.from_block, context.lang(), searched(context))?;
    let since = args.since.unwrap_or_default();
    if since > 0 && since >= view.latest {
        let why = format!("--since {since}: the latest final epoch is {}", view.latest);
        return Err(Refusal::new(Code::EpochNotFinal, why).into());
    }
    view.first = since + 1;
    online.runtime.block_on(async {
        let mut scan = online.scan(view.first, args.from_block).await?;
        while let Some((number, anchored)) = scan.next_hash().await? {
            online.see(number, anchored.hash).await?;
            view.epochs.insert(number, anchored);
        }
        Ok::<_, Failure>(())
    })?;
    online.keep_seen()?;
    Ok(view)
}
