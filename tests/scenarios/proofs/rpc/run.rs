//! One run of `shelfproof-verify`.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;
use shelfproof_tests::tools;
use shelfproof_tests::vectors::Case;

use super::setup::Setup;

pub(super) fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| tools::binary("shelfproof-verify").expect("the binary"))
}

/// The arguments of one run.
pub(crate) struct Run<'a> {
    pub(super) setup: &'a Setup,
    pub(super) args: Vec<OsString>,
}

impl Run<'_> {
    pub(crate) fn args<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(mut self, args: I) -> Self {
        self.args.extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    /// Sets another command, with the same options.
    pub(crate) fn command(mut self, command: &str) -> Self {
        self.args[0] = command.into();
        self
    }

    /// Adds a case's bundle, code and buyer.
    pub(crate) fn case(mut self, case: &Case) -> Self {
        let path = self.setup.path("bundle.json");
        let bundle = case
            .bundle
            .as_str()
            .map_or_else(|| case.bundle.to_string(), str::to_owned);
        fs::write(&path, bundle).expect("written");
        self = self.args(["--code", &case.code, "--bundle", &path]);
        match (&case.nonce, &case.tag) {
            (Some(nonce), Some(tag)) => self.args(["--nonce", &nonce.to_string(), "--tag", tag]),
            _ => self,
        }
    }

    pub(crate) fn spawn(self) -> Child {
        let mut command = Command::new(binary());
        let state = self.setup.path("state");
        command
            .args(&self.args)
            .env_clear()
            .env("HOME", self.setup.folder.path())
            .env("SHELFPROOF_STATE", state);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command.spawn().expect("the binary")
    }

    /// Returns the output for people; the run must end with status `exit`.
    pub(crate) fn text(self, exit: i32) -> String {
        let args = self.args.clone();
        let output = self.spawn().wait_with_output().expect("its output");
        let (out, err) = (
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
        assert_eq!(output.status.code(), Some(exit), "{args:?}\n{out}{err}");
        assert!(!err.contains("panicked"), "{err}");
        out.into_owned()
    }

    /// Returns the object that it prints with `--json`; the run must end with status `exit`.
    pub(crate) fn json(self, exit: i32) -> Value {
        let text = self.args(["--json"]).text(exit);
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }
}
