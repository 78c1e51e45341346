//! Prints the effective settings as a TOML file, with the origin of each value and without secrets.

use std::fmt::Write;

use serde::Serialize;

use super::Settings;

impl Settings {
    /// Formats `config`, which was read from these settings, as TOML with the origin of each value as a comment.
    #[must_use]
    pub fn describe(&self, config: &impl Serialize) -> String {
        let sections = toml::Table::try_from(config).unwrap_or_default();
        let mut text = String::new();
        for (section, fields) in &sections {
            let _ = writeln!(text, "[{section}]");
            for (field, value) in fields.as_table().into_iter().flatten() {
                let field_of = |name: &str| self.origin(&format!("{section}.{name}"));
                // A secret that was read from a file has replaced the value of the field itself.
                let origin = field_of(field).or_else(|| field_of(&format!("{field}_file")));
                let origin = origin.unwrap_or_else(|| "default".to_owned());
                let _ = writeln!(text, "{:<48} # {origin}", format!("{field} = {value}"));
            }
            text.push('\n');
        }
        text
    }
}
