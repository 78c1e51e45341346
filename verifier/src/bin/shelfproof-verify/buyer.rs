//! `buyer`: makes the nonce that a buyer buys under, and the value that the shop is told.

use std::path::Path;

use k256::elliptic_curve::rand_core::{OsRng, RngCore};
use serde_json::{Map, json};
use shelfproof_verifier::{B256, buyer};

use crate::args::{BuyerArgs, BuyerCommand};
use crate::cause::Cause;
use crate::context::Context;
use crate::input::Inputs;
use crate::report::{Failure, Report, Tone};
use crate::sentences::Text;
use crate::store;

/// Runs the subcommand.
pub(crate) fn run(command: &BuyerCommand, context: &Context) -> Result<Report, Failure> {
    match command {
        BuyerCommand::New { nonce_file } => new(nonce_file, context),
        BuyerCommand::Hash(args) => hash(args, context),
    }
}

/// Makes a nonce. It is never printed: a terminal keeps what it showed.
fn new(path: &Path, context: &Context) -> Result<Report, Failure> {
    let mut nonce = B256::ZERO;
    OsRng
        .try_fill_bytes(nonce.as_mut_slice())
        .map_err(|error| Failure::new(Cause::Storage, format!("the system gives no random bytes: {error}")))?;
    store::create_private(path, format!("{nonce}\n").as_bytes())?;
    let lang = context.lang();
    let file = path.display().to_string();
    Ok(Report {
        verdict: "holds nonce".to_owned(),
        tone: Tone::Good,
        sentence: lang.text(Text::NonceMade).to_owned(),
        facts: vec![(lang.text(Text::NonceLabel), file.clone())],
        json: Map::from_iter([("nonceFile".to_owned(), json!(file))]),
        ..Report::default()
    })
}

fn hash(args: &BuyerArgs, context: &Context) -> Result<Report, Failure> {
    let secret = Inputs::default().claim(args)?.ok_or_else(|| {
        Failure::usage("give --nonce-file and --tag (or --nonce, --tag-file, or a secret): the value is made of them")
    })?;
    let hash = buyer::commitment(&secret);
    let lang = context.lang();
    Ok(Report {
        verdict: "holds buyer".to_owned(),
        tone: Tone::Good,
        sentence: lang.text(Text::BuyerHash).to_owned(),
        facts: vec![(lang.text(Text::BuyerLabel), hash.to_string())],
        json: Map::from_iter([("buyer".to_owned(), json!(hash))]),
        ..Report::default()
    })
}
