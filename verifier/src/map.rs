//! The history map on disk: the trie of [`crate::history`] over every key id of one merchant, epoch after epoch.
//!
//! The leaves lie in buckets, each with all keys below one prefix of bits. The tree of the buckets' roots is kept in
//! memory above them. A bucket that outgrows [`BUCKET_RECORDS`] splits by the next bit, so the tree is deep where there
//! are many keys, also where ids were made up to share their first bits: an event there costs its bucket and its path,
//! as elsewhere. The root does not depend on where the tree was cut. On disk there is one row for each bucket and one
//! row, the marker, that says which epoch the map is at. An epoch replaces the rows that it touches and the marker in
//! one durable batch.
//!
//! - [`Map`] is what is on disk, at the last final epoch.
//! - [`Plan`] is what an epoch would change, computed without writing: [`Map::follow`] reads what the epoch touches,
//!   once, lets the caller check the events against it, and computes the changes.
//! - [`Overlay`] keeps the plans of epochs that are not final yet, in memory above the map.
//!
//! The map follows from the published data alone: if it is lost or damaged, delete its folder and replay.

mod base;
mod bucket;
mod crowd;
mod disk;
mod error;
mod overlay;
mod plan;
mod seen;
mod store;
mod tree;

pub use bucket::BUCKET_RECORDS;
pub use disk::{Map, Written};
pub use error::MapError;
pub use overlay::Overlay;
pub use plan::{Followed, Plan};
