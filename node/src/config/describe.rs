//! The effective settings as text: the file that would say the same, each value with its origin, secrets hidden.

use std::fmt::Write;

use super::{Config, Settings};

impl Settings {
    /// `config`, which these settings made, as TOML with a comment on where each value came from.
    #[must_use]
    pub fn describe(&self, config: &Config) -> String {
        let sections = toml::Table::try_from(config).unwrap_or_default();
        let mut text = String::new();
        for (section, fields) in &sections {
            let _ = writeln!(text, "[{section}]");
            for (field, value) in fields.as_table().into_iter().flatten() {
                let origin = self.origin(&format!("{section}.{field}"));
                let origin = origin.unwrap_or_else(|| "default".to_owned());
                let _ = writeln!(text, "{:<48} # {origin}", format!("{field} = {value}"));
            }
            text.push('\n');
        }
        text
    }
}
