//! Errors of the command line, without the text that the user typed, which may contain a code or a secret.

use clap::error::{ContextKind, ContextValue, Error, ErrorKind};

use crate::report::Failure;

/// Whether the user asked for help or the version.
pub(crate) fn is_help(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
    )
}

/// Translates clap's error.
pub(crate) fn failure(error: &Error) -> Failure {
    let options = named_options(error);
    let detail = match error.kind() {
        ErrorKind::UnknownArgument => {
            let hint = "a value follows its option, as in --code CODE";
            format!(
                "an argument is not known{}{} ({hint})",
                listed(&options),
                suggestion(error)
            )
        }
        ErrorKind::InvalidSubcommand => format!("the command is not known{}", suggestion(error)),
        ErrorKind::MissingSubcommand => {
            "a command is missing: key, show, receipt, buyer, audit, watch, evidence, epochs or trust".to_owned()
        }
        ErrorKind::MissingRequiredArgument => format!("a required argument is missing{}", listed(&options)),
        ErrorKind::ArgumentConflict => format!("some options cannot be used together{}", listed(&options)),
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            format!("an option's value is not valid{}", listed(&options))
        }
        ErrorKind::NoEquals | ErrorKind::TooFewValues | ErrorKind::TooManyValues | ErrorKind::WrongNumberOfValues => {
            format!("an option has no value, or too many{}", listed(&options))
        }
        ErrorKind::InvalidUtf8 => "an argument is not UTF-8".to_owned(),
        _ => "the command line is not understood".to_owned(),
    };
    Failure::usage(detail)
}

/// The options that an error is about. Clap names them by their definition, except an unknown argument, which is the
/// user's text: of that, only what looks like an option is kept, without its value.
fn named_options(error: &Error) -> Vec<String> {
    let own = error.kind() == ErrorKind::UnknownArgument;
    let mut options: Vec<String> = Vec::new();
    for kind in [ContextKind::InvalidArg, ContextKind::PriorArg] {
        match error.get(kind) {
            Some(ContextValue::String(text)) => options.push(text.clone()),
            Some(ContextValue::Strings(texts)) => options.extend(texts.iter().cloned()),
            _ => {}
        }
    }
    if own {
        options.retain_mut(|option| {
            option.truncate(option.find('=').unwrap_or(option.len()));
            option
                .strip_prefix("--")
                .is_some_and(|name| name.chars().all(|c| c.is_ascii_lowercase() || c == '-'))
        });
    }
    options
}

fn listed(options: &[String]) -> String {
    if options.is_empty() {
        String::new()
    } else {
        format!(": {}", options.join(", "))
    }
}

fn suggestion(error: &Error) -> String {
    for kind in [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand] {
        match error.get(kind) {
            Some(ContextValue::String(text)) => return format!("; did you mean {text}?"),
            Some(ContextValue::Strings(texts)) if !texts.is_empty() => {
                return format!("; did you mean {}?", texts.join(" or "));
            }
            _ => {}
        }
    }
    String::new()
}
