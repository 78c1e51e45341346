//! The options that all commands share.

use std::path::PathBuf;

use crate::args::Lang;
use crate::pins::{Names, Pins};
use crate::report::{Failure, Printer, Report};

/// The options that all commands share.
pub(crate) struct Context {
    trust_store: Option<PathBuf>,
    printer: Printer,
}

impl Context {
    /// With the trust store's path, if the user gave one.
    pub(crate) const fn new(trust_store: Option<PathBuf>, printer: Printer) -> Self {
        Self { trust_store, printer }
    }

    /// The names of pinned merchants, to look up.
    pub(crate) fn names(&self) -> Names {
        Names::of(self.trust_store.clone(), self.lang())
    }

    /// The pinned merchants, to list or change.
    pub(crate) fn pins(&self) -> Result<Pins, Failure> {
        Pins::open(self.trust_store.clone())
    }

    /// Prints an answer that is not the last.
    pub(crate) fn print(&self, answer: &Result<Report, Failure>) {
        self.printer.print(answer);
    }

    /// The language of the sentences.
    pub(crate) const fn lang(&self) -> Lang {
        self.printer.lang
    }

    /// Whether the answer is one JSON object.
    pub(crate) const fn json(&self) -> bool {
        self.printer.json
    }
}
