//! The documents that parties exchange: what an event's body says, what a receipt key signs, what an audit found.
//!
//! Each of them has one type here, and that type alone writes and reads it, so that a producer and a verifier cannot
//! disagree about a byte. To add one: give it a file, a type with a writer and a reader beside each other, and a test
//! that pins the exact bytes.

pub mod audit_record;
pub mod body;
pub mod typed_data;
