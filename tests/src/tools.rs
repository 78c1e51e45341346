//! Where the tools that tests run stand: npm's below `contracts/`, PostgreSQL's where the distribution puts them.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use crate::Result;

/// The checkout's root.
#[must_use]
pub fn root() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap_or(tests).to_owned()
}

/// `forge`, `anvil` or `cast` itself, not npm's wrapper around it: a signal to the wrapper would not reach it.
///
/// # Errors
/// Where npm has not installed it.
pub fn foundry(tool: &str) -> Result<PathBuf> {
    let architecture = match env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    let package = format!("@foundry-rs/{tool}-{}-{architecture}", env::consts::OS);
    let path = root()
        .join("contracts/node_modules")
        .join(&package)
        .join("bin")
        .join(tool);
    if path.is_file() {
        return Ok(path);
    }
    Err(format!("{tool} is not there: npm package {package}. Run: tools/install").into())
}

/// One of PostgreSQL's programs, of the newest server that the distribution installed, or else on `PATH`.
///
/// # Errors
/// Where there is no server.
pub fn postgres(tool: &str) -> Result<PathBuf> {
    let number = |path: &Path| path.file_name()?.to_str()?.parse::<u32>().ok();
    let mut versions: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .map(|entries| entries.flatten().map(|entry| entry.path()).collect())
        .unwrap_or_default();
    versions.sort_by_key(|path| number(path));
    let distribution = versions.into_iter().rev().map(|version| version.join("bin"));
    let searched = env::var_os("PATH").unwrap_or_default();
    distribution
        .chain(env::split_paths(&searched))
        // The folder must have the server: a client's package alone also brings a folder and some of the programs.
        .find(|folder| folder.join("postgres").is_file() && folder.join(tool).is_file())
        .map(|folder| folder.join(tool))
        .ok_or_else(|| format!("PostgreSQL's {tool} is not there: package postgresql. Run: tools/install").into())
}
