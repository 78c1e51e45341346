//! What is read from the answers: the rate in a window, and latencies.

use std::time::Duration;

use super::Answered;

/// Returns the answers per second between `from` and `until`.
#[must_use]
pub fn rate(answers: &[Answered], from: Duration, until: Duration) -> f64 {
    let ended = answers.iter().map(|answer| answer.due + answer.took);
    let within = ended.filter(|end| (from..until).contains(end)).count();
    u32::try_from(within).map_or(f64::INFINITY, f64::from) / until.saturating_sub(from).as_secs_f64()
}

/// The sorted latencies of orders, from which percentiles can be read.
#[derive(Clone, Debug)]
pub struct Latencies(Vec<Duration>);

impl Latencies {
    /// Collects the latencies of the orders that were due at `from` or later.
    #[must_use]
    pub fn of(answers: &[Answered], from: Duration) -> Self {
        let counted = answers.iter().filter(|answer| answer.due >= from);
        let mut took: Vec<Duration> = counted.map(|answer| answer.took).collect();
        took.sort_unstable();
        Self(took)
    }

    /// The time, in milliseconds, within which `thousandths` of the orders were answered; 1000 gives the slowest.
    #[must_use]
    pub fn within_ms(&self, thousandths: usize) -> f64 {
        let at = (self.0.len() * thousandths).div_ceil(1000).saturating_sub(1);
        self.0.get(at).map_or(f64::NAN, |took| took.as_secs_f64() * 1000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(due_ms: u64, took_ms: u64) -> Answered {
        Answered {
            due: Duration::from_millis(due_ms),
            took: Duration::from_millis(took_ms),
            status: 201,
            body: Box::default(),
        }
    }

    #[test]
    fn what_ended_within_the_window_counts() {
        let answers = [answer(0, 999), answer(0, 1000), answer(2000, 999), answer(2999, 1)];
        let (from, until) = (Duration::from_secs(1), Duration::from_secs(3));
        assert!((rate(&answers, from, until) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn quantiles_are_of_the_nearest_rank() {
        let answers: Vec<Answered> = (1..=1000).map(|took| answer(5, took)).collect();
        let latencies = Latencies::of(&answers, Duration::from_millis(5));
        let asked = [500, 990, 999, 1000].map(|thousandths| latencies.within_ms(thousandths).round());
        assert!(
            asked
                .iter()
                .zip([500.0, 990.0, 999.0, 1000.0])
                .all(|(one, other)| (one - other).abs() < 1e-9)
        );
        assert!(
            Latencies::of(&answers, Duration::from_millis(6))
                .within_ms(500)
                .is_nan()
        );
    }
}
