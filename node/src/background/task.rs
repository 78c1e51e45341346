//! What a task is to the driver.

use std::error::Error;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

/// Why a run failed. It is logged, and stored with the task's status.
pub type TaskError = Box<dyn Error + Send + Sync>;

/// One run: what it did, as a JSON object, or why it failed. Dropped at any await where the run is stopped.
pub type TaskRun = Pin<Box<dyn Future<Output = Result<Value, TaskError>> + Send>>;

/// Work that is done again and again.
pub trait Task: Send + Sync {
    /// Starts one run.
    fn run(&self) -> TaskRun;
}

/// A task and when it runs.
#[derive(Clone)]
pub struct Scheduled {
    /// Unique, and the key of its row: a noun or a verb in lower case.
    pub name: &'static str,
    /// The pause between the end of a run and the start of the next.
    pub period: Duration,
    /// How long one run may take before it is stopped and counts as failed.
    pub bound: Duration,
    pub task: Arc<dyn Task>,
}
