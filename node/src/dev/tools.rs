//! Where the tools stand that a private shop is made of: PostgreSQL's programs and anvil.

use std::env;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

/// The program that alone holds the keys which sign transactions.
pub const ANCHOR: &str = "shelfproof-anchor";

/// Names anvil, where it stands elsewhere.
const ANVIL_VARIABLE: &str = "SHELFPROOF_ANVIL";

/// A tool that is not there, with what to do.
#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    /// No server's programs.
    #[error("PostgreSQL's {0} is not there: install your distribution's package `postgresql`, version 15 or later")]
    Postgres(String),
    /// Not among npm's.
    #[error("{tool} is not there: npm package {package}. In a checkout of Shelfproof run tools/install")]
    Foundry {
        /// The tool.
        tool: String,
        /// Npm's name for it on this machine.
        package: String,
    },
    /// No anvil.
    #[error(
        "anvil is not there: set {ANVIL_VARIABLE} to the program, put it on PATH, or run tools/install in a checkout of Shelfproof"
    )]
    Anvil,
    /// No anchor.
    #[error("{ANCHOR} is not there: it must lie beside this program, at {}", .0.display())]
    Anchor(PathBuf),
    /// The variable names nothing.
    #[error("{ANVIL_VARIABLE} names {}, which is no file", .0.display())]
    Named(PathBuf),
}

/// One of PostgreSQL's programs, of the newest server that the distribution installed, or else on `PATH`.
///
/// # Errors
/// Where there is no server.
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
        // The folder must have the server: a client's package alone also brings a folder and some of the programs.
        .find(|folder| folder.join("postgres").is_file() && folder.join(tool).is_file())
        .map(|folder| folder.join(tool))
        .ok_or_else(|| ToolError::Postgres(tool.to_owned()))
}

/// `forge`, `anvil` or `cast` of the checkout at `root`: itself, not npm's wrapper around it, which would not pass a
/// signal on.
///
/// # Errors
/// Where npm has not installed it.
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

/// Anvil: what `SHELFPROOF_ANVIL` names, else on `PATH`, else of the checkout that this program was built in.
///
/// # Errors
/// Where it is in none of these.
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

/// [`ANCHOR`], which comes out of one build with this program and lies beside it.
///
/// # Errors
/// Where it does not.
pub fn anchor() -> Result<PathBuf, ToolError> {
    let program = env::current_exe().unwrap_or_default().with_file_name(ANCHOR);
    if program.is_file() {
        Ok(program)
    } else {
        Err(ToolError::Anchor(program))
    }
}

/// Whether it is a wrapper, which a signal would end alone.
fn is_script(path: &Path) -> bool {
    let mut start = [0; 2];
    File::open(path)
        .and_then(|mut file| file.read_exact(&mut start))
        .is_ok()
        && start == *b"#!"
}
