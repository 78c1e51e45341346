//! `shelfproof-verify` as a stranger runs it who pinned the shop once.

use std::path::PathBuf;
use std::process::Stdio;

use serde_json::Value;

use super::place::Place;
use super::shop::OpenShop;
use shelfproof_tests::child::{Signal, command, spawn};
use shelfproof_tests::{Result, tools};

/// The name that the shop is pinned under.
pub(super) const NAME: &str = "demo";

/// A stranger's program, and what it keeps.
#[derive(Clone, Debug)]
pub(super) struct Stranger {
    pub(super) program: PathBuf,
    /// The pinned shops.
    pub(super) store: PathBuf,
    state: PathBuf,
    home: PathBuf,
}

impl Stranger {
    /// Pins the shop by what it says of itself, over the chain's node.
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

    /// What a command about the shop prints as JSON, ending with that status.
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
