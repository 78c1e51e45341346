//! `export`: an epoch's events tree in the format of `@openzeppelin/merkle-tree`.

use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::thread::available_parallelism;

use clap::Args;
use serde_json::json;
use shelfproof_verifier::epoch;
use shelfproof_verifier::tree::EventsTree;

use super::Done;

/// Write an epoch's data file as a tree that `@openzeppelin/merkle-tree` loads
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  shelfproof-anchor export anchor/data/epochs/0000000001.events --to epoch-1.json
  node -e 'const {StandardMerkleTree} = require(\"@openzeppelin/merkle-tree\");
           console.log(StandardMerkleTree.load(require(\"./epoch-1.json\")).root)'")]
pub(super) struct ExportArgs {
    /// The data file of an epoch
    file: PathBuf,
    /// Where the tree goes
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
}

pub(super) fn run(args: &ExportArgs) -> Result<Done, Box<dyn Error>> {
    let in_file = |error: String| format!("{}: {error}", args.file.display());
    let length = fs::metadata(&args.file)
        .map_err(|error| in_file(error.to_string()))?
        .len();
    if length > epoch::MAX_DATA_BYTES as u64 {
        return Err(in_file("longer than the data of an epoch can be".to_owned()).into());
    }
    let data = fs::read(&args.file).map_err(|error| in_file(error.to_string()))?;
    let events = epoch::decode_data(&data).map_err(|error| in_file(error.to_string()))?;
    let tree = EventsTree::of_events(&events, available_parallelism().map_or(1, usize::from)).ok_or("no events")?;
    let dump = tree.dump(&events).ok_or("an event is no leaf of its own tree")?;
    fs::write(&args.to, dump.to_string()).map_err(|error| format!("{}: {error}", args.to.display()))?;
    Ok(Done {
        json: json!({"root": tree.root(), "events": events.len(), "file": args.to}),
        text: format!("{} events, root {}", events.len(), tree.root()),
    })
}
