//! The folder that a cheat leaves: its files, the command that shows it, and the verdict.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use shelfproof_base::keyfile::disk;
use shelfproof_verifier::bundle::Bundle;

use crate::Result;
use crate::anchored_shop::Secret;
use crate::child::{Signal, command, spawn};

/// The folder, which only its owner can read.
pub(super) struct Place {
    folder: PathBuf,
    verify: PathBuf,
}

/// The verifier's answer.
#[derive(Clone, Debug)]
pub(super) struct Ruling {
    /// Its exit status.
    pub(super) exit: i32,
    /// The verdict, or the code of the refusal.
    pub(super) word: String,
    /// The whole output.
    pub(super) text: String,
}

impl Place {
    /// Creates the folder, which must not exist, for commands of that verifier.
    pub(super) fn make(folder: PathBuf, verify: &Path) -> Result<Self> {
        DirBuilder::new()
            .mode(0o700)
            .create(&folder)
            .map_err(|error| format!("{}: {error}", folder.display()))?;
        Ok(Self {
            folder,
            verify: verify.to_owned(),
        })
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The path of a file or folder in it.
    pub(super) fn path(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }

    /// Writes a file that only its owner can read, and returns its path.
    pub(super) fn write(&self, name: &str, bytes: &[u8]) -> Result<String> {
        let path = self.folder.join(name);
        fs::create_dir_all(path.parent().unwrap_or(&self.folder))?;
        disk::replace(&path, bytes)?;
        Ok(path.display().to_string())
    }

    /// Writes a buyer's code and secret, and returns the options that name the files.
    pub(super) fn buyer(&self, name: &str, code: &str, secret: &Secret) -> Result<Vec<String>> {
        Ok(vec![
            "--code-file".to_owned(),
            self.write(&format!("{name}.code"), code.as_bytes())?,
            "--nonce-file".to_owned(),
            self.write(&format!("{name}.nonce"), secret.nonce.to_string().as_bytes())?,
            "--tag-file".to_owned(),
            self.write(&format!("{name}.tag"), secret.tag.as_bytes())?,
        ])
    }

    /// Writes a bundle, and returns the options that name the file.
    pub(super) fn bundle(&self, name: &str, bundle: &Bundle) -> Result<Vec<String>> {
        let path = self.write(&format!("{name}.proof.json"), bundle.to_json().as_bytes())?;
        Ok(vec!["--bundle".to_owned(), path])
    }

    /// Runs the verifier.
    pub(super) fn judge(&self, args: &[String]) -> Result<Ruling> {
        let mut verify = command(&self.verify, None, Signal::Kill);
        verify.args(args);
        ruling(verify)
    }

    /// Writes the command into the folder, runs it, and keeps its output.
    pub(super) fn command(&self, args: &[String]) -> Result<Ruling> {
        let words: Vec<String> = args.iter().map(|arg| quoted(arg)).collect();
        let line = format!(
            "exec {} {}\n",
            quoted(&self.verify.display().to_string()),
            words.join(" ")
        );
        let path = self.write("command", line.as_bytes())?;
        let mut sh = command("sh", None, Signal::Kill);
        sh.arg(path);
        let ruling = ruling(sh)?;
        self.write("verdict", ruling.text.as_bytes())?;
        Ok(ruling)
    }
}

fn ruling(mut command: Command) -> Result<Ruling> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let output = spawn(command)?.wait_with_output()?;
    let text = String::from_utf8(output.stdout)?;
    let word = text.lines().next().and_then(|line| line.split_once(": "));
    let Some((_, word)) = word else {
        return Err(format!("no verdict: {text}{}", String::from_utf8_lossy(&output.stderr)).into());
    };
    // Whether an audit covers it stands behind, in parentheses.
    let word = word.split(" (").next().unwrap_or(word);
    Ok(Ruling {
        exit: output.status.code().unwrap_or(-1),
        word: word.to_owned(),
        text,
    })
}

/// Quotes an argument for a shell.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}
