//! Configuration errors, with the place of each. Messages contain no value that may be a secret.

use std::fmt;
use std::path::PathBuf;

use figment::error::{Actual, Kind};
use figment::{Metadata, Source};

#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("the configuration {}: {cause}", path.display())]
    Unreadable { path: PathBuf, cause: std::io::Error },
    #[error("the configuration {}, line {line}: {message}", path.display())]
    NotToml {
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// The parser's message, without the line itself, which may contain a secret.
        message: String,
    },
    /// Fields that are missing or unknown, or that break a rule.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n       "))]
    Fields(Vec<Problem>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// `section.field`.
    pub field: String,
    /// What is wrong with it: `must be 1 to 64, not 65`.
    pub rule: String,
    /// Where the value came from; empty if there is none.
    pub origin: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.field, self.rule)?;
        if self.origin.is_empty() {
            return Ok(());
        }
        write!(out, " (from {})", self.origin)
    }
}

impl ConfigError {
    /// Converts figment's errors about `section`.
    pub(super) fn from_figment(section: &str, errors: figment::Error) -> Self {
        Self::Fields(errors.into_iter().map(|error| problem(section, &error)).collect())
    }
}

fn problem(section: &str, error: &figment::Error) -> Problem {
    // Figment's path contains the section too, at its start or its end.
    let inner = error.path.iter().map(String::as_str).filter(|part| *part != section);
    let field = [section]
        .into_iter()
        .chain(inner)
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(".");
    let named = |name: &str| match field.rsplit('.').next() {
        Some(last) if last == name => field.clone(),
        _ => format!("{field}.{name}").trim_start_matches('.').to_owned(),
    };
    let (field, rule) = match &error.kind {
        Kind::MissingField(name) => {
            let field = named(name);
            let rule = format!(
                "is not set: write it into the configuration file, or set {}",
                variable(&field)
            );
            (field, rule)
        }
        Kind::UnknownField(name, known) => (named(name), format!("is unknown here; known are {}", known.join(", "))),
        Kind::UnknownVariant(name, known) => (field, format!("must be one of {}, not {name}", known.join(", "))),
        Kind::InvalidType(actual, expected) | Kind::InvalidValue(actual, expected) => {
            (field, format!("must be {expected}, not {}", shown(actual)))
        }
        Kind::ISizeOutOfRange(_) | Kind::USizeOutOfRange(_) => (field, "is a number out of range".to_owned()),
        Kind::Message(cause) => (field, format!("cannot be used: {cause}")),
        other => (field, format!("cannot be used: {other}")),
    };
    let origin = match error.kind {
        Kind::MissingField(_) => String::new(),
        _ => error
            .metadata
            .as_ref()
            .map_or_else(String::new, |metadata| origin(metadata, &field)),
    };
    Problem { field, rule, origin }
}

/// Names a value of the wrong type. A string is not shown: it may be a secret in the wrong place.
fn shown(actual: &Actual) -> String {
    match actual {
        Actual::Str(_) | Actual::Char(_) | Actual::Bytes(_) | Actual::Other(_) => "a text".to_owned(),
        other => other.to_string(),
    }
}

/// The environment variable that sets a field.
pub(super) fn variable(field: &str) -> String {
    format!("SHELFPROOF_{}", field.replace('.', "__").to_uppercase())
}

/// Where a value came from: a file, a flag or an environment variable.
pub(super) fn origin(metadata: &Metadata, field: &str) -> String {
    match &metadata.source {
        Some(Source::File(path)) => path.display().to_string(),
        Some(Source::Custom(source)) => source.clone(),
        _ if metadata.name.contains("environment") => variable(field),
        _ => "the defaults".to_owned(),
    }
}
