//! Standard output, for programs that are read by pipes too.

use std::io::{self, ErrorKind, Write};

/// Standard output that takes nothing: a full disk, mostly.
#[derive(Debug, thiserror::Error)]
#[error("standard output: {0}")]
pub struct PrintError(#[from] io::Error);

/// Prints `text`, which ends its lines itself. A reader that has gone (`| head`) has what it wanted: that is no error.
///
/// # Errors
/// Where the text is lost for another reason.
pub fn print(text: &str) -> Result<(), PrintError> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}
