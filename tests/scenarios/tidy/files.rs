//! The text files of the checkout.

use std::fs;
use std::process::Command;

use shelfproof_tests::{Result, tools};

/// A text file that git tracks or would add.
pub(crate) struct File {
    /// The path from the checkout's root, with `/` between folders.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl File {
    pub(crate) fn has_extension(&self, extension: &str) -> bool {
        self.path.rsplit_once('.').is_some_and(|(_, own)| own == extension)
    }

    /// Whether it is a Rust file below `src` of one of those packages.
    pub(crate) fn is_source_of(&self, packages: &[&str]) -> bool {
        self.has_extension("rs")
            && packages
                .iter()
                .any(|package| self.path.starts_with(&format!("{package}/src/")))
    }

    /// Whether it is the module of that name, or within it.
    pub(crate) fn is_below(&self, module: &str) -> bool {
        self.path
            .split('/')
            .any(|part| part == module || part.strip_suffix(".rs") == Some(module))
    }

    /// Whether a package manager wrote it.
    pub(crate) fn is_lock(&self) -> bool {
        self.path.ends_with("Cargo.lock") || self.path.ends_with("package-lock.json")
    }
}

/// Returns all text files, without those that are deleted but still tracked.
pub(crate) fn files() -> Result<Vec<File>> {
    // In a container the checkout often belongs to another user, and git then refuses to read it.
    let git = Command::new("git")
        .args([
            "-c",
            "safe.directory=*",
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ])
        .current_dir(tools::root())
        .output()?;
    if !git.status.success() {
        return Err(format!("git ls-files: {}", String::from_utf8_lossy(&git.stderr)).into());
    }
    let names = String::from_utf8(git.stdout)?;
    let paths = names
        .split_terminator('\0')
        .map(|path| (path, tools::root().join(path)));
    let texts = paths.filter_map(|(path, file)| {
        Some(File {
            path: path.to_owned(),
            text: fs::read_to_string(file).ok()?,
        })
    });
    let files: Vec<File> = texts.collect();
    assert!(
        files.iter().any(|file| file.path == "Cargo.toml"),
        "git lists other files than the checkout's"
    );
    Ok(files)
}

/// Whether a line contains the absolute folder, other than in the middle of a longer path or as the start of a longer
/// name.
pub(crate) fn names_folder(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + folder.len()..].chars().next();
        let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '}' | ')' | '*' | '/');
        !before.is_some_and(is_name) && !after.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '-'))
    })
}
