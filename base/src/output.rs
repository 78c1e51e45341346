//! Standard output, which may be a pipe.

use std::io::{self, ErrorKind, Write};

/// Standard output cannot be written, usually because a disk is full.
#[derive(Debug, thiserror::Error)]
#[error("standard output: {0}")]
pub struct PrintError(#[from] io::Error);

/// Prints `text`, without adding a newline. A closed pipe (`| head`) is not an error.
///
/// # Errors
/// If writing fails for another reason.
pub fn print(text: &str) -> Result<(), PrintError> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}
