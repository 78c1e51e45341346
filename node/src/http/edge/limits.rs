//! The bounds that no setting moves; the others are `[http]` of the configuration.

use std::time::Duration;

/// How long an import may take, with its upload, and an activation.
pub(crate) const LONG_BOUND: Duration = Duration::from_mins(2);
/// Entries of a page at most.
pub(crate) const PAGE_MAX: u32 = 100;
/// Entries of a page where the caller does not say.
pub(crate) const PAGE_DEFAULT: u32 = 50;
/// How long the database may take to answer whether this node is ready.
pub(crate) const READY_BOUND: Duration = Duration::from_secs(2);
/// How long an answer about readiness is given again, so that whoever asks often does not load the database.
pub(crate) const READY_TTL: Duration = Duration::from_secs(1);
/// How long what is known of an API key counts: a revoked one works this much longer.
pub(crate) const KEY_TTL: Duration = Duration::from_secs(5);
/// API keys, known and unknown, that are remembered.
pub(crate) const MAX_KEYS: u64 = 10_000;
/// Imports over HTTP at once: each holds its file in memory and computes on every core.
pub(crate) const MAX_IMPORTS: usize = 2;
/// How long the prover may take for all proofs of a request.
pub(crate) const PROVER_BOUND: Duration = Duration::from_secs(5);
/// Readers of the epochs' data at once.
pub(crate) const MAX_DOWNLOADS: usize = 64;
/// Reads of `/metrics` at once at its own address.
pub(crate) const MAX_SCRAPES: usize = 4;
/// How often collected measurements are folded, so that they take no more room between two reads of `/metrics`.
pub(crate) const UPKEEP_PERIOD: Duration = Duration::from_secs(5);
