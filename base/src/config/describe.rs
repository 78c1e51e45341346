//! The effective settings as text: the file that would say the same, each value with its origin, secrets hidden.

use std::fmt::Write;

use serde::Serialize;

use super::Settings;

impl Settings {
    /// `config`, which these settings made, as TOML with a comment on where each value came from.
    #[must_use]
    pub fn describe(&self, config: &impl Serialize) -> String {
        let sections = toml::Table::try_from(config).unwrap_or_default();
        let mut text = String::new();
        for (section, fields) in &sections {
            let _ = writeln!(text, "[{section}]");
            for (field, value) in fields.as_table().into_iter().flatten() {
                let field_of = |name: &str| self.origin(&format!("{section}.{name}"));
                // A secret that was read from a file stands in the field itself.
                let origin = field_of(field).or_else(|| field_of(&format!("{field}_file")));
                let origin = origin.unwrap_or_else(|| "default".to_owned());
                let _ = writeln!(text, "{:<48} # {origin}", format!("{field} = {value}"));
            }
            text.push('\n');
        }
        text
    }
}
