//! `shelfproof-verify`: a shop's word about a key, checked against what it committed to on a chain.

mod args;
mod audit;
mod cause;
mod disclosed;
mod epochs;
mod input;
mod key;
mod pins;
mod receipt;
mod report;
mod sentences;
mod source;
mod store;
mod text;
mod time;
mod trust;
mod usage;

use std::env;
use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Command, Lang};
use key::Style;
use pins::{Names, Pins};
use report::{Failure, Printer, Report};

/// What all commands share of the command line.
pub(crate) struct Context {
    trust_store: Option<std::path::PathBuf>,
    printer: Printer,
}

impl Context {
    /// What pinned names mean.
    pub(crate) fn names(&self) -> Names {
        Names::of(self.trust_store.clone())
    }

    /// The pinned merchants, to list or to change.
    pub(crate) fn pins(&self) -> Result<Pins, Failure> {
        Pins::open(self.trust_store.clone())
    }

    /// The sentences' language.
    pub(crate) const fn lang(&self) -> Lang {
        self.printer.lang
    }

    /// Whether the answer is one JSON object.
    pub(crate) const fn json(&self) -> bool {
        self.printer.json
    }
}

fn main() -> ExitCode {
    let arguments: Vec<OsString> = env::args_os().collect();
    let (printer, answer) = match Cli::try_parse_from(&arguments) {
        Ok(cli) => {
            let printer = Printer {
                json: cli.json,
                lang: cli.lang.unwrap_or_else(lang_of_environment),
            };
            let context = Context {
                trust_store: cli.trust_store,
                printer,
            };
            (printer, run(&cli.command, &context))
        }
        Err(error) if usage::is_help(&error) => error.exit(),
        Err(error) => {
            let json = arguments.iter().any(|argument| argument == "--json");
            (
                Printer {
                    json,
                    lang: lang_of_environment(),
                },
                Err(usage::failure(&error)),
            )
        }
    };
    ExitCode::from(printer.print(&answer))
}

fn run(command: &Command, context: &Context) -> Result<Report, Failure> {
    match command {
        Command::Key(args) => key::run(args, Style::Verdict, context),
        Command::Show(args) => key::run(args, Style::History, context),
        Command::Receipt(args) => receipt::run(args, context),
        Command::Audit(args) => audit::run(args, context),
        Command::Epochs(args) => epochs::run(args, context),
        Command::Trust(command) => trust::run(command, context),
    }
}

/// The first of the usual variables that is set decides.
fn lang_of_environment() -> Lang {
    let set = |name: &&str| env::var(name).is_ok_and(|value| !value.is_empty());
    let first = ["LC_ALL", "LC_MESSAGES", "LANG"]
        .into_iter()
        .find(set)
        .and_then(|name| env::var(name).ok());
    if first.is_some_and(|value| value.starts_with("zh")) {
        Lang::Zh
    } else {
        Lang::En
    }
}
