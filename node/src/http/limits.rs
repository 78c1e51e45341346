//! The bounds that no setting moves; the others are `[http]` of the configuration.

use std::time::Duration;

/// How long an import may take, with its upload, and an activation.
pub(super) const LONG_BOUND: Duration = Duration::from_mins(2);
/// Entries of a page at most.
pub(super) const PAGE_MAX: u32 = 100;
/// Entries of a page where the caller does not say.
pub(super) const PAGE_DEFAULT: u32 = 50;
/// How long the database may take to answer whether this node is ready.
pub(super) const READY_BOUND: Duration = Duration::from_secs(2);
/// How long an answer about readiness is given again, so that whoever asks often does not load the database.
pub(super) const READY_TTL: Duration = Duration::from_secs(1);
/// How long what is known of an API key counts: a revoked one works this much longer.
pub(super) const KEY_TTL: Duration = Duration::from_secs(5);
/// API keys, known and unknown, that are remembered.
pub(super) const MAX_KEYS: u64 = 10_000;
/// Imports over HTTP at once: each holds its file in memory and computes on every core.
pub(super) const MAX_IMPORTS: usize = 2;
/// How long the prover may take for all proofs of a request.
pub(super) const PROVER_BOUND: Duration = Duration::from_secs(5);
/// Readers of the epochs' data at once.
pub(super) const MAX_DOWNLOADS: usize = 64;
/// Reads of `/metrics` at once at its own address.
pub(super) const MAX_SCRAPES: usize = 4;
/// How often collected measurements are folded, so that they take no more room between two reads of `/metrics`.
pub(super) const UPKEEP_PERIOD: Duration = Duration::from_secs(5);
