//! Finds the programs that tests run: npm's, PostgreSQL's, and this workspace's own, which it builds.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use shelfproof::dev::tools as dev;

use crate::Result;

/// The checkout's root.
#[must_use]
pub fn root() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap_or(tests).to_owned()
}

/// `forge`, `anvil` or `cast` itself, as `tools/install` brought it.
///
/// # Errors
/// If npm has not installed it.
pub fn foundry(tool: &str) -> Result<PathBuf> {
    Ok(dev::foundry(&root(), tool)?)
}

/// One of PostgreSQL's programs.
///
/// # Errors
/// If there is no server.
pub fn postgres(tool: &str) -> Result<PathBuf> {
    Ok(dev::postgres(tool)?)
}

/// One of this workspace's programs, up to date: the one beside a benchmark, which came out of the same build, or the
/// one that a test's own profile builds.
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
    // What cargo tells a test about its package; build scripts that look at it would run again, and again for the next
    // `cargo test`.
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            cargo.env_remove(&name);
        }
    }
    // Each package's tests named `cli` need its programs. Asking for those, not for the programs themselves, builds
    // them with the same features as `cargo test --workspace` does, which has therefore done it already.
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
