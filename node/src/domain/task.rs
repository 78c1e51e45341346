//! A background task as all processes see it: its schedule, which process runs it, and how its last run ended.
//!
//! Every transition is a pure function of the state and the time. The time is the database's clock, so that machines
//! whose own clocks disagree still agree on a schedule.

use serde_json::{Value, json};

/// The pause after the first of several failures; it doubles with each further one.
const BACKOFF_FIRST_MS: u64 = 1_000;

/// The longest pause after failures, for tasks whose period is not longer anyway.
const BACKOFF_MAX_MS: u64 = 300_000;

/// How long after a task was due its absence says that no worker runs: longer than a takeover takes.
const OVERDUE_MS: u64 = 60_000;

/// A task's row. All times are Unix milliseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskState {
    pub name: String,
    /// The pause between the end of a run and the start of the next, as its runner declares it.
    pub period_ms: u64,
    /// When the next run is due.
    pub due_at_ms: u64,
    /// The run under way.
    pub claim: Option<Claim>,
    /// Whether the task was nudged during the run under way.
    pub is_nudged: bool,
    pub last: Option<LastRun>,
    /// Runs that ended, however they ended.
    pub runs: u64,
    /// Runs that failed since the last one that succeeded.
    pub failures: u32,
}

/// A run under way. It must be renewed before `until_ms`, or another process may take the task over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The process that runs it; no two processes have the same name.
    pub runner: String,
    pub started_at_ms: u64,
    pub until_ms: u64,
}

/// A run that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastRun {
    pub runner: String,
    pub started_at_ms: u64,
    pub ended_at_ms: u64,
    pub outcome: Outcome,
    /// What the run did, or what went wrong: `{"findings": 0}`, `{"error": "…"}`.
    pub details: Value,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Done,
    /// The task returned an error.
    Failed,
    /// The run took longer than the task's bound and was stopped.
    TimedOut,
    Panicked,
    /// The process that ran it stopped renewing its claim: it was killed, or lost the database.
    Lost,
}

impl Outcome {
    pub const ALL: [Self; 5] = [Self::Done, Self::Failed, Self::TimedOut, Self::Panicked, Self::Lost];

    /// As it is stored and shown.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::TimedOut => "timed_out",
            Self::Panicked => "panicked",
            Self::Lost => "lost",
        }
    }

    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.name() == name)
    }
}

impl TaskState {
    /// A task that never ran: due at once.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            period_ms: 0,
            due_at_ms: 0,
            claim: None,
            is_nudged: false,
            last: None,
            runs: 0,
            failures: 0,
        }
    }

    /// Starts a run by `runner`, if one is due and no other process runs it.
    ///
    /// # Errors
    /// The milliseconds until it is worth trying again.
    pub fn claim(&mut self, runner: &str, period_ms: u64, lease_ms: u64, now_ms: u64) -> Result<(), u64> {
        if self.period_ms != period_ms {
            // A period that was configured anew holds at once, not only after the run that the old one scheduled.
            self.period_ms = period_ms;
            self.due_at_ms = self.due_at_ms.min(now_ms + period_ms);
        }
        if let Some(claim) = &self.claim {
            if claim.until_ms > now_ms {
                return Err(claim.until_ms - now_ms);
            }
            let until_ms = claim.until_ms;
            self.end(Outcome::Lost, json!({}), until_ms);
            self.due_at_ms = now_ms;
        }
        if self.due_at_ms > now_ms {
            return Err(self.due_at_ms - now_ms);
        }
        self.claim = Some(Claim {
            runner: runner.to_owned(),
            started_at_ms: now_ms,
            until_ms: now_ms + lease_ms,
        });
        Ok(())
    }

    /// Extends the claim of `runner`; `false` if another process has taken the task over.
    #[must_use]
    pub fn renew(&mut self, runner: &str, lease_ms: u64, now_ms: u64) -> bool {
        match &mut self.claim {
            Some(claim) if claim.runner == runner => {
                claim.until_ms = now_ms + lease_ms;
                true
            }
            _ => false,
        }
    }

    /// Records the end of the run of `runner`; `false` if another process has taken the task over.
    #[must_use]
    pub fn finish(&mut self, runner: &str, outcome: Outcome, details: Value, now_ms: u64) -> bool {
        let is_ours = self.claim.as_ref().is_some_and(|claim| claim.runner == runner);
        if is_ours {
            self.end(outcome, details, now_ms);
        }
        is_ours
    }

    /// Gives up the run of `runner`, which stops: another process may start over at once.
    pub fn release(&mut self, runner: &str, now_ms: u64) {
        if self.claim.as_ref().is_some_and(|claim| claim.runner == runner) {
            self.claim = None;
            self.is_nudged = false;
            self.due_at_ms = now_ms;
        }
    }

    /// Makes the task due now. During a run, exactly one more follows it, however often the task is nudged.
    pub fn nudge(&mut self, now_ms: u64) {
        if self.is_running(now_ms) {
            self.is_nudged = true;
        } else {
            self.due_at_ms = self.due_at_ms.min(now_ms);
        }
    }

    /// Whether a process runs it now, as far as its claim says.
    #[must_use]
    pub fn is_running(&self, now_ms: u64) -> bool {
        self.claim.as_ref().is_some_and(|claim| claim.until_ms > now_ms)
    }

    /// Whether no process runs it although it was due [`OVERDUE_MS`] ago.
    #[must_use]
    pub fn is_overdue(&self, now_ms: u64) -> bool {
        !self.is_running(now_ms) && now_ms.saturating_sub(self.due_at_ms) > OVERDUE_MS
    }

    fn end(&mut self, outcome: Outcome, details: Value, ended_at_ms: u64) {
        let Some(claim) = self.claim.take() else { return };
        self.runs += 1;
        self.failures = if outcome == Outcome::Done {
            0
        } else {
            self.failures.saturating_add(1)
        };
        self.due_at_ms = if self.is_nudged {
            ended_at_ms
        } else {
            ended_at_ms + self.period_ms.max(backoff_ms(self.failures))
        };
        self.is_nudged = false;
        self.last = Some(LastRun {
            runner: claim.runner,
            started_at_ms: claim.started_at_ms,
            ended_at_ms,
            outcome,
            details,
        });
    }
}

/// The pause after so many failures in a row.
fn backoff_ms(failures: u32) -> u64 {
    match failures.checked_sub(1) {
        None => 0,
        Some(doublings) => BACKOFF_FIRST_MS
            .saturating_mul(1_u64.checked_shl(doublings).unwrap_or(u64::MAX))
            .min(BACKOFF_MAX_MS),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERIOD_MS: u64 = 60_000;
    const LEASE_MS: u64 = 30_000;

    fn claimed(state: &mut TaskState, runner: &str, now_ms: u64) -> Result<(), u64> {
        state.claim(runner, PERIOD_MS, LEASE_MS, now_ms)
    }

    /// A task that `a` runs since 1 s.
    fn running() -> TaskState {
        let mut state = TaskState::new("check");
        claimed(&mut state, "a", 1_000).unwrap();
        state
    }

    #[test]
    fn it_runs_in_one_process_and_again_a_period_after_its_end() {
        let mut state = running();
        assert_eq!(claimed(&mut state, "b", 1_001), Err(29_999));
        assert!(state.finish("a", Outcome::Done, json!({ "findings": 0 }), 5_000));
        assert_eq!((state.runs, state.failures, state.due_at_ms), (1, 0, 65_000));
        assert_eq!(claimed(&mut state, "b", 64_999), Err(1));
        assert_eq!(claimed(&mut state, "b", 65_000), Ok(()));
    }

    #[test]
    fn a_claim_that_is_renewed_holds_and_one_that_is_not_is_taken_over() {
        let mut state = running();
        assert!(state.renew("a", LEASE_MS, 20_000));
        assert_eq!(claimed(&mut state, "b", 49_999), Err(1));
        assert_eq!(claimed(&mut state, "b", 50_000), Ok(()));
        let lost = state.last.clone().unwrap();
        assert_eq!(
            (lost.outcome, lost.runner.as_str(), lost.ended_at_ms),
            (Outcome::Lost, "a", 50_000)
        );
        // The first process comes back: nothing of its run counts any more.
        assert!(!state.renew("a", LEASE_MS, 51_000));
        assert!(!state.finish("a", Outcome::Done, json!({}), 51_000));
        state.release("a", 51_000);
        assert!(state.is_running(51_000));
        assert!(state.finish("b", Outcome::Done, json!({}), 52_000));
        assert_eq!((state.runs, state.failures), (2, 0));
    }

    #[test]
    fn nudges_during_a_run_cause_exactly_one_more() {
        let mut state = running();
        state.nudge(1_500);
        state.nudge(1_600);
        assert!(state.finish("a", Outcome::Done, json!({}), 2_000));
        assert_eq!(claimed(&mut state, "a", 2_000), Ok(()));
        assert!(state.finish("a", Outcome::Done, json!({}), 3_000));
        assert_eq!(claimed(&mut state, "a", 3_000), Err(PERIOD_MS));
    }

    #[test]
    fn a_nudge_between_runs_makes_it_due_at_once() {
        let mut state = running();
        assert!(state.finish("a", Outcome::Failed, json!({}), 2_000));
        state.nudge(2_500);
        assert_eq!(claimed(&mut state, "b", 2_500), Ok(()));
    }

    #[test]
    fn failures_back_off_beyond_a_short_period_and_success_ends_that() {
        let mut state = TaskState::new("relay");
        let (mut now_ms, mut pauses) = (0, Vec::new());
        for _ in 0..11 {
            state.claim("a", 1_500, LEASE_MS, now_ms).unwrap();
            assert!(state.finish("a", Outcome::Failed, json!({}), now_ms));
            pauses.push(state.due_at_ms - now_ms);
            now_ms = state.due_at_ms;
        }
        let doubled = [2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 128_000, 256_000];
        assert_eq!(pauses, [&[1_500][..], &doubled[..], &[300_000, 300_000][..]].concat());
        state.claim("a", 1_500, LEASE_MS, now_ms).unwrap();
        assert!(state.finish("a", Outcome::Done, json!({}), now_ms));
        assert_eq!((state.failures, state.due_at_ms), (0, now_ms + 1_500));
        assert_eq!(backoff_ms(u32::MAX), BACKOFF_MAX_MS);
    }

    #[test]
    fn another_period_holds_at_once() {
        let mut state = running();
        assert!(state.finish("a", Outcome::Done, json!({}), 2_000));
        assert_eq!(state.claim("a", 1_000, LEASE_MS, 3_000), Err(1_000));
        assert_eq!(state.claim("a", 1_000, LEASE_MS, 4_000), Ok(()));
    }

    #[test]
    fn a_process_that_stops_leaves_its_task_to_the_next_at_once() {
        let mut state = running();
        state.release("a", 1_200);
        assert_eq!(claimed(&mut state, "b", 1_200), Ok(()));
        assert_eq!((state.runs, state.last.as_ref()), (0, None));
    }
}
