//! The user's input: files and standard input, each within a bound. Codes and secrets are never printed.

use std::fs::File;
use std::io::{self, BufRead, IsTerminal, Read};
use std::path::{Path, PathBuf};

use console::Term;
use shelfproof_verifier::bundle::{self, Bundle, Part};
use shelfproof_verifier::{Address, B256, buyer, json};

use crate::args::{BuyerArgs, CodeArgs};
use crate::cause::Cause;
use crate::report::Failure;
use crate::sentences::NotProved;

/// The most bytes of a file that holds a code, a nonce, a name or a secret.
const MAX_SECRET_BYTES: usize = 65_536;

/// Whose a sale is, if an answer that holds has compared its buyer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    /// Nothing was given to compare it with.
    Unchecked,
    /// That of whoever knows the secret: it was given bare, and whoever made it may have given it to others.
    Secret,
    /// The user's: the verifier itself made the secret, of the nonce and the name.
    Yours,
}

impl Whose {
    /// What to name as not proved, if anything.
    pub(crate) const fn not_proved(self) -> Option<NotProved> {
        match self {
            Self::Unchecked => Some(NotProved::WhoseSale),
            Self::Secret => Some(NotProved::SecretAlone),
            Self::Yours => None,
        }
    }

    /// The name in the JSON answer.
    pub(crate) const fn name(self) -> Option<&'static str> {
        match self {
            Self::Unchecked => None,
            Self::Secret => Some("whoever knows this secret"),
            Self::Yours => Some("you"),
        }
    }
}

/// The code, and the buyer's secret if the user gave one. Neither is ever printed, so there is no `Debug`.
pub(crate) struct KeyInput {
    /// The code, as it was typed.
    pub(crate) code: String,
    /// The buyer's secret.
    pub(crate) claim: Option<B256>,
    /// Whose a sale with that secret's buyer is.
    pub(crate) whose: Whose,
}

/// Reads files, and standard input for one option at most.
#[derive(Debug, Default)]
pub(crate) struct Inputs {
    stdin_for: Option<&'static str>,
}

impl Inputs {
    /// A file's bytes, or standard input's for `-`. At most one byte above `max_bytes` is read, so that the file's
    /// parser refuses it as too large.
    pub(crate) fn read(&mut self, path: &Path, option: &'static str, max_bytes: usize) -> Result<Vec<u8>, Failure> {
        if path == Path::new("-") {
            if let Some(other) = self.stdin_for.replace(option) {
                return Err(Failure::usage(format!(
                    "{other} and {option} cannot both read standard input"
                )));
            }
            return bounded(io::stdin().lock(), max_bytes).map_err(|error| unreadable(option, &error));
        }
        let read = || {
            let file = File::open(path)?;
            if file.metadata()?.is_dir() {
                return Err(io::Error::other("it is a folder"));
            }
            bounded(file, max_bytes)
        };
        read().map_err(|error| unreadable(&format!("{option} {}", path.display()), &error))
    }

    /// Reads a bundle, within its bound.
    pub(crate) fn bundle(&mut self, path: &Path, option: &'static str) -> Result<Bundle, Failure> {
        let bytes = self.read(path, option, bundle::MAX_BYTES)?;
        Ok(Bundle::parse(&bytes)?)
    }

    /// Reads a part of a bundle, within its bound.
    pub(crate) fn part(&mut self, path: &Path, option: &'static str) -> Result<Part, Failure> {
        let bytes = self.read(path, option, bundle::MAX_BYTES)?;
        Ok(Part::parse(&bytes)?)
    }

    /// Reads the parts of one bundle, and joins them.
    pub(crate) fn joined(&mut self, paths: &[PathBuf], option: &'static str) -> Result<Bundle, Failure> {
        if paths.len() > bundle::MAX_PARTS {
            return Err(Failure::usage(format!("{option}: at most {} files", bundle::MAX_PARTS)));
        }
        let parts = paths.iter().map(|path| self.part(path, option));
        let parts = parts.collect::<Result<Vec<_>, Failure>>()?;
        Ok(Bundle::join(parts)?)
    }

    /// Reads the parts of several keys' bundles, and joins those of each key. A bundle is named by the first of its files.
    pub(crate) fn joined_by_key(
        &mut self,
        paths: &[PathBuf],
        option: &'static str,
    ) -> Result<Vec<(String, Bundle)>, Failure> {
        if paths.len() > bundle::MAX_PARTS {
            return Err(Failure::usage(format!("{option}: at most {} files", bundle::MAX_PARTS)));
        }
        let mut keys: Vec<(String, Vec<Part>)> = Vec::new();
        for path in paths {
            let name = name_of(path);
            let part = self.part(path, option).map_err(|failure| match failure.cause {
                Cause::Check(_) => failure.of(&name),
                _ => failure,
            })?;
            let is_of = |parts: &[Part]| parts.first().is_some_and(|first| first.key() == part.key());
            match keys.iter_mut().find(|(_, parts)| is_of(parts)) {
                Some((_, parts)) => parts.push(part),
                None => keys.push((name, vec![part])),
            }
        }
        let join = |(name, parts): (String, Vec<Part>)| match Bundle::join(parts) {
            Ok(bundle) => Ok((name, bundle)),
            Err(refusal) => Err(Failure::from(refusal).of(&name)),
        };
        keys.into_iter().map(join).collect()
    }

    /// The code, and the buyer's secret if the user gave one.
    pub(crate) fn key(&mut self, args: &CodeArgs) -> Result<KeyInput, Failure> {
        let code = self.text(args.code.as_deref(), args.code_file.as_deref(), "--code-file")?;
        let code = code.ok_or_else(|| Failure::usage("--code or --code-file is missing"))?;
        let claim = self.claim(&args.buyer)?;
        let is_bare = args.buyer.secret.is_some() || args.buyer.secret_file.is_some();
        let whose = match claim {
            None => Whose::Unchecked,
            Some(_) if is_bare => Whose::Secret,
            Some(_) => Whose::Yours,
        };
        Ok(KeyInput { code, claim, whose })
    }

    /// The buyer's secret, given or made of nonce and name; `None` if the user gave neither.
    pub(crate) fn claim(&mut self, args: &BuyerArgs) -> Result<Option<B256>, Failure> {
        if let Some(secret) = self.text(args.secret.as_deref(), args.secret_file.as_deref(), "--secret-file")? {
            return word(&secret, "the secret").map(Some);
        }
        let nonce = self.text(args.nonce.as_deref(), args.nonce_file.as_deref(), "--nonce-file")?;
        let tag = self.text(args.tag.as_deref(), args.tag_file.as_deref(), "--tag-file")?;
        match (nonce, tag) {
            (None, None) => Ok(None),
            (Some(nonce), Some(tag)) => Ok(Some(buyer::secret(&word(&nonce, "the nonce")?, &tag))),
            _ => Err(Failure::usage(
                "a nonce and the name you bought under belong together: give both, or a secret",
            )),
        }
    }

    /// A text that was given, or that a file holds, without the line end; for `-`, what the user types.
    pub(crate) fn text(
        &mut self,
        given: Option<&str>,
        file: Option<&Path>,
        option: &'static str,
    ) -> Result<Option<String>, Failure> {
        let Some(path) = file else {
            return Ok(given.map(str::to_owned));
        };
        if path == Path::new("-") && io::stdin().is_terminal() {
            return typed(option).map(Some);
        }
        let bytes = self.read(path, option, MAX_SECRET_BYTES)?;
        if bytes.len() > MAX_SECRET_BYTES {
            return Err(Failure::new(
                Cause::Input,
                format!("{option}: more than {MAX_SECRET_BYTES} bytes"),
            ));
        }
        let text = String::from_utf8(bytes).map_err(|_| Failure::new(Cause::Input, format!("{option}: not UTF-8")))?;
        // Editors and terminals add a line end that the user did not type.
        Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned()))
    }
}

/// A file's name, without its folder.
pub(crate) fn name_of(path: &Path) -> String {
    path.file_name()
        .unwrap_or(path.as_os_str())
        .to_string_lossy()
        .into_owned()
}

/// Reads one line from the terminal, without showing it: users end their input by Enter, not by the key for the end of
/// a file.
fn typed(option: &'static str) -> Result<String, Failure> {
    let read = || {
        let terminal = Term::stderr();
        if terminal.is_term() {
            terminal.write_str(&format!("{option} (one line, not shown): "))?;
            return terminal.read_secure_line();
        }
        let mut line = String::new();
        io::stdin().lock().take(MAX_SECRET_BYTES as u64).read_line(&mut line)?;
        Ok(line.trim_end_matches(['\r', '\n']).to_owned())
    };
    read().map_err(|error| unreadable(option, &error))
}

fn bounded(reader: impl Read, max_bytes: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(max_bytes as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn unreadable(what: &str, error: &io::Error) -> Failure {
    Failure::new(Cause::Input, format!("{what}: {error}"))
}

/// Reads 32 bytes of hex, of either case, with or without 0x. The error names `what` it is, never the value.
pub(crate) fn word(text: &str, what: &str) -> Result<B256, Failure> {
    hex_word(text).ok_or_else(|| {
        Failure::new(
            Cause::Input,
            format!("{what} must be 64 digits of hex, with or without 0x before"),
        )
    })
}

/// As [`word`], for text that may be something else.
pub(crate) fn hex_word(text: &str) -> Option<B256> {
    lenient(text).and_then(|text| json::hex_bytes(&text)).map(B256::from)
}

/// Reads an address: 20 bytes of hex, of either case, with or without 0x.
pub(crate) fn address(text: &str, what: &str) -> Result<Address, Failure> {
    lenient(text)
        .and_then(|text| json::hex_bytes(&text))
        .map(Address::from)
        .ok_or_else(|| Failure::new(Cause::Input, format!("{what} must be 40 digits of hex after 0x")))
}

fn lenient(text: &str) -> Option<String> {
    let text = text
        .trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}')
        .to_ascii_lowercase();
    let digits = text.strip_prefix("0x").unwrap_or(&text);
    (!digits.is_empty()).then(|| format!("0x{digits}"))
}
