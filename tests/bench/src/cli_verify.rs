//! `cli_verify`: a whole process of `shelfproof-verify key --offline`, compared with an empty process plus the
//! cryptography that every verifier must do.

use std::env;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use super::verify_key::Subject;
use super::{Sample, alternate};
use shelfproof_tests::Result;

/// The number of processes in a round.
const PROCESSES: u32 = 50;

pub(super) fn run(folder: &Path) -> Result<Vec<Sample>> {
    let subject = Subject::read()?;
    // The benchmark and the verifier come from the same build.
    let program = env::current_exe()?.with_file_name("shelfproof-verify");
    fs::write(folder.join("bundle.json"), &subject.json)?;
    fs::write(folder.join("trusted.json"), &subject.trusted)?;
    let identity = subject.identity();
    let mut ours = Command::new(program);
    ours.current_dir(folder).args([
        "key",
        "--offline",
        "--trusted-epochs",
        "trusted.json",
        "--bundle",
        "bundle.json",
    ]);
    ours.args([
        "--code",
        &subject.case.code,
        "--registry",
        &identity.registry.to_string(),
    ]);
    ours.args(["--merchant", &identity.merchant_id.to_string()]);
    let mut nothing = Command::new("true");
    let (ours, baseline) = alternate(
        || seconds_a_run(&mut ours),
        || Ok(seconds_a_run(&mut nothing)? + subject.baseline()?),
    )?;
    Ok(vec![Sample {
        name: "cli_verify".to_owned(),
        unit: "s",
        ours,
        baseline,
        goal: "value <= 0.015",
        settings: format!(
            "key --offline, {} bytes; {PROCESSES} processes a round",
            subject.json.len()
        ),
    }])
}

/// The seconds from the start of a process to its end: the mean of [`PROCESSES`] processes, one after the other.
fn seconds_a_run(command: &mut Command) -> Result<f64> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let start = Instant::now();
    for _ in 0..PROCESSES {
        let output = command.spawn()?.wait_with_output()?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(format!(
                "{} ended with {}: {said}",
                command.get_program().display(),
                output.status
            )
            .into());
        }
    }
    Ok(start.elapsed().as_secs_f64() / f64::from(PROCESSES))
}
