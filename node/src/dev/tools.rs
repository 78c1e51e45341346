//! Finds the programs that `shelfproof dev` and the tests start: those of PostgreSQL, anvil, and the anchor.

use std::env;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

pub const ANCHOR: &str = "shelfproof-anchor";

/// The environment variable that names anvil.
const ANVIL_VARIABLE: &str = "SHELFPROOF_ANVIL";

/// Why a tool is not found.
#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    #[error("PostgreSQL's {0} is not there: install your distribution's package `postgresql`, version 15 or later")]
    Postgres(String),
    #[error("{tool} is not there: npm package {package}. In a checkout of Shelfproof run tools/install")]
    Foundry { tool: String, package: String },
    #[error(
        "anvil is not there: set {ANVIL_VARIABLE}, put it on PATH, or run tools/install in a checkout of Shelfproof"
    )]
    Anvil,
    #[error("{ANCHOR} is not there: it must lie beside this program, at {}", .0.display())]
    Anchor(PathBuf),
    #[error("{ANVIL_VARIABLE} names {}, which is no file", .0.display())]
    Named(PathBuf),
}

/// One of PostgreSQL's programs, from the newest server that the distribution installed, or else from `PATH`.
///
/// # Errors
/// If no server is installed.
pub fn postgres(tool: &str) -> Result<PathBuf, ToolError> {
    let number = |path: &Path| path.file_name()?.to_str()?.parse::<u32>().ok();
    let mut versions: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .map(|entries| entries.flatten().map(|entry| entry.path()).collect())
        .unwrap_or_default();
    versions.sort_by_key(|path| number(path));
    let distribution = versions.into_iter().rev().map(|version| version.join("bin"));
    let searched = env::var_os("PATH").unwrap_or_default();
    distribution
        .chain(env::split_paths(&searched))
        // Client packages install a folder with some of the programs too, so the server must be in it.
        .find(|folder| folder.join("postgres").is_file() && folder.join(tool).is_file())
        .map(|folder| folder.join(tool))
        .ok_or_else(|| ToolError::Postgres(tool.to_owned()))
}

/// `forge`, `anvil` or `cast` as npm installed it in the checkout at `root`: the program itself, since npm's wrapper
/// does not forward signals.
///
/// # Errors
/// If npm has not installed it.
pub fn foundry(root: &Path, tool: &str) -> Result<PathBuf, ToolError> {
    let architecture = match env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    let package = format!("@foundry-rs/{tool}-{}-{architecture}", env::consts::OS);
    let path = root
        .join("contracts/node_modules")
        .join(&package)
        .join("bin")
        .join(tool);
    if path.is_file() {
        return Ok(path);
    }
    Err(ToolError::Foundry {
        tool: tool.to_owned(),
        package,
    })
}

/// Anvil, as named by `SHELFPROOF_ANVIL`, or else on `PATH`, or else in the checkout that this program was built in.
///
/// # Errors
/// If it is in none of these places.
pub fn anvil() -> Result<PathBuf, ToolError> {
    if let Some(named) = env::var_os(ANVIL_VARIABLE).map(PathBuf::from) {
        return if named.is_file() {
            Ok(named)
        } else {
            Err(ToolError::Named(named))
        };
    }
    let searched = env::var_os("PATH").unwrap_or_default();
    let on_path = env::split_paths(&searched).map(|folder| folder.join("anvil"));
    let own = env::current_exe().unwrap_or_default();
    on_path
        .filter(|path| path.is_file() && !is_script(path))
        .chain(own.ancestors().filter_map(|root| foundry(root, "anvil").ok()))
        .next()
        .ok_or(ToolError::Anvil)
}

/// [`ANCHOR`], in the folder of this program.
///
/// # Errors
/// If it is not there.
pub fn anchor() -> Result<PathBuf, ToolError> {
    let program = env::current_exe().unwrap_or_default().with_file_name(ANCHOR);
    if program.is_file() {
        Ok(program)
    } else {
        Err(ToolError::Anchor(program))
    }
}

/// Whether the file is a script, as npm's wrapper is. A signal would end the script and not the program.
fn is_script(path: &Path) -> bool {
    let mut start = [0; 2];
    File::open(path)
        .and_then(|mut file| file.read_exact(&mut start))
        .is_ok()
        && start == *b"#!"
}
