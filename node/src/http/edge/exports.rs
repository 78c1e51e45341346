//! Lists that are sent as files: a bounded number at once, and to each account one at a time, so that an account which
//! reads slowly leaves places for the others.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::limits::MAX_EXPORTS;
use super::problem::{Code, Problem};
use crate::domain::id::AccountId;

/// The accounts that a file is being sent to.
#[derive(Debug, Default)]
pub(crate) struct Exports(Mutex<HashSet<AccountId>>);

/// A file that is being sent; when it is dropped, its place is free again.
#[derive(Debug)]
pub(crate) struct Export {
    exports: Arc<Exports>,
    account: AccountId,
}

impl Exports {
    /// Takes a place for a file to that account.
    ///
    /// # Errors
    /// `busy` where the account is being sent a file already, or too many files are being sent.
    pub(crate) fn begin(self: &Arc<Self>, account: AccountId) -> Result<Export, Problem> {
        let mut accounts = self.accounts();
        let detail = if accounts.contains(&account) {
            "This account is being sent a list as a file already, and gets one at a time. Repeat this request when that \
             one has ended."
        } else if accounts.len() >= MAX_EXPORTS {
            "Too many lists are being sent as files. Repeat this request a little later."
        } else {
            accounts.insert(account);
            let exports = Arc::clone(self);
            return Ok(Export { exports, account });
        };
        Err(Problem::new(Code::Busy, detail))
    }

    fn accounts(&self) -> MutexGuard<'_, HashSet<AccountId>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Export {
    fn drop(&mut self) {
        self.exports.accounts().remove(&self.account);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_has_one_place_and_all_have_a_few() {
        let account = |number| AccountId::new(1, [number; 10]);
        let exports = Arc::new(Exports::default());
        let begin = |number| exports.begin(account(number)).map_err(|problem| problem.detail);
        let mut sent: Vec<_> = (0..).take(MAX_EXPORTS).map(|number| begin(number).unwrap()).collect();
        assert!(begin(0).unwrap_err().contains("one at a time"));
        assert!(begin(9).unwrap_err().contains("Too many"));
        sent.truncate(1);
        assert!(begin(0).unwrap_err().contains("one at a time"));
        sent.clear();
        begin(0).unwrap();
        begin(0).unwrap();
    }
}
