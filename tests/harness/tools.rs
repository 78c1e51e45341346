//! Finds the programs that tests run: npm's, PostgreSQL's, and this workspace's own, which it builds.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use shelfproof::dev::tools as dev;

use crate::Result;

/// Returns the checkout's root.
#[must_use]
pub fn root() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap_or(tests).to_owned()
}

/// Returns the path of the program `forge`, `anvil` or `cast` that `tools/install` installed.
///
/// # Errors
/// If npm has not installed it.
pub fn foundry(tool: &str) -> Result<PathBuf> {
    Ok(dev::foundry(&root(), tool)?)
}

/// Returns the path of one of PostgreSQL's programs.
///
/// # Errors
/// If no PostgreSQL server is installed.
pub fn postgres(tool: &str) -> Result<PathBuf> {
    Ok(dev::postgres(tool)?)
}

/// Returns the path of one of this workspace's programs, up to date. For a benchmark it is the program beside it, from
/// the same build; for a test it is the one that cargo builds in the test's profile.
///
/// # Errors
/// If it cannot be built.
pub fn binary(name: &str) -> Result<PathBuf> {
    let program = env::current_exe()?;
    let folder = program.parent().ok_or("this program lies in no folder")?;
    if !folder.ends_with("deps") {
        return Ok(folder.join(name));
    }
    let mut cargo = Command::new(env!("CARGO"));
    // Cargo sets these variables for a test. Build scripts that depend on them would run again, and once more for the
    // next `cargo test`.
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            cargo.env_remove(&name);
        }
    }
    // The tests named `cli` of each package need its programs. Building these tests, rather than the programs
    // themselves, uses the same features as `cargo test --workspace`, which has therefore built them already.
    cargo.current_dir(root()).args([
        "test",
        "--quiet",
        "--locked",
        "--workspace",
        "--no-run",
        "--test",
        "cli",
    ]);
    if folder.ends_with("release/deps") {
        cargo.arg("--release");
    }
    let built = cargo.output()?;
    if !built.status.success() {
        return Err(format!("{name} cannot be built: {}", String::from_utf8_lossy(&built.stderr)).into());
    }
    Ok(folder.parent().unwrap_or(folder).join(name))
}
