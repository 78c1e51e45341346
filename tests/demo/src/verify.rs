//! Runs `shelfproof-verify` as a stranger who has pinned the shop once.

use std::path::PathBuf;
use std::process::Stdio;

use serde_json::Value;

use super::place::Place;
use super::shop::OpenShop;
use shelfproof_tests::child::{Signal, command, spawn};
use shelfproof_tests::{Result, tools};

/// The name under which the shop is pinned.
pub(super) const NAME: &str = "demo";

/// A stranger's verifier, and the files that it keeps.
#[derive(Clone, Debug)]
pub(super) struct Stranger {
    pub(super) program: PathBuf,
    /// The folder with the pinned shops.
    pub(super) store: PathBuf,
    state: PathBuf,
    home: PathBuf,
}

impl Stranger {
    /// Pins the shop by its own description, checked over the chain's node.
    pub(super) fn pin(shop: &OpenShop, place: &Place) -> Result<Self> {
        let stranger = Self {
            program: tools::binary("shelfproof-verify")?,
            store: place.join("trust.json"),
            state: place.join("audit"),
            home: place.make("home")?,
        };
        let from = format!("http://{}/.well-known/shelfproof.json", shop.address);
        stranger.run(
            &["trust", "add", NAME, "--from", &from, "--rpc", &shop.rpc, "--json"],
            0,
        )?;
        Ok(stranger)
    }

    /// Runs a command about the shop that must end with status `exit`, and returns its JSON output.
    pub(super) fn json(&self, args: &[&str], exit: i32) -> Result<Value> {
        self.run(&[args, &["--merchant", NAME, "--json"]].concat(), exit)
    }

    fn run(&self, args: &[&str], exit: i32) -> Result<Value> {
        let mut verify = command(&self.program, None, Signal::Kill);
        verify
            .args(args)
            .arg("--trust-store")
            .arg(&self.store)
            .env_clear()
            .env("HOME", &self.home)
            .env("SHELFPROOF_STATE", &self.state)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let output = spawn(verify)?.wait_with_output()?;
        let (out, err) = (
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
        if output.status.code() != Some(exit) {
            return Err(format!(
                "shelfproof-verify {}: {}, expected {exit}:\n{out}{err}",
                args[0], output.status
            )
            .into());
        }
        Ok(serde_json::from_str(&out).map_err(|error| format!("shelfproof-verify {}: {error}: {out}", args[0]))?)
    }
}
