//! Runs `shelfproof` with one shop's configuration.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::Result;
use crate::child::{Signal, command, spawn};

/// One shop's command line.
#[derive(Clone, Debug)]
pub struct Cli {
    binary: PathBuf,
    config: PathBuf,
    log: PathBuf,
}

impl Cli {
    /// That program over that configuration. What it says on standard error goes to `log` too.
    #[must_use]
    pub fn new(binary: PathBuf, config: PathBuf, log: &Path) -> Self {
        Self {
            binary,
            config,
            log: log.to_owned(),
        }
    }

    /// The same program over another configuration.
    #[must_use]
    pub(super) fn over(&self, config: PathBuf) -> Self {
        Self { config, ..self.clone() }
    }

    /// A command that does not outlive this process, nor find a configuration in its environment.
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

    /// Runs a command to its end, however it ends.
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

    /// What a command prints.
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

    /// The object that a command prints with `--json`.
    ///
    /// # Errors
    /// Its output, if it fails or prints no JSON.
    pub fn json(&self, args: &[&str]) -> Result<Value> {
        let text = self.run(&[args, &["--json"]].concat())?;
        Ok(serde_json::from_str(&text).map_err(|error| format!("shelfproof {}: {error}: {text}", args.join(" ")))?)
    }

    /// The merchant's keys, in the folder that [`super::config`] names; what is public of them.
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

    /// A new account of that role, and its API key.
    ///
    /// # Errors
    /// The program's output, if it fails.
    pub fn key_create(&self, role: &str, account: &str) -> Result<String> {
        let made = self.json(&["admin", "token", "create", "--role", role, "--account", account])?;
        text(&made, "token")
    }

    /// A new product; its id.
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

    /// Credit that was paid under that reference.
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

    /// Imports a file as a batch of that name; the batch's id.
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
