//! The memory of a process.

use std::fs;

use super::shop::number;
use shelfproof_tests::Result;

/// A field of `/proc/PID/status`, in MB.
pub(super) fn memory_mb(pid: u32, field: &str) -> Result<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    mb_in(&status, field).ok_or_else(|| format!("{field} is not in:\n{status}").into())
}

/// Linux says `kB` and means 1,024 bytes.
fn mb_in(status: &str, field: &str) -> Option<f64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(field)?.strip_prefix(':'))?;
    let kb: usize = line.trim().strip_suffix(" kB")?.parse().ok()?;
    number(kb).ok().map(|kb| kb * 1_024.0 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_is_read_and_not_another_field() {
        let status = "Name:\tshelfproof\nVmPeak:\t 1000000 kB\nVmHWM:\t  125000 kB\nVmRSS:\t  100000 kB\n";
        assert_eq!(mb_in(status, "VmHWM"), Some(128.0));
        assert_eq!(mb_in(status, "VmRSS"), Some(102.4));
        assert_eq!(mb_in(status, "VmSwap"), None);
    }
}
