//! Runs `shelfproof-verify` against the shop's chain.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use shelfproof_verifier::chain::Identity;
use tempfile::TempDir;

use super::{AnchoredShop, Secret};
use crate::child::{Signal, command};
use crate::{Result, tools};

/// A stranger's verifier, with a folder for its files.
#[derive(Debug)]
pub struct Verifier {
    program: PathBuf,
    identity: Identity,
    rpc: String,
    home: TempDir,
}

#[derive(Clone, Debug)]
pub struct Said {
    /// Its exit status.
    pub exit: i32,
    pub json: Value,
}

impl Said {
    /// Returns the verdict, which must be that the bundle holds.
    ///
    /// # Errors
    /// All output, if it is not.
    pub fn holds(&self) -> Result<&str> {
        match (self.exit, self.json["verdict"].as_str()) {
            (0, Some(verdict)) => Ok(verdict),
            _ => Err(format!("exit {}: {}", self.exit, self.json).into()),
        }
    }

    /// The code of the refusal.
    #[must_use]
    pub fn code(&self) -> &str {
        self.json["code"].as_str().unwrap_or_default()
    }
}

impl Verifier {
    /// A verifier that was told the merchant of that shop, and asks its chain.
    ///
    /// # Errors
    /// If the program cannot be built.
    pub fn of(anchored: &AnchoredShop) -> Result<Self> {
        Self::new(anchored.chain.identity, anchored.chain.anvil.url())
    }

    /// A verifier for a merchant on any chain, given the address of a node.
    ///
    /// # Errors
    /// If the program cannot be built.
    pub fn new(identity: Identity, rpc: &str) -> Result<Self> {
        Ok(Self {
            program: tools::binary("shelfproof-verify")?,
            identity,
            rpc: rpc.to_owned(),
            home: tempfile::tempdir()?,
        })
    }

    /// Writes a file.
    ///
    /// # Errors
    /// The system's error.
    pub fn file(&self, name: &str, content: &(impl AsRef<[u8]> + ?Sized)) -> Result<PathBuf> {
        let path = self.home.path().join(name);
        fs::write(&path, content)?;
        Ok(path)
    }

    /// Runs `key` or `show` on a bundle, as the buyer or, without a secret, as anybody.
    ///
    /// # Errors
    /// If the output cannot be read.
    pub fn key(
        &self,
        command: &str,
        code: &str,
        bundle: &(impl AsRef<[u8]> + ?Sized),
        secret: Option<&Secret>,
    ) -> Result<Said> {
        let args = self.key_args(command, code, bundle, secret)?;
        self.run(&args.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// Runs `key` as [`key`](Self::key) does, with that file of trusted epochs in the place of a node.
    ///
    /// # Errors
    /// If the output cannot be read.
    pub fn key_by_file(
        &self,
        trusted: &str,
        code: &str,
        bundle: &(impl AsRef<[u8]> + ?Sized),
        secret: Option<&Secret>,
    ) -> Result<Said> {
        let trusted = self.file("trusted.json", trusted)?.display().to_string();
        let mut args = self.key_args("key", code, bundle, secret)?;
        args.extend(["--offline", "--trusted-epochs", &trusted, "--json"].map(str::to_owned));
        said(&mut self.program(&args.iter().map(String::as_str).collect::<Vec<_>>()))
    }

    /// Like [`key`](Self::key), with output for people: the exit status and the text.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn key_in_words(
        &self,
        command: &str,
        code: &str,
        bundle: &(impl AsRef<[u8]> + ?Sized),
        secret: Option<&Secret>,
    ) -> Result<(i32, String)> {
        let args = self.key_args(command, code, bundle, secret)?;
        let output = self.output(&args.iter().map(String::as_str).collect::<Vec<_>>())?;
        Ok((exit(&output), String::from_utf8_lossy(&output.stdout).into_owned()))
    }

    /// Runs any command.
    ///
    /// # Errors
    /// If the output cannot be read.
    pub fn run(&self, args: &[&str]) -> Result<Said> {
        let mut program = self.program(&[args, &["--json"]].concat());
        said(program.args(["--rpc", &self.rpc]))
    }

    fn key_args(
        &self,
        command: &str,
        code: &str,
        bundle: &(impl AsRef<[u8]> + ?Sized),
        secret: Option<&Secret>,
    ) -> Result<Vec<String>> {
        let bundle = self.file("bundle.json", bundle)?;
        let code = self.file("code.txt", code)?;
        let mut args = vec![
            command.to_owned(),
            "--code-file".to_owned(),
            code.display().to_string(),
            "--bundle".to_owned(),
            bundle.display().to_string(),
        ];
        if let Some(secret) = secret {
            args.extend([
                "--nonce".to_owned(),
                secret.nonce.to_string(),
                "--tag".to_owned(),
                secret.tag.clone(),
            ]);
        }
        Ok(args)
    }

    fn output(&self, args: &[&str]) -> Result<Output> {
        Ok(self.program(args).args(["--rpc", &self.rpc]).output()?)
    }

    /// The program with those arguments and the merchant that it was told, before it is started.
    fn program(&self, args: &[&str]) -> Command {
        let mut program = command(&self.program, None, Signal::Kill);
        program
            .args(args)
            .args(["--merchant", &self.identity.merchant_id.to_string()])
            .args(["--registry", &self.identity.registry.to_string()])
            .args(["--chain-id", &self.identity.chain_id.to_string()])
            .env_clear()
            .env("HOME", self.home.path())
            .env("SHELFPROOF_STATE", self.home.path().join("state"))
            .stdin(Stdio::null());
        program
    }
}

/// Runs the program, which answers in JSON.
fn said(program: &mut Command) -> Result<Said> {
    let output = program.output()?;
    let out = String::from_utf8_lossy(&output.stdout);
    let json = serde_json::from_str(&out)
        .map_err(|error| format!("{program:?}: {error}: {out}{}", String::from_utf8_lossy(&output.stderr)))?;
    Ok(Said {
        exit: exit(&output),
        json,
    })
}

fn exit(output: &Output) -> i32 {
    output.status.code().unwrap_or(-1)
}
