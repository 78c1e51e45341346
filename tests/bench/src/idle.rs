//! Waits between measurements.

use std::time::Duration;

use shelfproof_tests::Result;

/// Waits until this process has no more work in the background, so that the compaction of one store is not measured
/// with the other. Where the system does not report processor time, it waits a second.
pub(super) fn wait_until_idle() -> Result<()> {
    const STEP: Duration = Duration::from_millis(250);
    let mut before = busy();
    for _ in 0..240 {
        std::thread::sleep(STEP);
        let now = busy();
        match (&before, &now) {
            (Some(before), Some(now)) if now - before > 2 => {}
            (Some(_), Some(_)) => return Ok(()),
            _ => {
                std::thread::sleep(4 * STEP);
                return Ok(());
            }
        }
        before = now;
    }
    Err("the stores still work in the background after a minute".into())
}

/// The processor time that this process has used, in ticks.
fn busy() -> Option<u64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The name in brackets may contain anything. User and system time are the 12th and 13th fields after it.
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace().skip(11);
    Some(fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?)
}
