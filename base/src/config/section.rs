//! What a section of the configuration file is.

use serde::de::DeserializeOwned;

use super::Check;

/// A section of the configuration file: `[http]` is one.
///
/// The type lives in the program that reads it. It derives `Deserialize` with `deny_unknown_fields`, so that a misspelt
/// field is refused, and `Serialize`, so that [`describe`](super::Settings::describe) can print it.
pub trait Section: DeserializeOwned {
    /// Its name in the file, without brackets.
    const NAME: &'static str;

    /// The rules that its values break.
    fn broken(&self) -> Vec<Check> {
        Vec::new()
    }

    /// Reads values from the files that other fields name, once [`broken`](Self::broken) finds nothing.
    ///
    /// # Errors
    /// The field that names a file which cannot be used.
    fn read_files(&mut self) -> Result<(), Check> {
        Ok(())
    }
}

/// Declares the configuration of a program: a struct with one public field a section.
///
/// It derives `Clone`, `Debug` and `Serialize`, and gets two associated items: `NAMES`, the names of its sections, and
/// `sections(settings, others)`, which reads all of them, refuses sections that are neither these nor among `others`
/// (those of the program that shares the file), and says everything that is wrong at once.
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
