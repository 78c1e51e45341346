//! Reads the layers (file, environment, flags) and extracts sections from them.

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
use super::{ConfigError, Problem, Section};

/// The file in the working folder that is read if none is named.
const DEFAULT_FILE: &str = "shelfproof.toml";

/// Names the file if no flag does.
const FILE_VARIABLE: &str = "SHELFPROOF_CONFIG";

/// Separates section and field in the name of an environment variable.
const SEPARATOR: &str = "__";

/// A value that a command-line flag sets.
#[derive(Clone, Debug)]
pub struct Flag {
    /// The flag as it is typed: `--listen`.
    pub name: &'static str,
    /// `section.field`.
    pub field: &'static str,
    pub value: String,
}

/// The merged layers. Values are checked when a section is extracted.
pub struct Settings {
    figment: Figment,
}

impl Settings {
    /// Reads `file`, or the file that `SHELFPROOF_CONFIG` names, or `shelfproof.toml` if it exists; then the
    /// environment; then `flags`.
    ///
    /// # Errors
    /// If a file that was named cannot be read, or the file is not TOML.
    pub fn read(file: Option<&Path>, flags: &[Flag]) -> Result<Self, ConfigError> {
        let named = file
            .map(Path::to_owned)
            .or_else(|| env::var_os(FILE_VARIABLE).map(PathBuf::from));
        let found = named.or_else(|| Path::new(DEFAULT_FILE).is_file().then(|| DEFAULT_FILE.into()));
        // Variables with this prefix but without a separator are not settings.
        let environment = Env::prefixed("SHELFPROOF_")
            .filter(|name| name.as_str().contains(SEPARATOR))
            .split(SEPARATOR);
        let file = found.as_deref().map_or_else(|| Ok(Figment::new()), layer)?;
        Ok(Self::with_flags(file.merge(environment), flags))
    }

    /// Reads `file`, then `flags`, but not the environment, which may be set for another shop.
    ///
    /// # Errors
    /// If the file cannot be read, or is not TOML.
    pub fn read_apart(file: &Path, flags: &[Flag]) -> Result<Self, ConfigError> {
        Ok(Self::with_flags(layer(file)?, flags))
    }

    fn with_flags(figment: Figment, flags: &[Flag]) -> Self {
        let figment = flags.iter().fold(figment, |figment, flag| figment.merge(flag.clone()));
        Self { figment }
    }

    /// Extracts a section and checks it. A section that is missing is read as empty.
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

    /// Extracts a section like [`section`](Self::section); if that fails, adds its problems to `problems`.
    pub fn section_or<T: Section>(&self, problems: &mut Vec<Problem>) -> Option<T> {
        match self.section() {
            Ok(section) => return Some(section),
            Err(ConfigError::Fields(more)) => problems.extend(more),
            // Only reading the file returns these, and that is done.
            Err(ConfigError::Unreadable { .. } | ConfigError::NotToml { .. }) => {}
        }
        None
    }

    /// Turns broken rules of `section` into an error. If `section` is empty, the fields are given as `section.field`.
    ///
    /// # Errors
    /// If `broken` is not empty.
    pub fn refuse<F: AsRef<str>>(&self, section: &str, broken: Vec<(F, String)>) -> Result<(), ConfigError> {
        if broken.is_empty() {
            return Ok(());
        }
        Err(self.refusal(section, broken))
    }

    /// Returns a problem for each section that is not in `known`.
    #[must_use]
    pub fn unknown_sections(&self, known: &[&str]) -> Vec<Problem> {
        // The top level of figment's data is always a dictionary.
        let sections: Dict = self.figment.extract().unwrap_or_default();
        let unknown = sections.into_keys().filter(|name| !known.contains(&name.as_str()));
        let problem = |field: String| Problem {
            rule: format!("is unknown here; known are {}", known.join(", ")),
            origin: self.origin(&field).unwrap_or_default(),
            field,
        };
        unknown.map(problem).collect()
    }

    fn refusal<F: AsRef<str>>(&self, section: &str, broken: Vec<(F, String)>) -> ConfigError {
        let problem = |(field, rule): (F, String)| {
            let field = field.as_ref();
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

    /// Where a field's value came from; `None` for a default.
    pub(super) fn origin(&self, field: &str) -> Option<String> {
        Some(origin(self.figment.find_metadata(field)?, field))
    }
}

/// Prints no value: some are secret.
impl fmt::Debug for Settings {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Settings").finish_non_exhaustive()
    }
}

/// Reads the file as one layer. It is parsed here first, because figment's error would contain the line, with its
/// secrets.
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

/// Deserializes a path. A relative path in the file is relative to the file's folder.
///
/// # Errors
/// If the value is not a string.
pub fn path<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PathBuf, D::Error> {
    RelativePathBuf::deserialize(deserializer).map(|path| path.relative())
}

/// Like [`path`], for a field that need not be set.
///
/// # Errors
/// If the value is not a string.
pub fn optional_path<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<PathBuf>, D::Error> {
    path(deserializer).map(Some)
}
