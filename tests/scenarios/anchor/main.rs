//! The anchor: from committed events to epochs on the chain, and back to proofs and mirrors.
//!
//! `snapshot` checks which events make an epoch, `intents` what the schema allows of transactions, `sequence` an
//! epoch's writes one by one inside this process, `replay` the history from public data, and `whole` the programs
//! together.

mod intents;
mod replay;
mod sequence;
mod snapshot;
mod whole;
