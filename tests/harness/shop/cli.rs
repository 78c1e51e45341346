//! Runs `shelfproof` with the configuration of one shop.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::Result;
use crate::child::{Signal, command, spawn};

/// The command line of one shop.
#[derive(Clone, Debug)]
pub struct Cli {
    binary: PathBuf,
    config: PathBuf,
    log: PathBuf,
}

impl Cli {
    /// Uses that program and that configuration. Standard error is written to `log` as well.
    #[must_use]
    pub fn new(binary: PathBuf, config: PathBuf, log: &Path) -> Self {
        Self {
            binary,
            config,
            log: log.to_owned(),
        }
    }

    /// Returns the same program with another configuration.
    #[must_use]
    pub(super) fn over(&self, config: PathBuf) -> Self {
        Self { config, ..self.clone() }
    }

    /// Appends lines to the configuration. Processes that are already running do not read them.
    ///
    /// # Errors
    /// The system's error.
    pub fn configure(&self, lines: &str) -> Result<()> {
        let mut file = OpenOptions::new().append(true).open(&self.config)?;
        Ok(file.write_all(lines.as_bytes())?)
    }

    /// Returns a command that ends with this process at the latest, and that finds no configuration in its environment.
    #[must_use]
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = command(&self.binary, None, Signal::Kill);
        command.arg("--config").arg(&self.config).args(args);
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.stdin(Stdio::null());
        command
    }

    /// Runs a command to its end, whether or not it succeeds.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn output(&self, args: &[&str]) -> Result<Output> {
        let mut command = self.command(args);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let output = spawn(command)?.wait_with_output()?;
        let mut log = OpenOptions::new().create(true).append(true).open(&self.log)?;
        log.write_all(&output.stderr)?;
        Ok(output)
    }

    /// Returns what a command prints.
    ///
    /// # Errors
    /// Its output, if it fails.
    pub fn run(&self, args: &[&str]) -> Result<String> {
        let output = self.output(args)?;
        let out = String::from_utf8_lossy(&output.stdout).into_owned();
        if output.status.success() {
            return Ok(out);
        }
        let err = String::from_utf8_lossy(&output.stderr);
        Err(format!(
            "shelfproof {} ended with {}:\n{out}{err}",
            args.join(" "),
            output.status
        )
        .into())
    }

    /// Returns the object that a command prints with `--json`.
    ///
    /// # Errors
    /// Its output, if it fails or prints no JSON.
    pub fn json(&self, args: &[&str]) -> Result<Value> {
        let text = self.run(&[args, &["--json"]].concat())?;
        Ok(serde_json::from_str(&text).map_err(|error| format!("shelfproof {}: {error}: {text}", args.join(" ")))?)
    }

    /// Creates the merchant's keys in the folder that [`super::config`] names, and returns their public parts.
    ///
    /// # Errors
    /// The program's output, if it fails.
    pub fn keys_init(&self, folder: &Path) -> Result<Value> {
        let path = |name: &str| folder.join(name).to_string_lossy().into_owned();
        let (keys, passphrase) = (path("keys"), path("passphrase"));
        self.json(&[
            "admin",
            "keyring",
            "init",
            "--folder",
            &keys,
            "--passphrase-file",
            &passphrase,
        ])
    }

    /// Creates an account with that role, and returns its API key.
    ///
    /// # Errors
    /// The program's output, if it fails.
    pub fn key_create(&self, role: &str, account: &str) -> Result<String> {
        let made = self.json(&["admin", "token", "create", "--role", role, "--account", account])?;
        text(&made, "token")
    }

    /// Creates a product, and returns its id.
    ///
    /// # Errors
    /// The program's output, if it fails.
    pub fn product_create(&self, name: &str, price: &str, currency: &str) -> Result<String> {
        let made = self.json(&[
            "admin",
            "product",
            "create",
            "--name",
            name,
            "--price",
            price,
            "--currency",
            currency,
        ])?;
        text(&made, "product")
    }

    /// Adds credit that was paid under that reference.
    ///
    /// # Errors
    /// The program's output, if it fails.
    pub fn credit_add(&self, account: &str, amount: &str, currency: &str, reference: &str) -> Result<()> {
        self.run(&[
            "admin",
            "credit",
            "add",
            "--account",
            account,
            "--amount",
            amount,
            "--currency",
            currency,
            "--reference",
            reference,
        ])
        .map(drop)
    }

    /// Imports a file as a batch of that name, and returns the batch's id.
    ///
    /// # Errors
    /// The program's output, if it fails.
    pub fn import(&self, product: &str, name: &str, file: &Path) -> Result<String> {
        let file = file.to_str().ok_or("a path that is not UTF-8")?;
        let made = self.json(&[
            "import",
            file,
            "--product",
            product,
            "--batch",
            name,
            "--format",
            "lines",
        ])?;
        text(&made, "batch")
    }

    /// Puts a batch on sale.
    ///
    /// # Errors
    /// The program's output, if it fails.
    pub fn activate(&self, batch: &str) -> Result<()> {
        self.run(&["activate", batch]).map(drop)
    }
}

fn text(value: &Value, field: &str) -> Result<String> {
    let text = value[field].as_str();
    Ok(text
        .ok_or_else(|| format!("no {field} in what was printed: {value}"))?
        .to_owned())
}
