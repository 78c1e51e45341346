//! What tells one file, read one way, from any other.

use std::io::{Read, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sha2::{Digest, Sha256};

use super::{Counted, ImportError, Progress, Stage, blocking};
use crate::import::{Options, Reading, Text};

/// Bytes between two reports of progress.
const STEP_BYTES: u64 = 8 * 1024 * 1024;

/// A file that was read once.
pub(super) struct Fingerprint<F> {
    /// The file, somewhere.
    pub(super) file: F,
    /// How it is read.
    pub(super) reading: Reading,
    /// SHA-256 of its text's SHA-256 and of how it is read, in words.
    pub(super) source: [u8; 32],
    /// Its length.
    pub(super) total_bytes: u64,
}

/// Reads the whole file. A packed one is unpacked to its end, so that a damaged one is refused before anything is
/// written.
pub(super) async fn take<F: Read + Seek + Send + 'static>(
    mut file: F,
    options: &Options,
    progress: &mut (impl FnMut(Progress) + Send),
) -> Result<Fingerprint<F>, ImportError> {
    let options = options.clone();
    let read_bytes = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&read_bytes);
    let (mut text, total_bytes) = blocking(move || {
        let total_bytes = file.seek(SeekFrom::End(0))?;
        file.rewind()?;
        let file = Counted {
            inner: file,
            read_bytes: counted,
        };
        Ok::<_, ImportError>((Text::open(file, &options)?, total_bytes))
    })
    .await??;
    let mut content = Sha256::new();
    loop {
        let step;
        (text, content, step) = blocking(move || {
            let step = std::io::copy(&mut text.by_ref().take(STEP_BYTES), &mut content)?;
            Ok::<_, std::io::Error>((text, content, step))
        })
        .await??;
        if step == 0 {
            break;
        }
        progress(Progress {
            stage: Stage::Fingerprint,
            read_bytes: read_bytes.load(Ordering::Relaxed),
            total_bytes,
        });
    }
    let reading = text.reading.clone();
    let source = Sha256::new()
        .chain_update(content.finalize())
        .chain_update(reading.to_string())
        .finalize();
    Ok(Fingerprint {
        file: text.into_inner().inner,
        reading,
        source: source.into(),
        total_bytes,
    })
}
