//! Runs the binary, with its own home folder.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde::Deserialize;
use serde_json::Value;
use tempfile::TempDir;

/// One of the vectors' bundles or refusals; `bundle` and `trusted` are the files' text.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) code: String,
    pub(crate) nonce: Option<String>,
    pub(crate) tag: Option<String>,
    pub(crate) verdict: String,
    pub(crate) receipt_status: Vec<Value>,
    pub(crate) bundle: String,
    pub(crate) trusted: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    name: String,
    code: String,
    nonce: Option<String>,
    tag: Option<String>,
    verdict: String,
    #[serde(default)]
    receipt_status: Vec<Value>,
    bundle: Value,
    trusted: Option<Value>,
}

/// The vectors' file.
pub(crate) fn read() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors/protocol-v1.json");
    serde_json::from_slice(&fs::read(path).expect("the vectors")).expect("JSON")
}

/// The cases under `name`.
pub(crate) fn vectors(name: &str) -> Vec<Case> {
    let all = read();
    let listed: Vec<Listed> = serde_json::from_value(all[name].clone()).expect("cases");
    assert!(!listed.is_empty());
    let case = |listed: Listed| Case {
        name: listed.name,
        code: listed.code,
        nonce: listed.nonce,
        tag: listed.tag,
        verdict: listed.verdict,
        receipt_status: listed.receipt_status,
        bundle: listed
            .bundle
            .as_str()
            .map_or_else(|| listed.bundle.to_string(), str::to_owned),
        trusted: listed.trusted.unwrap_or_else(|| all["trusted"].clone()).to_string(),
    };
    listed.into_iter().map(case).collect()
}

/// The secret that the vectors give for a nonce.
pub(crate) fn buyer_secret(nonce: &str) -> String {
    let all = read();
    let buyers = all["buyers"].as_array().expect("buyers");
    let buyer = buyers.iter().find(|buyer| buyer["nonce"] == nonce).expect("the nonce");
    buyer["secret"].as_str().expect("a secret").to_owned()
}

/// The program and a home folder for it.
pub(crate) struct Cli {
    home: TempDir,
}

impl Cli {
    pub(crate) fn new() -> Self {
        Self {
            home: tempfile::tempdir().expect("a folder"),
        }
    }

    /// Writes a file, and returns its path.
    pub(crate) fn write(&self, name: &str, content: &str) -> String {
        let path = self.home.path().join(name);
        fs::write(&path, content).expect("written");
        path.to_str().expect("UTF-8").to_owned()
    }

    /// Makes a folder.
    pub(crate) fn folder(&self) -> String {
        let path = self.home.path().join("folder");
        fs::create_dir_all(&path).expect("made");
        path.to_str().expect("UTF-8").to_owned()
    }

    pub(crate) fn run<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(&self, args: I) -> Run<'_> {
        let args = args.into_iter().map(|arg| arg.as_ref().to_owned()).collect();
        Run {
            cli: self,
            args,
            envs: Vec::new(),
            stdin: String::new(),
        }
    }

    /// `key` with all options of a case.
    pub(crate) fn key(&self, case: &Case) -> Run<'_> {
        let mut run = self.run(["key", "--code", &case.code]);
        if let Some((nonce, tag)) = case.nonce.as_ref().zip(case.tag.as_ref()) {
            run = run.args(["--nonce", nonce, "--tag", tag]);
        }
        run.bundle(case).offline(case)
    }
}

/// The builder of one run.
pub(crate) struct Run<'a> {
    cli: &'a Cli,
    args: Vec<OsString>,
    envs: Vec<(String, String)>,
    stdin: String,
}

impl Run<'_> {
    pub(crate) fn args<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(mut self, args: I) -> Self {
        self.args.extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    /// Another command with the same options.
    pub(crate) fn command(mut self, command: &str) -> Self {
        self.args[0] = command.into();
        self
    }

    pub(crate) fn bundle(self, case: &Case) -> Self {
        let path = self.cli.write("case.json", &case.bundle);
        self.args(["--bundle", &path])
    }

    pub(crate) fn offline(self, case: &Case) -> Self {
        let path = self.cli.write("case-trusted.json", &case.trusted);
        self.args(["--offline", "--trusted-epochs", &path])
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.envs.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn stdin(mut self, text: &str) -> Self {
        text.clone_into(&mut self.stdin);
        self
    }

    pub(crate) fn output(self) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_shelfproof-verify"));
        command
            .args(&self.args)
            .env_clear()
            .env("HOME", self.cli.home.path())
            .envs(self.envs);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary");
        let mut stdin = child.stdin.take().expect("a pipe");
        // A run that fails before it reads closes the pipe.
        let _ = stdin.write_all(self.stdin.as_bytes());
        drop(stdin);
        child.wait_with_output().expect("its output")
    }

    /// The output of a run that ends with that status and prints nothing on standard error.
    pub(crate) fn text(self, exit: i32) -> String {
        let args = self.args.clone();
        let output = self.output();
        let (out, err) = (
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
        assert_eq!(output.status.code(), Some(exit), "{args:?}\n{out}{err}");
        assert!(err.is_empty(), "{args:?}\n{err}");
        out.into_owned()
    }

    /// The JSON output of a run that already has `--json`.
    pub(crate) fn json(self, exit: i32) -> Value {
        let text = self.text(exit);
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    /// The JSON output, with `--json` added.
    pub(crate) fn json_only(self, exit: i32) -> Value {
        self.args(["--json"]).json(exit)
    }
}
