//! Child processes that cannot outlive the test.

pub use shelfproof::dev::child::{
    ChildError, Server, Signal, command, is_running, kill_with_children, run, send, spawn,
};
