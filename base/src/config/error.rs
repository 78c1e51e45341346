//! What is wrong with the settings, said so that whoever wrote them finds the place.

use std::fmt;
use std::path::PathBuf;

use figment::error::{Actual, Kind};
use figment::{Metadata, Source};

/// Settings that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file that was named cannot be read.
    #[error("the configuration {}: {cause}", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// The system's words.
        cause: std::io::Error,
    },
    /// The file is no TOML.
    #[error("the configuration {}, line {line}: {message}", path.display())]
    NotToml {
        /// Which file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What TOML asks for; never the line itself, which may hold a secret.
        message: String,
    },
    /// One or more fields are missing, unknown or break a rule.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n       "))]
    Fields(Vec<Problem>),
}

/// One field that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The field, as `section.field`.
    pub field: String,
    /// What it must be.
    pub rule: String,
    /// Where its value came from; empty where there is none.
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
    /// Figment's errors, of `section`, as ours.
    pub(super) fn from_figment(section: &str, errors: figment::Error) -> Self {
        Self::Fields(errors.into_iter().map(|error| problem(section, &error)).collect())
    }
}

fn problem(section: &str, error: &figment::Error) -> Problem {
    // Figment's path holds the section too, at either end.
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

/// A value of the wrong type; never a text, which may be a secret in the wrong place.
fn shown(actual: &Actual) -> String {
    match actual {
        Actual::Str(_) | Actual::Char(_) | Actual::Bytes(_) | Actual::Other(_) => "a text".to_owned(),
        other => other.to_string(),
    }
}

/// The environment variable of a field.
pub(super) fn variable(field: &str) -> String {
    format!("SHELFPROOF_{}", field.replace('.', "__").to_uppercase())
}

/// Where a value came from, in words.
pub(super) fn origin(metadata: &Metadata, field: &str) -> String {
    match &metadata.source {
        Some(Source::File(path)) => path.display().to_string(),
        Some(Source::Custom(source)) => source.clone(),
        _ if metadata.name.contains("environment") => variable(field),
        _ => "the defaults".to_owned(),
    }
}
