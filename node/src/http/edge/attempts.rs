//! How often something that could be guessed was tried, by a client or for a contact, in a window that begins anew each
//! minute.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use alloy_primitives::B256;

use super::limits::MAX_COUNTED;
use super::problem::{Code, Problem};

const WINDOW_MS: u64 = 60_000;

/// The attempts of one window.
#[derive(Debug)]
pub(crate) struct Attempts {
    most: u32,
    /// What so many attempts have in common, for the person who made one too many.
    whose: &'static str,
    window: Mutex<Window>,
}

#[derive(Debug, Default)]
struct Window {
    number: u64,
    /// By a hash of who tries, or of what is tried.
    counts: HashMap<B256, u32>,
    /// The keys of `counts`, the oldest first.
    oldest: VecDeque<B256>,
}

impl Attempts {
    /// Allows `most` attempts a minute to each; `whose` ends the sentence about look-ups that says so.
    pub(crate) fn new(most: u32, whose: &'static str) -> Self {
        Self {
            most,
            whose,
            window: Mutex::default(),
        }
    }

    /// Counts an attempt of that hash. Where too many are counted, the oldest is forgotten.
    ///
    /// # Errors
    /// `too_many_attempts` where there were as many as may be.
    pub(crate) fn count(&self, of: B256, now_ms: u64) -> Result<(), Problem> {
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        window.move_to(now_ms / WINDOW_MS);
        let count = window.count_of(of);
        if *count >= self.most {
            let detail = format!("At most {} look-ups a minute {}. Wait a minute.", self.most, self.whose);
            return Err(Problem::new(Code::TooManyAttempts, detail));
        }
        *count += 1;
        Ok(())
    }
}

impl Window {
    fn move_to(&mut self, number: u64) {
        if self.number != number {
            self.number = number;
            self.counts.clear();
            self.oldest.clear();
        }
    }

    fn count_of(&mut self, of: B256) -> &mut u32 {
        if !self.counts.contains_key(&of) {
            if self.counts.len() >= MAX_COUNTED
                && let Some(oldest) = self.oldest.pop_front()
            {
                self.counts.remove(&oldest);
            }
            self.oldest.push_back(of);
        }
        self.counts.entry(of).or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: u32 = 10;

    #[test]
    fn each_has_its_attempts_and_each_minute_begins_anew() {
        let attempts = Attempts::new(MOST, "are for one contact");
        let of = |number: u64| B256::left_padding_from(&number.to_be_bytes());
        let is_counted = |number, at_ms| attempts.count(of(number), at_ms).is_ok();
        for _ in 0..MOST {
            assert!(is_counted(1, 60_000));
        }
        let problem = attempts.count(of(1), 119_999).unwrap_err();
        assert!(
            problem
                .detail
                .contains("At most 10 look-ups a minute are for one contact.")
        );
        assert!(is_counted(2, 119_999) && is_counted(1, 120_000));
    }

    #[test]
    fn where_too_many_are_counted_the_oldest_is_forgotten() {
        let attempts = Attempts::new(1, "come from one address");
        let of = |number: u64| B256::left_padding_from(&number.to_be_bytes());
        let is_counted = |number| attempts.count(of(number), 0).is_ok();
        let most = u64::try_from(MAX_COUNTED).unwrap();
        for number in 1..=most {
            assert!(is_counted(number));
        }
        assert!(!is_counted(1), "it is counted still");
        assert!(is_counted(most + 1), "nobody is refused for others");
        assert!(is_counted(1) && !is_counted(3), "only the oldest are forgotten");
    }
}
