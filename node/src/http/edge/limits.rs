//! The bounds that are fixed. Those that can be configured are in `[http]`.

use std::time::Duration;

/// How long an import, its upload included, or an activation may take.
pub(crate) const LONG_BOUND: Duration = Duration::from_mins(2);
/// Most entries of a page.
pub(crate) const PAGE_MAX: u32 = 100;
/// Entries of a page by default.
pub(crate) const PAGE_DEFAULT: u32 = 50;
/// How long the database may take to answer whether this node is ready.
pub(crate) const READY_BOUND: Duration = Duration::from_secs(2);
/// How long the oldest order may wait for its batch on a node that is ready: longer than in a full queue that moves, and than
/// an order is parked.
pub(crate) const QUEUE_STALLED: Duration = Duration::from_secs(8);
/// How long a report of `/readyz` is answered again, so that frequent requests do not load the database.
pub(crate) const READY_TTL: Duration = Duration::from_secs(1);
/// How long an API key stays cached: a revoked one works this much longer.
pub(crate) const KEY_TTL: Duration = Duration::from_secs(5);
/// Most API keys that are cached, unknown ones included.
pub(crate) const MAX_KEYS: u64 = 10_000;
/// Most imports over HTTP at once: each holds its file in memory and computes on every core.
pub(crate) const MAX_IMPORTS: usize = 2;
/// Most look-ups of guests' orders in a minute from one address.
pub(crate) const LOOKUPS_BY_ADDRESS: u32 = 10;
/// Most look-ups of guests' orders in a minute for one contact, from all addresses together.
pub(crate) const LOOKUPS_OF_CONTACT: u32 = 30;
/// The most addresses or contacts whose attempts are counted.
pub(crate) const MAX_COUNTED: usize = 50_000;
/// Most notices of gateways at once; they do not count among the other requests.
pub(crate) const MAX_NOTICES: usize = 256;
/// The longest body of a gateway's notice, bytes.
pub(crate) const MAX_NOTICE: usize = 64 << 10;
/// How long the prover may take for all proofs of a request.
pub(crate) const PROVER_BOUND: Duration = Duration::from_secs(5);
/// Most readers of the epochs' data at once.
pub(crate) const MAX_DOWNLOADS: usize = 64;
/// Most lists that are sent as a file at once, each to another account: each reads page after page.
pub(crate) const MAX_EXPORTS: usize = 4;
/// How long a client may take to read a page of such a file.
pub(crate) const EXPORT_WAIT: Duration = Duration::from_mins(1);
/// Most reads of `/metrics` at once at its own address.
pub(crate) const MAX_SCRAPES: usize = 4;
/// How often measurements are aggregated, so that they do not pile up between two reads of `/metrics`.
pub(crate) const UPKEEP_PERIOD: Duration = Duration::from_secs(5);
/// Most requests to `/healthz` and `/readyz` at once; they do not count among the others.
pub(crate) const MAX_PROBES: usize = 16;
/// Most look-ups at once of API keys that this node has never found.
pub(crate) const MAX_STRANGERS: usize = 4;
/// How long a key that was found counts as known without being used.
pub(crate) const KNOWN_TTL: Duration = Duration::from_hours(1);
/// How long such a look-up waits for its turn.
pub(crate) const STRANGER_WAIT: Duration = Duration::from_secs(2);
