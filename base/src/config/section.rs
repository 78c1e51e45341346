//! Sections of the configuration file, and the list of those that a program reads.

use serde::de::DeserializeOwned;

use super::Check;

/// A section of the configuration file: `[http]` is one.
///
/// Define the type in the program that reads it. Derive `Deserialize` with `deny_unknown_fields`, so that a misspelt
/// field is refused, and `Serialize`, for [`describe`](super::Settings::describe).
pub trait Section: DeserializeOwned {
    /// The name in the file, without brackets.
    const NAME: &'static str;

    /// Checks the values; returns each field that breaks a rule.
    fn broken(&self) -> Vec<Check> {
        Vec::new()
    }

    /// Replaces fields that name a file by what the file contains. Called once [`broken`](Self::broken) found nothing.
    ///
    /// # Errors
    /// The field whose file cannot be used.
    fn read_files(&mut self) -> Result<(), Check> {
        Ok(())
    }
}

/// Declares the configuration of a program: a struct with one public field per section.
///
/// The struct derives `Clone`, `Debug` and `Serialize`, and has two associated items: `NAMES`, the names of its
/// sections, and the private function `sections(settings, others)`, which reads all of them. That function refuses
/// sections that are neither in `NAMES` nor in `others`, which lists the sections of other programs that share the
/// file. It returns all problems together.
#[macro_export]
macro_rules! config_sections {
    ($(#[$about:meta])* pub struct $config:ident { $($(#[$doc:meta])* pub $field:ident: $section:ty,)+ }) => {
        $(#[$about])*
        #[derive(Clone, Debug, ::serde::Serialize)]
        pub struct $config {
            $($(#[$doc])* pub $field: $section,)+
        }

        impl $config {
            /// The names of the sections.
            pub const NAMES: &[&str] = &[$(<$section as $crate::config::Section>::NAME),+];

            fn sections(
                settings: &$crate::config::Settings,
                others: &[&str],
            ) -> Result<Self, $crate::config::ConfigError> {
                let mut problems = settings.unknown_sections(&[Self::NAMES, others].concat());
                $(let $field = settings.section_or::<$section>(&mut problems);)+
                match ($($field,)+) {
                    ($(Some($field),)+) if problems.is_empty() => Ok(Self { $($field),+ }),
                    _ => Err($crate::config::ConfigError::Fields(problems)),
                }
            }
        }
    };
}
