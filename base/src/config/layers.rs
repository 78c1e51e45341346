//! The layers: file, environment, flags.

use std::collections::BTreeMap;
use std::env;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use figment::providers::{Env, Format, Toml};
use figment::value::magic::RelativePathBuf;
use figment::value::{Dict, Map};
use figment::{Figment, Metadata, Profile, Provider};
use serde::Deserialize;
use serde::de::Deserializer;

use super::error::origin;
use super::{Check, ConfigError, Problem, Section};

/// The file that is read where none is named, in the working folder.
const DEFAULT_FILE: &str = "shelfproof.toml";

/// Names the file, where no flag does.
const FILE_VARIABLE: &str = "SHELFPROOF_CONFIG";

/// Parts a section from its field in the environment.
const SEPARATOR: &str = "__";

/// A value from the command line.
#[derive(Clone, Debug)]
pub struct Flag {
    /// As it is typed: `--listen`.
    pub name: &'static str,
    /// `section.field`.
    pub field: &'static str,
    /// Its value.
    pub value: String,
}

/// The layers, read but not yet checked: a command takes the sections that it needs.
pub struct Settings {
    figment: Figment,
}

impl Settings {
    /// Reads `file`, else the one that `SHELFPROOF_CONFIG` names, else `shelfproof.toml` if there is one; then the
    /// environment; then `flags`.
    ///
    /// # Errors
    /// Where a file that was named cannot be read, or the file is no TOML.
    pub fn read(file: Option<&Path>, flags: &[Flag]) -> Result<Self, ConfigError> {
        let named = file
            .map(Path::to_owned)
            .or_else(|| env::var_os(FILE_VARIABLE).map(PathBuf::from));
        let found = named.or_else(|| Path::new(DEFAULT_FILE).is_file().then(|| DEFAULT_FILE.into()));
        // Other variables of this prefix are no settings: they hold no separator.
        let environment = Env::prefixed("SHELFPROOF_")
            .filter(|name| name.as_str().contains(SEPARATOR))
            .split(SEPARATOR);
        let file = found.as_deref().map_or_else(|| Ok(Figment::new()), layer)?;
        Ok(Self::with_flags(file.merge(environment), flags))
    }

    /// Reads `file`, then `flags`, and not the environment: that may be meant for another shop.
    ///
    /// # Errors
    /// Where the file cannot be read, or is no TOML.
    pub fn read_apart(file: &Path, flags: &[Flag]) -> Result<Self, ConfigError> {
        Ok(Self::with_flags(layer(file)?, flags))
    }

    fn with_flags(figment: Figment, flags: &[Flag]) -> Self {
        let figment = flags.iter().fold(figment, |figment, flag| figment.merge(flag.clone()));
        Self { figment }
    }

    /// One section, held to its rules; one that is not there is read as empty.
    ///
    /// # Errors
    /// Every field that is missing, unknown or breaks a rule.
    pub fn section<T: Section>(&self) -> Result<T, ConfigError> {
        let empty = Figment::from((T::NAME, Dict::new()));
        let mut section: T = empty
            .merge(&self.figment)
            .extract_inner(T::NAME)
            .map_err(|errors| ConfigError::from_figment(T::NAME, errors))?;
        self.refuse(T::NAME, section.broken())?;
        section
            .read_files()
            .map_err(|check| self.refusal(T::NAME, vec![check]))?;
        Ok(section)
    }

    /// One section; where it cannot be used, its problems are put with the others, so that everything wrong is said at once.
    pub fn section_or<T: Section>(&self, problems: &mut Vec<Problem>) -> Option<T> {
        match self.section() {
            Ok(section) => return Some(section),
            Err(ConfigError::Fields(more)) => problems.extend(more),
            // Files are read before any section is.
            Err(ConfigError::Unreadable { .. } | ConfigError::NotToml { .. }) => {}
        }
        None
    }

    /// Turns broken rules of a section into an error; where `section` is empty, the fields name theirs.
    ///
    /// # Errors
    /// Where there are any.
    pub fn refuse(&self, section: &str, broken: Vec<Check>) -> Result<(), ConfigError> {
        if broken.is_empty() {
            return Ok(());
        }
        Err(self.refusal(section, broken))
    }

    /// The sections that are not among `known`, as problems.
    #[must_use]
    pub fn unknown_sections(&self, known: &[&str]) -> Vec<Problem> {
        // Figment's data is a dictionary at its top always: nothing else can be merged.
        let sections: Dict = self.figment.extract().unwrap_or_default();
        let unknown = sections.into_keys().filter(|name| !known.contains(&name.as_str()));
        let problem = |field: String| Problem {
            rule: format!("is unknown here; known are {}", known.join(", ")),
            origin: self.origin(&field).unwrap_or_default(),
            field,
        };
        unknown.map(problem).collect()
    }

    fn refusal(&self, section: &str, broken: Vec<Check>) -> ConfigError {
        let problem = |(field, rule): Check| {
            let field = if section.is_empty() {
                field.to_owned()
            } else {
                format!("{section}.{field}")
            };
            let origin = self.origin(&field).unwrap_or_default();
            Problem { field, rule, origin }
        };
        ConfigError::Fields(broken.into_iter().map(problem).collect())
    }

    /// Where a field's value came from; nothing for a default.
    pub(super) fn origin(&self, field: &str) -> Option<String> {
        Some(origin(self.figment.find_metadata(field)?, field))
    }
}

/// Without a value: the database's address is among them.
impl fmt::Debug for Settings {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Settings").finish_non_exhaustive()
    }
}

/// The file, read as TOML before figment reads it: figment's error would print the line, secrets and all.
fn layer(path: &Path) -> Result<Figment, ConfigError> {
    let text = fs::read_to_string(path).map_err(|cause| ConfigError::Unreadable {
        path: path.to_owned(),
        cause,
    })?;
    let Err(error) = text.parse::<toml::Table>() else {
        return Ok(Figment::from(Toml::file_exact(path)));
    };
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    Err(ConfigError::NotToml {
        path: path.to_owned(),
        line: before.matches('\n').count() + 1,
        message: error.message().to_owned(),
    })
}

impl Provider for Flag {
    fn metadata(&self) -> Metadata {
        Metadata::from("command line", format!("the flag {}", self.name))
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        let value = figment::util::nest(self.field, self.value.clone().into());
        Ok(BTreeMap::from([(
            Profile::Default,
            value.into_dict().unwrap_or_default(),
        )]))
    }
}

/// A path; one from the file starts at the file's folder.
///
/// # Errors
/// Where it is no text.
pub fn path<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PathBuf, D::Error> {
    RelativePathBuf::deserialize(deserializer).map(|path| path.relative())
}

/// The same, for a field that need not be set.
///
/// # Errors
/// Where it is no text.
pub fn optional_path<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<PathBuf>, D::Error> {
    path(deserializer).map(Some)
}
