//! How long the disk takes for a small write while nothing else writes: what a commit waits for at the least.

use std::fmt;
use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use shelfproof_tests::Result;

/// How long is measured, and the pause between two writes.
const LENGTH: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(20);

/// The bytes of a write: about what a commit of PostgreSQL under load writes.
const WRITE: usize = 64 << 10;
/// The writes go round in a file of this many of them, which exists before, as those of PostgreSQL's log do.
const PLACES: u64 = 256;

/// The times of the writes, each with its `fdatasync`.
pub(super) struct Stalls {
    writes: usize,
    p99: Duration,
    longest: Duration,
}

impl Stalls {
    /// Writes in that folder for [`LENGTH`].
    pub(super) fn measure(folder: &Path) -> Result<Self> {
        let path = folder.join("stalls");
        let file = OpenOptions::new().create(true).truncate(true).write(true).open(&path)?;
        let bytes = vec![0xa7; WRITE];
        let offset = |place: u64| place % PLACES * WRITE as u64;
        for place in 0..PLACES {
            file.write_all_at(&bytes, offset(place))?;
        }
        file.sync_all()?;
        let mut took = Vec::new();
        let end = Instant::now() + LENGTH;
        for place in 0.. {
            let start = Instant::now();
            if start >= end {
                break;
            }
            file.write_all_at(&bytes, offset(place))?;
            file.sync_data()?;
            took.push(start.elapsed());
            sleep(PAUSE);
        }
        std::fs::remove_file(path)?;
        Self::of(took).ok_or_else(|| "nothing was written".into())
    }

    fn of(mut took: Vec<Duration>) -> Option<Self> {
        took.sort_unstable();
        let rank = (took.len() * 99).div_ceil(100);
        Some(Self {
            writes: took.len(),
            p99: *took.get(rank.checked_sub(1)?)?,
            longest: *took.last()?,
        })
    }
}

impl fmt::Display for Stalls {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = |took: Duration| took.as_secs_f64() * 1000.0;
        write!(
            out,
            "p99 {:.1}, max {:.1} ms of {} writes of {} KiB with fdatasync",
            ms(self.p99),
            ms(self.longest),
            self.writes,
            WRITE >> 10
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_hundred_writes_the_99th_counts() {
        let took = (1..=100).rev().map(Duration::from_millis);
        let stalls = Stalls::of(took.collect()).unwrap();
        assert_eq!(
            stalls.to_string(),
            "p99 99.0, max 100.0 ms of 100 writes of 64 KiB with fdatasync"
        );
        assert!(Stalls::of(Vec::new()).is_none());
    }
}
