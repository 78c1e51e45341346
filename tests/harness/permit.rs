//! Limits how many tests of a program run servers at the same time.
//!
//! A test program runs its tests on as many threads as the machine has cores. Every
//! [`Postgres`](crate::postgres::Postgres) and [`Anvil`](crate::anvil::Anvil) holds a permit of the test that started
//! it; a test holds one permit, however many servers it starts. A test that kills processes on a schedule or loads
//! every core calls [`alone`] first: it waits until no other test has a server, and no other test starts one until it
//! ends.

use std::cell::RefCell;
use std::num::NonZero;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::available_parallelism;

use crate::Result;

/// The greatest number of tests that run servers at the same time, however many cores there are.
const TESTS_MAX: usize = 8;

/// The tests of this process.
static TESTS: Mutex<Tests> = Mutex::new(Tests {
    running: 0,
    is_alone: false,
    wait_alone: 0,
});

/// Notified whenever a permit is returned.
static RETURNED: Condvar = Condvar::new();

thread_local! {
    /// The permit of the test that runs on this thread.
    static MINE: RefCell<Weak<Held>> = const { RefCell::new(Weak::new()) };
}

/// Which tests have a permit, and which wait to be alone.
struct Tests {
    running: usize,
    is_alone: bool,
    wait_alone: usize,
}

/// A test's permit to run servers. It is returned when the last copy is dropped.
#[derive(Clone, Debug)]
pub struct Permit {
    _held: Arc<Held>,
}

#[derive(Debug)]
struct Held {
    is_alone: bool,
}

/// Returns the permit of the test on this thread. If the test has none yet, this waits for one.
#[must_use]
pub fn share() -> Permit {
    if let Some(held) = mine() {
        return Permit { _held: held };
    }
    let most = available_parallelism().map_or(1, NonZero::get).min(TESTS_MAX);
    let mut tests = lock();
    while tests.is_alone || tests.wait_alone > 0 || tests.running >= most {
        tests = RETURNED.wait(tests).unwrap_or_else(PoisonError::into_inner);
    }
    tests.running += 1;
    hold(false)
}

/// Returns a permit while no other test has one. Keep it to the end of the test.
///
/// # Errors
/// If this test already has a server: it would wait for itself.
pub fn alone() -> Result<Permit> {
    if mine().is_some() {
        return Err("a test takes its permit to be alone before it starts a server".into());
    }
    let mut tests = lock();
    tests.wait_alone += 1;
    while tests.is_alone || tests.running > 0 {
        tests = RETURNED.wait(tests).unwrap_or_else(PoisonError::into_inner);
    }
    tests.wait_alone -= 1;
    tests.is_alone = true;
    Ok(hold(true))
}

fn mine() -> Option<Arc<Held>> {
    MINE.with_borrow(Weak::upgrade)
}

fn hold(is_alone: bool) -> Permit {
    let held = Arc::new(Held { is_alone });
    MINE.set(Arc::downgrade(&held));
    Permit { _held: held }
}

fn lock() -> MutexGuard<'static, Tests> {
    TESTS.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut tests = lock();
        if self.is_alone {
            tests.is_alone = false;
        } else {
            tests.running -= 1;
        }
        RETURNED.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;
    use std::time::Duration;

    use super::*;

    #[test]
    fn one_that_is_alone_has_nobody_beside_it() {
        let beside = AtomicUsize::new(0);
        let run = |permit: &dyn Fn() -> Permit, most: usize| {
            for _ in 0..20 {
                let _permit = permit();
                assert!(beside.fetch_add(1, Ordering::SeqCst) < most);
                thread::sleep(Duration::from_millis(1));
                beside.fetch_sub(1, Ordering::SeqCst);
            }
        };
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| run(&share, TESTS_MAX));
            }
            scope.spawn(|| run(&|| alone().unwrap(), 1));
        });
    }

    #[test]
    fn a_test_has_one_permit_however_often_it_takes_it() {
        let one = share();
        let others: Vec<Permit> = (0..2 * TESTS_MAX).map(|_| share()).collect();
        assert!(alone().is_err());
        drop((one, others));
        assert!(mine().is_none());
    }
}
