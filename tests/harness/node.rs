//! Runs Node.js scripts with the packages of `contracts/`. They read and print JSON.

use std::io::Write;
use std::process::Stdio;
use std::thread;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::child::{Signal, command, spawn};
use crate::{Result, tools};

/// How long a script may run, in seconds.
const BOUND_S: &str = "120";

/// Runs `tests/scripts/<script>` in `contracts/` with `input` on its standard input, and parses its output.
///
/// # Errors
/// The script's error output, if it fails, does not end, or prints no such JSON.
pub fn run<T: DeserializeOwned>(script: &str, input: &impl Serialize) -> Result<T> {
    let input = serde_json::to_vec(input)?;
    let mut command = command("timeout", None, Signal::Kill);
    command
        .args([BOUND_S, "node"])
        .arg(tools::root().join("tests/scripts").join(script));
    command.current_dir(tools::root().join("contracts"));
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = spawn(command)?;
    let pipe = child.stdin.take();
    // On a thread of its own: a script may print before it has read everything, and then neither side may block the
    // other.
    let writer = thread::spawn(move || pipe.map_or(Ok(()), |mut pipe| pipe.write_all(&input)));
    let output = child.wait_with_output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{script} ended with {}:\n{said}", output.status).into());
    }
    writer
        .join()
        .map_err(|_| format!("{script}: its input's writer panicked"))??;
    Ok(serde_json::from_slice(&output.stdout).map_err(|error| format!("{script} prints no such JSON: {error}"))?)
}
