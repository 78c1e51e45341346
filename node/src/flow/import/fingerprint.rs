//! What tells one file, read one way, from any other.

use std::io::{Read, Seek, SeekFrom};

use sha2::{Digest, Sha256};

use super::{ImportError, Progress, Stage, blocking};
use crate::import::{Options, Reading, SAMPLE_BYTES};

/// Bytes between two reports of progress.
const STEP_BYTES: u64 = 8 * 1024 * 1024;

/// A file that was read once.
pub(super) struct Fingerprint<F> {
    /// The file, somewhere.
    pub(super) file: F,
    /// How it is read.
    pub(super) reading: Reading,
    /// SHA-256 of its content's SHA-256 and of how it is read, in words.
    pub(super) source: [u8; 32],
    /// Its length.
    pub(super) total_bytes: u64,
}

/// Reads the whole file.
pub(super) async fn take<F: Read + Seek + Send + 'static>(
    mut file: F,
    options: &Options,
    progress: &mut (impl FnMut(Progress) + Send),
) -> Result<Fingerprint<F>, ImportError> {
    let options = options.clone();
    let (mut file, total_bytes, reading) = blocking(move || {
        let total_bytes = file.seek(SeekFrom::End(0))?;
        file.rewind()?;
        let mut sample = Vec::new();
        file.by_ref().take(SAMPLE_BYTES as u64).read_to_end(&mut sample)?;
        let reading = Reading::resolve(&sample, &options)?;
        file.rewind()?;
        Ok::<_, ImportError>((file, total_bytes, reading))
    })
    .await??;
    let (mut content, mut read_bytes) = (Sha256::new(), 0);
    loop {
        let step;
        (file, content, step) = blocking(move || {
            let step = std::io::copy(&mut file.by_ref().take(STEP_BYTES), &mut content)?;
            Ok::<_, std::io::Error>((file, content, step))
        })
        .await??;
        if step == 0 {
            break;
        }
        read_bytes += step;
        progress(Progress {
            stage: Stage::Fingerprint,
            read_bytes,
            total_bytes,
        });
    }
    let source = Sha256::new()
        .chain_update(content.finalize())
        .chain_update(reading.to_string())
        .finalize();
    Ok(Fingerprint {
        file,
        reading,
        source: source.into(),
        total_bytes,
    })
}
