use std::future::pending;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::sync::oneshot;

use super::super::{Task, TaskRun};
use super::*;
use crate::domain::task::LastRun;

/// The table's clock at the start of a test.
const START_MS: u64 = 1_000_000;

const PERIOD: Duration = Duration::from_mins(1);
const BOUND: Duration = Duration::from_mins(10);

/// A clock whose time a test advances.
#[derive(Clone, Default)]
struct TestClock(Arc<Mutex<Passed>>);

#[derive(Default)]
struct Passed {
    now: Duration,
    /// The sleeps, by the time when each ends and the time when it began.
    sleepers: BTreeMap<(Duration, u64), oneshot::Sender<()>>,
    begun: u64,
}

impl Clock for TestClock {
    fn now(&self) -> Duration {
        self.0.lock().unwrap().now
    }

    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send {
        let (end, ended) = oneshot::channel();
        let mut passed = self.0.lock().unwrap();
        passed.begun += 1;
        let key = (passed.now + duration, passed.begun);
        passed.sleepers.insert(key, end);
        async move { drop(ended.await) }
    }
}

impl TestClock {
    /// Advances the time by so many seconds, and runs everything that is due within them.
    async fn pass(&self, seconds: u64) {
        let end = self.now() + Duration::from_secs(seconds);
        loop {
            // Runs everything that is ready, until all tasks wait for the clock.
            for _ in 0..50 {
                tokio::task::yield_now().await;
            }
            let mut passed = self.0.lock().unwrap();
            let Some(first) = passed.sleepers.first_entry().filter(|first| first.key().0 <= end) else {
                passed.now = end;
                return;
            };
            let ((due, _), sleeper) = first.remove_entry();
            passed.now = due;
            // The receiver may have been dropped.
            let _ = sleeper.send(());
        }
    }
}

/// A table of tasks in memory.
#[derive(Clone, Default)]
struct Rows {
    tasks: Arc<Mutex<BTreeMap<String, TaskState>>>,
    clock: TestClock,
    is_away: Arc<Mutex<bool>>,
}

impl Rows {
    fn now_ms(&self) -> u64 {
        START_MS + millis(self.clock.now())
    }

    async fn pass(&self, seconds: u64) {
        self.clock.pass(seconds).await;
    }

    fn set_away(&self, is_away: bool) {
        *self.is_away.lock().unwrap() = is_away;
    }

    /// The row of the one task of these tests.
    fn row(&self) -> TaskState {
        self.tasks.lock().unwrap()["it"].clone()
    }

    fn last(&self) -> LastRun {
        self.row().last.unwrap()
    }
}

impl TaskTable for Rows {
    async fn get(&self, name: &str) -> Result<(TaskState, u64), StoreError> {
        let (state, ()) = self.change(name, |_, _| ()).await?;
        Ok((state, self.now_ms()))
    }

    async fn change<T: Send>(
        &self,
        name: &str,
        change: impl FnOnce(&mut TaskState, u64) -> T + Send,
    ) -> Result<(TaskState, T), StoreError> {
        if *self.is_away.lock().unwrap() {
            return Err(sqlx::Error::PoolTimedOut.into());
        }
        let mut tasks = self.tasks.lock().unwrap();
        let state = tasks.entry(name.to_owned()).or_insert_with(|| TaskState::new(name));
        let answer = change(state, self.now_ms());
        Ok((state.clone(), answer))
    }
}

/// A task made of a function that takes the number of the run: 1, 2, 3 ….
struct Each<F>(F, AtomicU32);

impl<F: Fn(u32) -> TaskRun + Send + Sync> Task for Each<F> {
    fn run(&self) -> TaskRun {
        (self.0)(self.1.fetch_add(1, Ordering::Relaxed) + 1)
    }
}

fn task(each: impl Fn(u32) -> TaskRun + Send + Sync + 'static) -> Vec<Scheduled> {
    let task = Arc::new(Each(each, AtomicU32::new(0)));
    vec![Scheduled {
        name: "it",
        period: PERIOD,
        bound: BOUND,
        task,
    }]
}

fn done() -> TaskRun {
    Box::pin(async { Ok(json!({})) })
}

/// Starts a process with those tasks; dropping the set kills it.
fn start(rows: &Rows, runner: &str, tasks: Vec<Scheduled>) -> JoinSet<()> {
    let driver = Driver::by_clock(rows.clone(), rows.clock.clone(), runner);
    let mut process = JoinSet::new();
    process.spawn(async move { driver.run(tasks, pending()).await.unwrap() });
    process
}

#[tokio::test]
async fn it_runs_at_once_and_then_each_period() {
    let rows = Rows::default();
    let _process = start(
        &rows,
        "a",
        task(|run| Box::pin(async move { Ok(json!({ "run": run })) })),
    );
    rows.pass(1).await;
    assert_eq!((rows.row().runs, rows.last().details), (1, json!({ "run": 1 })));
    rows.pass(63).await;
    assert_eq!((rows.row().runs, rows.last().outcome), (2, Outcome::Done));
}

#[tokio::test]
async fn nudges_during_a_run_cause_exactly_one_more() {
    let rows = Rows::default();
    let clock = rows.clock.clone();
    let long = move |_| -> TaskRun {
        let clock = clock.clone();
        Box::pin(async move {
            clock.sleep(Duration::from_secs(10)).await;
            Ok(json!({}))
        })
    };
    let _process = start(&rows, "a", task(long));
    rows.pass(5).await;
    for _ in 0..3 {
        rows.change("it", TaskState::nudge).await.unwrap();
    }
    rows.pass(20).await;
    assert_eq!(rows.row().runs, 2);
    rows.pass(30).await;
    assert_eq!(rows.row().runs, 2);
}

#[tokio::test]
async fn one_that_fails_panics_or_hangs_backs_off_and_hurts_no_other() {
    let rows = Rows::default();
    let bad = |run| -> TaskRun {
        match run {
            1 => Box::pin(async { Err("no disk".into()) }),
            2 => Box::pin(async { panic!("a bug") }),
            3 => Box::pin(pending()),
            _ => done(),
        }
    };
    let mut tasks = task(bad);
    let good = Scheduled {
        name: "good",
        ..task(|_| done())[0].clone()
    };
    tasks.push(good);
    let _process = start(&rows, "a", tasks);
    let mut seen = Vec::new();
    for wait_s in [1, 63, 63 + 600, 63] {
        rows.pass(wait_s).await;
        let row = rows.row();
        seen.push((row.last.unwrap().outcome, row.failures));
    }
    assert_eq!(
        seen,
        [
            (Outcome::Failed, 1),
            (Outcome::Panicked, 2),
            (Outcome::TimedOut, 3),
            (Outcome::Done, 0),
        ]
    );
    let good = rows.tasks.lock().unwrap()["good"].clone();
    assert!((13..=14).contains(&good.runs) && good.failures == 0, "{good:?}");
}

#[tokio::test]
async fn of_two_processes_one_runs_it_and_the_other_takes_over_from_a_killed_one() {
    let rows = Rows::default();
    let hanging = || task(|_| Box::pin(pending()));
    let first = start(&rows, "a", hanging());
    rows.pass(1).await;
    let _second = start(&rows, "b", task(|_| done()));
    // The claim is renewed, so it holds for longer than a lease.
    rows.pass(100).await;
    assert_eq!((rows.row().runs, rows.row().claim.unwrap().runner), (0, "a".to_owned()));
    drop(first);
    rows.pass(25).await;
    assert_eq!(rows.row().runs, 0, "the killed process's claim holds until it runs out");
    rows.pass(8).await;
    assert_eq!(
        (rows.row().runs, rows.last().runner),
        (2, "b".to_owned()),
        "one was lost, one was done"
    );
}

#[tokio::test]
async fn a_run_whose_claim_cannot_be_renewed_is_given_up_before_another_can_begin() {
    let rows = Rows::default();
    let alive = Arc::new(());
    let held = Arc::clone(&alive);
    let holding = move |_| -> TaskRun {
        let held = Arc::clone(&held);
        Box::pin(async move {
            pending::<()>().await;
            drop(held);
            Ok(json!({}))
        })
    };
    let _process = start(&rows, "a", task(holding));
    rows.pass(11).await;
    assert_eq!(Arc::strong_count(&alive), 3);
    rows.set_away(true);
    rows.pass(12).await;
    assert_eq!(Arc::strong_count(&alive), 3, "the database may come back in time");
    rows.pass(12).await;
    assert_eq!(Arc::strong_count(&alive), 2, "the run is gone");
    rows.set_away(false);
    rows.pass(20).await;
    assert_eq!((rows.last().outcome, rows.row().failures), (Outcome::Lost, 1));
    assert_eq!(Arc::strong_count(&alive), 3, "and another runs");
}

#[tokio::test]
async fn a_process_that_is_told_to_stop_gives_its_run_up() {
    let rows = Rows::default();
    let driver = Driver::by_clock(rows.clone(), rows.clock.clone(), "a");
    let stop = rows.clock.sleep(Duration::from_secs(3));
    let run = driver.run(task(|_| Box::pin(pending())), stop);
    let (ended, ()) = tokio::join!(run, rows.pass(4));
    ended.unwrap();
    assert_eq!((rows.row().claim, rows.row().runs), (None, 0));
    let seen = driver.last_seen().tasks();
    assert_eq!(seen[0].name, "it");
}
