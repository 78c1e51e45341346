//! `epochs`: writes what the chain holds to a file, for checks without a node.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Map, json};
use shelfproof_verifier::chain::ChainView;
use shelfproof_verifier::chain::rpc::RpcError;
use shelfproof_verifier::chain::trusted::TrustedEpochs;

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
    let view = online
        .runtime
        .block_on(view_of_all(&online, args.from_block, searched(context)));
    let view = view.map_err(|error| Failure::from(error).naming_from_block())?;
    online.saw(&view)?;
    let lang = context.lang();
    let mut report = Report {
        verdict: format!("holds {} epochs", view.latest),
        tone: Tone::Good,
        sentence: lang.text(Text::EpochsWritten).to_owned(),
        facts: vec![
            (lang.text(Text::EpochsLabel), view.latest.to_string()),
            (lang.text(Text::AsOfLabel), time::utc(view.as_of_s)),
            (lang.text(Text::ShopLabel), facts::merchant(&view, lang)),
        ],
        not_proved: vec![NotProved::NodeBelieved, NotProved::Audit],
        json: Map::from_iter([
            ("epochs".to_owned(), json!(view.latest)),
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

async fn view_of_all(online: &Online, from_block: u64, on_searched: impl FnMut(u64)) -> Result<ChainView, RpcError> {
    let source = &online.source;
    let at = source.final_block().await?;
    let vrf_public_key = source.vrf_public_key().await?;
    let receipt_signers = source.all_receipt_signers(from_block, &at, on_searched).await?;
    let mut scan = source.scan(1, from_block, at).await?;
    let mut epochs = std::collections::BTreeMap::new();
    while let Some((number, anchored)) = scan.next_hash().await? {
        epochs.insert(number, anchored);
    }
    let latest = scan.latest();
    Ok(ChainView {
        identity: source.identity(),
        vrf_public_key,
        receipt_signers,
        as_of_s: at.time_s,
        first: 1,
        latest,
        epochs,
    })
}
