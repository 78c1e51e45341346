//! The name under which a process claims background tasks.

use std::fs;

/// A name that no other process has: machine, process, and a number at random, since containers share both.
pub(super) fn process_name() -> String {
    let machine = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let machine = Some(machine.trim())
        .filter(|name| !name.is_empty())
        .unwrap_or("unknown");
    format!("{machine}/{}/{:08x}", std::process::id(), rand::random::<u32>())
}
