//! Questions on a terminal, for values that no flag gives.

use std::error::Error;
use std::str::FromStr;

use console::{Term, style};
use secrecy::SecretString;

use crate::cli::Failure;

/// Asks on a terminal, if there is one.
pub(super) struct Asker {
    terminal: Option<Term>,
}

impl Asker {
    /// `is_silent`: ask nothing.
    pub(super) fn new(is_silent: bool) -> Self {
        let terminal = Term::stderr();
        Self {
            terminal: (!is_silent && terminal.is_term()).then_some(terminal),
        }
    }

    /// The flag's text, or the answer.
    pub(super) fn text(&self, flag: &str, given: Option<String>, question: &str) -> Result<String, Failure> {
        match given {
            Some(given) => Ok(given),
            None => Ok(self.put(flag, question)?.read_line()?.trim().to_owned()),
        }
    }

    /// The flag's value, or the answer, asked until it can be read.
    pub(super) fn parsed<T: FromStr<Err: Error>>(
        &self,
        flag: &str,
        given: Option<T>,
        question: &str,
    ) -> Result<T, Failure> {
        if let Some(given) = given {
            return Ok(given);
        }
        loop {
            let terminal = self.put(flag, question)?;
            match terminal.read_line()?.trim().parse() {
                Ok(value) => return Ok(value),
                Err(error) => terminal.write_line(&format!("{error}"))?,
            }
        }
    }

    /// An answer that is not shown.
    pub(super) fn secret(&self, flag: &str, question: &str) -> Result<SecretString, Failure> {
        let answer = SecretString::from(self.put(flag, question)?.read_secure_line()?);
        Ok(answer)
    }

    fn put(&self, flag: &str, question: &str) -> Result<&Term, Failure> {
        let terminal = self.terminal.as_ref().ok_or_else(|| format!("{flag} is needed"))?;
        terminal.write_str(&format!("{} ", style(question).bold()))?;
        terminal.flush()?;
        Ok(terminal)
    }
}
