//! The anchor: from committed events to epochs on the chain, and back to proofs and mirrors.
//!
//! `snapshot` tests which events make an epoch, `intents` which transactions the schema allows, `sequence` the writes
//! of an epoch one by one inside this process, `replay` the history from public data, and `whole` the programs
//! together. Add a test to the module whose part it is about.

mod intents;
mod replay;
mod sequence;
mod snapshot;
mod whole;
